"""The report in each format, and which format a command uses."""
