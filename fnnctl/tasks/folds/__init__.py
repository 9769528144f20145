"""What the tasks share for cross-validations: the folds of a repeat together, and means over repeats."""
