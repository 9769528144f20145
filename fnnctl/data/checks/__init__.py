"""Checks of the data before training: equal rows and numbers far from all others."""
