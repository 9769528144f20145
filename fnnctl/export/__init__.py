"""What other programs read: a run's model, or what was measured, in their formats.

One record per format stands in `registry`; a new format is a file here, and a line there.
"""
