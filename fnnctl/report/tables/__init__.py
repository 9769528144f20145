"""Tables on the classes of a run, short ones if there are many."""
