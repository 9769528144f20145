"""What is checked once the data are known: mistakes in them, and settings that do not suit them."""
