"""What a report says: one module per topic."""
