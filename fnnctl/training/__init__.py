"""From an experiment's settings to trained weights: members, epochs, early stopping, history."""
