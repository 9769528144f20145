"""How epochs are spent on trials: all at once, or rung by rung; each keeps to `protocols.Scheduler`."""
