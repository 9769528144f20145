"""The training of fits: which train together (`planning`), what a worker does (`work`).

`train`, a cross-validation, a search and its refit all train through `work.train_fits`.
"""
