"""Turns YAML text and `--set` options into an experiment, and an experiment back into YAML."""
