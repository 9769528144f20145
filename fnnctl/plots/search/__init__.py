"""Figures of the steps that follow a search's trials."""
