"""What happened in a run, told from what is on disk: on a terminal, in Markdown and in JSON."""
