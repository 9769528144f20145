"""When training ends: early stopping, convergence, and a warning if it ended too soon."""
