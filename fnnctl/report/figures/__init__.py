"""Which figures a run has, and the numbers they are drawn from."""
