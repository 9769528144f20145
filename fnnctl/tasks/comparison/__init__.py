"""How the predictions of two runs are read, to compare a metric."""
