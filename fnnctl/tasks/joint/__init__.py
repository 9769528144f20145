"""Several targets of one network, each of which is a task of its own."""
