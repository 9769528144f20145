"""What a report shows of a learning curve over data size."""
