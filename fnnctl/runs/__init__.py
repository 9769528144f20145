"""A run in progress: recording, checkpoints, resuming."""
