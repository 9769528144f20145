"""From YAML text and `--set` to an experiment, and back to YAML."""
