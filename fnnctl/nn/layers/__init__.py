"""The parts of a hidden layer: activations, normalization, dropout, initial weights."""
