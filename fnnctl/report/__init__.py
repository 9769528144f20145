"""Reports on runs, generated from their folders: for the terminal, in Markdown and in JSON."""
