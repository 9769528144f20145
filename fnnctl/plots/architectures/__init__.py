"""Figures of searches that learn architectures: the best network, and the rewards over time."""
