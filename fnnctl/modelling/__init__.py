"""From an experiment and data to a predictor and its scores: values in, values out.

`fit.Fit` is what is trained once; `stacks` trains fits; `predictor.Predictor` is the result, new or loaded
from a run's folder (`saved_model`). Nothing here depends on a terminal, on signal handlers, or on what runs
the training.
"""
