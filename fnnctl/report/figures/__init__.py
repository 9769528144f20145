"""The figures of runs: a record each, the process that draws them, and their documentation."""
