"""Training, validation and test rows; folds; groups of rows that stay together."""
