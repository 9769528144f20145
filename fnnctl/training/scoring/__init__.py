"""Scores of trained networks: of a whole stack, or of rows with bits that do not depend on the batch."""
