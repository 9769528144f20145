"""What is told of trainings that ended badly: the error if they diverged, a warning if they did not quite."""

from __future__ import annotations

from collections.abc import Sequence

from fnnctl.errors import DivergedError
from fnnctl.modelling.fit import Fit
from fnnctl.store.run import OpenRun
from fnnctl.training.stopping.exploded import History, exploded
from fnnctl.training.stopping.unfinished import unfinished
from fnnctl.training.trainer import Outcome


def loss_warnings(fit: Fit, trained: Sequence[tuple[Outcome, History]]) -> list[str]:
    """Warnings about the losses of a training, or of the folds of which `fit` is the first.

    Nothing is said of a loss that was still falling if one has exploded.
    """
    training, scaled = fit.experiment.training, fit.experiment.data.scaling != "none"
    found = exploded(trained, fit.settings.shape, learning_rate=training.learning_rate, scaled=scaled)
    return list(found) or list(unfinished(trained, fit.settings, train_rows=fit.sizes[0]))


def diverged(run: OpenRun, fit: Fit, *, epoch: int | None = None, folds: int | None = None) -> DivergedError:
    """The error of a training that diverged in this epoch, or of folds that all did."""
    return DivergedError(
        epoch=epoch,
        folds=folds,
        learning_rate=fit.experiment.training.learning_rate,
        scaled=fit.experiment.data.scaling != "none",
        run=str(run.path),
    )
