"""Recipes: what unset settings are, depending on the data, and where each setting comes from."""
