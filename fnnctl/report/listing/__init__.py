"""The list of runs as a table or JSON: its fields, conditions and order."""
