"""What a classification and a regression do differently: target, loss, metrics, columns, names of figures.

`task.Task` is the interface that everything above this package talks to. A task is a package here and a line
in `registry.TASKS`.
"""
