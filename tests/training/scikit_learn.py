"""Helpers for the tests against MLPClassifier: its weights in the order of our parameters."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from fnnctl.arrays import FloatArray
from fnnctl.training.pool import Examples


def flat_weights(model: Any) -> FloatArray:
    """A fitted model's weights and biases."""
    layers = [
        np.hstack([coefficients.T, intercepts[:, None]]).ravel()
        for coefficients, intercepts in zip(model.coefs_, model.intercepts_, strict=True)
    ]
    return np.concatenate(layers)


def fitted(model: Any, examples: Examples, **arguments: Any) -> Any:
    """The model, fitted to the pool, without a warning that it has not converged."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(examples.inputs[:, :-1], examples.targets, **arguments)


def first_weights(model: Any, examples: Examples) -> FloatArray:
    """The model's initial weights, found with a copy that makes one step of length 0."""
    still = clone(model).set_params(max_iter=1, learning_rate_init=1e-300)
    return flat_weights(fitted(still, examples))
