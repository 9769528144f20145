"""The rows that a saved network has not learned, and the importance of its columns on them."""
