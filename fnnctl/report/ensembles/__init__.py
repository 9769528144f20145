"""What a report shows of the ensemble of a search."""
