"""Who does the work: this process, threads of it, or processes of their own, behind one function."""
