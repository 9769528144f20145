"""A learning curve over data size: a cross-validation with several shares of the rows that are learned."""
