"""The confirmation of a search's winner in reports: a table, sentences, and JSON."""
