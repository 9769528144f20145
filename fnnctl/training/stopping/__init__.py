"""When training ends: early stopping, convergence, and warnings if it ended too soon or with a huge loss."""
