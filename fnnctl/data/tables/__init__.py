"""CSV files: rows, columns, numbers, missing values."""
