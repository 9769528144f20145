"""One epoch of learning: batches, gradient steps or L-BFGS iterations, averaged weights."""
