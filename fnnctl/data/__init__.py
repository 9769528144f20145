"""From files to arrays: built-in data, CSV tables, splits, and preprocessing fitted on training rows."""
