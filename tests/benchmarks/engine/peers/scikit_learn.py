"""scikit-learn's MLPClassifier as a contender: one network at a time."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from fnnctl.arrays import FloatArray
from tests.benchmarks.engine.trained import Trained, Trainer
from tests.benchmarks.engine.work import ALPHA, BETA1, BETA2, EPSILON, LEARNING_RATE, Work
from tests.benchmarks.measuring import CLOCK


class Timed(MLPClassifier):  # type: ignore[misc]
    """Starts from given weights, and times its steps without the checks and conversions before them."""

    first: list[tuple[FloatArray, FloatArray]]
    seconds: float

    def _fit_stochastic(self, *arguments: Any) -> None:
        for layer, (W, b) in enumerate(self.first):
            self.coefs_[layer][...] = W[0].T
            self.intercepts_[layer][...] = b[0]
        begun = CLOCK.seconds()
        super()._fit_stochastic(*arguments)
        self.seconds = CLOCK.seconds() - begun


def trainers(work: Work, members: int) -> dict[str, Trainer]:
    """The one way there is."""
    if members != 1:
        raise ValueError("scikit-learn trains one network at a time")
    first = work.first_weights(1)

    def train() -> Trained:
        model = Timed(
            work.hidden,
            alpha=ALPHA,
            batch_size=work.batch,
            learning_rate_init=LEARNING_RATE,
            beta_1=BETA1,
            beta_2=BETA2,
            epsilon=EPSILON,
            max_iter=work.epochs,
            n_iter_no_change=work.epochs + 1,
            random_state=0,
        )
        model.first = first
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(work.X, work.y)
        if model.n_iter_ != work.epochs:
            raise RuntimeError(f"scikit-learn trained {model.n_iter_} epochs, not {work.epochs}")
        return Trained(model.seconds, np.array(model.loss_curve_)[:, None])

    return {"": train}
