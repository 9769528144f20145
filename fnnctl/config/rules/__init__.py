"""What the schema cannot say: contradictions, settings that nothing reads, the search space."""
