"""What a table contains, as `describe` shows it and `init` uses it: facts only, nothing is fitted."""
