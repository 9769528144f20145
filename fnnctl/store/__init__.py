"""Run folders: what is in them, how it is written whole, and how it is found and read again."""
