"""Searching for hyperparameters: who is tried (samplers), how long (schedulers), and what is remembered."""
