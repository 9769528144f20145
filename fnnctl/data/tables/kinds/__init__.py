"""How each column is read, decided when all its values are known."""
