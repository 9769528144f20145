"""What a report says first: how good the run is, how sure that is, what goes wrong, what to do next."""
