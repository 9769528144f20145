"""From scores to losses and error terms: cross-entropies of classes, losses of real values, and targets."""
