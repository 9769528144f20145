"""What follows from a table before there is an experiment: the target, and a first config."""
