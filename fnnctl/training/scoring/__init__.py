"""Scores of networks: for a whole stack in training, or for rows whose bits do not depend on the batch."""
