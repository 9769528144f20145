"""The terminal: output, progress, signals, and the `Context` made of them."""
