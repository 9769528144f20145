"""Commands that look at tables and train nothing."""
