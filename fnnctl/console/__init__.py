"""The terminal: output, progress bars, signals."""
