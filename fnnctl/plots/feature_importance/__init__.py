"""The figure of the importance of a table's columns."""
