"""Run folders: their files, how these are written atomically, and how runs are found and read."""
