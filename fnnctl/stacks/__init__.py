"""Many fits: which train together (`planning`), what a worker does (`work`), results in a fixed order.

`train`, a cross-validation, a search and its refit all train through `work.train_fits`. A search's trials and
its confirmation are the two sources of one `stack_runner`.
"""
