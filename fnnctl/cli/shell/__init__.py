"""What a shell sees of every command: its arguments, its help with examples, and its completion."""
