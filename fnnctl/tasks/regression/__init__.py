"""Regression: the target is a number, which the network estimates."""
