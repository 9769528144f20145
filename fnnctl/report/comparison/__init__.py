"""The comparison of runs: what is compared, how, and what is said about it in every format."""
