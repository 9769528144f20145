"""The importance of the columns in reports: a stored table, sections, and JSON."""
