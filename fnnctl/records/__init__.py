"""The records that a search writes and a report reads: trials, jobs, results, the journal, standings."""
