"""All differences between classification and regression: target, loss, metrics, columns, figure names.

`task.Task` is the interface used by everything above this package. To add a task, write a package here and
add it to `registry` and `epoch_metrics`.
"""
