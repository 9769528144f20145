"""Classification: the target is one of several classes, and the network predicts their probabilities."""
