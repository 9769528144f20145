"""NPZ and NPY files as data sets."""
