"""What `fnnctl help` looks up: pages of the documentation, settings, terms, and all that a word is about."""
