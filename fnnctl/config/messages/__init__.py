"""Messages about what is wrong with a config, with suggestions."""
