"""The description of a table, for `fnnctl describe`."""
