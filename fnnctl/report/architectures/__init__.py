"""What reports show of searches that learn architectures: the best one, and the rewards over time."""
