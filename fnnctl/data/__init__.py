"""Turns files into arrays: built-in data, CSV tables, splits, and preprocessing fitted on training rows."""
