"""What a person at a terminal sees and does: output, progress, signals."""
