"""How good predictions are: scores, curves, and how sure one can be of them."""
