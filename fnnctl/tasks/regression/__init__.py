"""Regression: the target is a number, and the network estimates it."""
