"""The list of runs: read as plain JSON, so that a thousand runs are listed in an instant, and removed."""
