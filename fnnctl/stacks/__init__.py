"""Many fits: which train together (`grouping`), what a worker does (`work`), results in a fixed order.

`train`, a cross-validation, a search and its refit all train through `work.train_fits`.
"""
