"""Executors: who runs the work items of a search or a cross-validation, behind one small protocol."""
