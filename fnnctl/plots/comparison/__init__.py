"""Figures of comparisons of runs."""
