"""Schedulers: how many epochs each trial is granted. One file and one line in the registry each."""
