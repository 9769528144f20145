"""Messages about training that ended badly: an error if it diverged, warnings about losses and scores."""

from __future__ import annotations

from collections.abc import Sequence

from fnnctl.config.schema.experiment import Experiment
from fnnctl.errors import DivergedError
from fnnctl.modelling.fit import Fit
from fnnctl.store.run import OpenRun
from fnnctl.tasks.task import OutOfFold, PartScores
from fnnctl.training.stopping.exploded import exploded
from fnnctl.training.stopping.unfinished import Ended, unfinished


def loss_warnings(fit: Fit, trained: Sequence[Ended]) -> list[str]:
    """Warnings about the losses of one training, or of all folds (`fit` is then the first of them).

    If a loss has exploded, there is no warning about losses that were still falling.
    """
    training, scaled = fit.experiment.training, fit.experiment.data.scaling != "none"
    losses = [(each.outcome, each.history) for each in trained]
    has_recipe = uses_recipe(fit.experiment)
    found = exploded(
        losses,
        fit.settings.shape,
        learning_rate=training.learning_rate,
        scaled=scaled,
        has_recipe=has_recipe,
    )
    return list(found) or list(
        unfinished(trained, fit.settings, train_rows=fit.trained_rows, has_recipe=has_recipe)
    )


def baseline_warnings(experiment: Experiment, scores: PartScores | OutOfFold | None) -> list[str]:
    """A warning if the network is not better than the baseline on these rows, else none."""
    warning = scores.baseline_warning() if scores and counts_rows_equally(experiment) else None
    return [warning] if warning else []


def uses_recipe(experiment: Experiment) -> bool:
    """Whether settings may have a recipe's values."""
    return experiment.recipe != "classic"


def counts_rows_equally(experiment: Experiment) -> bool:
    """Whether no row or class has a weight in the loss: only then it should be right in most rows."""
    return experiment.training.class_weights is None and experiment.data.weights is None


def diverged(run: OpenRun, fit: Fit, *, epoch: int | None = None, folds: int | None = None) -> DivergedError:
    """The error for training that diverged in this epoch, or for folds that all diverged."""
    return DivergedError(
        epoch=epoch,
        folds=folds,
        learning_rate=fit.experiment.training.learning_rate,
        scaled=fit.experiment.data.scaling != "none",
        run=str(run.path),
        has_recipe=uses_recipe(fit.experiment),
    )
