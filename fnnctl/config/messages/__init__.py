"""Words for what is wrong with a config, with what was probably meant."""
