"""The saved model: how a run describes its networks, and how they are read back."""
