"""Messages about what is wrong with a config, with what was probably meant."""
