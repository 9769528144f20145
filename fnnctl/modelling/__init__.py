"""From an experiment and data to a predictor and its scores: values in, values out.

`fit.Fit` is what is trained once; `stacks` trains fits; `predictor.Predictor` is what comes of it, fresh or
loaded from a run's folder (`saved_model`). Nothing here knows a terminal, a signal handler, or who trains.
"""
