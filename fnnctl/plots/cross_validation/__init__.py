"""Figures of a cross-validation: the learning curves of its folds, and its scores over data size."""
