"""The rung audit in reports: a table, sentences, and JSON."""
