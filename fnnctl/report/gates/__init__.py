"""Gates: conditions that a run must fulfil, for scripts and CI."""
