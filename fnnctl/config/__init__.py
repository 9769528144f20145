"""The experiment as a value: what a YAML file may say, and how it is read."""
