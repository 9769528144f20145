"""What a column is: its type, found from its values, and how the values become numbers or categories."""
