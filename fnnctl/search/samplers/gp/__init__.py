"""A Gaussian process as a model of the loss, for spaces whose dimensions are all numbers without conditions."""
