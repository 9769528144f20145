"""Figures of decisions between two classes."""
