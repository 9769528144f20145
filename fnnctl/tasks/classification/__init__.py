"""Classification: the target is one of a few classes, and the network gives each a probability."""
