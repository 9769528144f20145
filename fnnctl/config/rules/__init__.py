"""Rules that the schema cannot express: contradictions, settings without effect, the search space."""
