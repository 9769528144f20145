"""Numbers in, pictures out: the only place where matplotlib is imported."""
