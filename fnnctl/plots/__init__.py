"""Figures from numbers. matplotlib is imported only here."""
