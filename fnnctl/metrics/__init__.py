"""How good predictions are: scores, curves, and their confidence intervals."""
