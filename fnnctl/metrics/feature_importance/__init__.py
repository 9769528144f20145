"""The permutation importance of a table's columns, from the losses of its rows.

That of searched settings is in `metrics.importance`.
"""
