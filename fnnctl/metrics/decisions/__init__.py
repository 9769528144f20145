"""Decisions between two classes: from the probability of one of them to a prediction."""
