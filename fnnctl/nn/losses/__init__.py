"""From scores to losses and error terms: cross-entropy of softmax and logistic outputs, and its targets."""
