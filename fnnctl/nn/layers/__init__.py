"""What a hidden layer is made of: activations, normalization, dropout, first weights."""
