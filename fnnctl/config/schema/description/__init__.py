"""The schema of a config as JSON Schema, and ways through it."""
