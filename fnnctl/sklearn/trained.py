"""What estimators do with an experiment: train it, or search its space."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from fnnctl.api.arguments import number
from fnnctl.api.experiment import Experiment
from fnnctl.api.plain_values import plain_value
from fnnctl.api.run import Run
from fnnctl.config.schema.optimizers import LbfgsOptimizer
from fnnctl.config.schema.training import TrainingConfig
from fnnctl.data.in_memory import MemoryData
from fnnctl.sklearn.base import Estimator, is_set

_PATIENCE: Final = 10
"""Epochs without improvement before `early_stopping=True` ends the training: as many as in scikit-learn."""


class Trained(Estimator):
    """Trains the experiment."""

    def _settings(self) -> dict[str, Any]:
        settings, sizes = super()._settings(), self.hidden_layer_sizes
        parameters = {
            "model.hidden": [sizes] if isinstance(sizes, int | np.integer) else sizes,
            "model.activation": self.activation,
            "training.batch_size": self.batch_size,
            "training.optimizer.learning_rate": self.learning_rate_init,
            "training.epochs": self.max_iter,
        }
        settings |= {path: value for path, value in parameters.items() if value is not None}
        if self.learning_rate_init is not None and not is_set(settings, "training.parametrization"):
            settings["training.parametrization"] = "standard"  # scikit-learn's rate is for this one
        if self.early_stopping:
            settings |= self._stopping_rule("training.early_stopping", patience=_PATIENCE)
        else:
            settings |= self._stopping_rule("training.convergence", patience=None)
        if self.early_stopping is not None and not self.early_stopping:
            settings["training.early_stopping"] = None
            if self.recipe == "classic" and not is_set(settings, "data.split.validation"):
                settings["data.split.validation"] = 0  # nothing else in this recipe needs them
        return settings

    def _stopping_rule(self, section: str, *, patience: int | None) -> dict[str, Any]:
        """The settings of a rule that ends training, by `tol` and `n_iter_no_change`; infinity is never."""
        if self.n_iter_no_change == math.inf:
            return {f"{section}.patience": None} if self.early_stopping else {section: None}
        chosen = patience if self.n_iter_no_change is None else self.n_iter_no_change
        rule = {f"{section}.tolerance": self.tol, f"{section}.patience": chosen}
        return {path: value for path, value in rule.items() if value is not None}

    def _run(self, experiment: Experiment, data: MemoryData) -> Run:
        if self.alpha is not None:
            alpha = number("alpha", plain_value(self.alpha, ("alpha",)), least=0)
            experiment = experiment.set("training.l2", alpha / _batch_weight(experiment, data))
        run = experiment.train(data, workers=self._workers, observer=self._observer)
        training = TrainingConfig.model_validate(run.config["training"])
        if _is_cut_short(training, len(run.history["epoch"])):
            reached = f"Maximum iterations ({training.epochs:,}) reached"
            message = f"{reached} and the optimization hasn't converged yet: raise max_iter"
            self._warn_of_end(message)
        return run


def _is_cut_short(training: TrainingConfig, epochs: int) -> bool:
    """Whether a rule could have ended a training that had all its epochs.

    If the learning rate is planned for these epochs, the last one completes the training.
    """
    has_rule = training.may_end_early or isinstance(training.optimizer, LbfgsOptimizer)
    return has_rule and not training.is_planned and epochs == training.epochs


def _batch_weight(experiment: Experiment, data: MemoryData) -> float:
    """The sum of the weights of a batch's rows, on average: scikit-learn divides the penalty by it."""
    rows = experiment.batch_rows(data)
    return rows if data.weights is None else rows * float(np.mean(data.weights))


class Searched(Estimator):
    """Searches the experiment's space."""

    def _settings(self) -> dict[str, Any]:
        parameters = {"search.space": self.space, "search.method": self.method, "search.trials": self.budget}
        settings = {path: value for path, value in parameters.items() if value is not None}
        return {**super()._settings(), **settings}

    def _run(self, experiment: Experiment, data: MemoryData) -> Run:
        run = experiment.search(
            data,
            max_trials=self.budget,  # brackets do not count trials: they only stop there
            time_limit=self.time_limit,
            workers=self._workers,
            observer=self._observer,
        )
        self.best_params_ = run.best_settings
        self.results_ = run.leaderboard
        self.best_score_ = self.results_["objective"][0]
        return run
