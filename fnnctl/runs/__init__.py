"""One run while it is written: recording, checkpoints, resuming."""
