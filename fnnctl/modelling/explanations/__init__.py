"""What a network does with the columns: their importance, their effects, and contributions to predictions."""
