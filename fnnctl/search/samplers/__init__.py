"""Samplers: which configurations are tried. One file and one line in the registry each."""
