"""Scores of trained networks: of a whole stack, of single rows, calibrated by a temperature."""
