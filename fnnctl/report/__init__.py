"""Reports of runs, made from their folders: on a terminal, in Markdown and in JSON."""
