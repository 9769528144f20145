"""Messages about training that ended badly: an error if it diverged, warnings about losses and scores."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from fnnctl.config.paths import HIDDEN, LEARNING_RATE
from fnnctl.config.recipes.resolving import recipe_values
from fnnctl.config.schema.experiment import Experiment
from fnnctl.errors import DivergedError
from fnnctl.messages import Message
from fnnctl.modelling.fit import Fit
from fnnctl.modelling.recipe_facts import recipe_facts
from fnnctl.store.run import OpenRun
from fnnctl.tasks.task import PartScores, TaskData
from fnnctl.tasks.warnings import TrainingOutcome
from fnnctl.text import quoted
from fnnctl.training.diagnostics import MAX_DEAD_IN_RECIPES, dead_layer_notes, dead_layers
from fnnctl.training.warnings import Ended, exploded, unfinished

SHARE_OF_ERRORS: Final = 0.75
"""The share of the baseline's errors that a single column must avoid before it is worth a warning."""


class Trained(Protocol):
    """How many epochs were trained, and which one's weights were kept (None without early stopping)."""

    @property
    def epochs(self) -> int: ...

    @property
    def best_epoch(self) -> int | None: ...


def loss_warnings(fit: Fit, trained: Sequence[Ended], *, budget: int | None = None) -> list[Message]:
    """Warnings about the losses of one training, or of all folds (`fit` is then the first of them).

    If a loss has exploded, there is no warning about losses that were still falling. With the largest
    `budget` of a search, the training is the refit of its winner: if that has fewer epochs, validation rows
    have chosen them, and a training loss that still falls is no reason for more.
    """
    settings, scaled = fit.experiment.training, fit.experiment.data.scaling != "none"
    losses = [(training.outcome, training.history) for training in trained]
    rate = settings.steadier_learning_rate
    explosions = list(exploded(losses, fit.settings.shape, steadier_rate=rate, scaled=scaled))
    if explosions or (budget is not None and settings.epochs < budget):
        return explosions
    advice = None if budget is None else "raise search.budget.max_epochs"
    return list(unfinished(trained, fit.settings, train_rows=fit.trained_rows, advice=advice))


def dead_unit_messages(
    data: TaskData, fit: Fit, history: Mapping[str, Sequence[float]]
) -> tuple[list[Message], list[str]]:
    """Warnings and notes about dead units.

    With a recipe there is a warning if the learning rate is not the recipe's, and a note if the hidden layers
    are not: nobody is advised to change what the recipe chose.
    """
    shape, experiment = fit.settings.shape, fit.experiment
    if experiment.recipe == "classic":
        return list(dead_layers(history, shape)), []
    recipe = recipe_values(experiment.recipe, recipe_facts(data, experiment))
    warnings, notes, below = [], [], math.inf
    if experiment.training.learning_rate != recipe.get(LEARNING_RATE):
        warnings, below = list(dead_layers(history, shape, has_recipe=True)), MAX_DEAD_IN_RECIPES
    if [layer.units for layer in shape.hidden] != recipe.get(HIDDEN):
        notes = list(dead_layer_notes(history, shape, below=below))
    return warnings, notes


def score_warnings(
    experiment: Experiment,
    scores: PartScores | None,
    trained: Sequence[Trained],
    *,
    held_out: PartScores | None,
) -> list[Message]:
    """Warnings if the predictions of these rows are of little use; see `PartScores.warnings`."""
    outcome = training_outcome(experiment, trained)
    return scores.warnings(training=outcome, held_out=held_out) if scores else []


def column_warnings(run: OpenRun, scores: PartScores | None) -> list[Message]:
    """A warning if a single column does as well as the network on these rows, else none.

    Leaks are reported before training, whatever the network is. If neither can do the task, their agreement
    proves nothing, so the column must avoid `SHARE_OF_ERRORS` of the baseline's errors.
    """
    data = run.read_manifest().data
    best = data.best_column if data else None
    if best is None or scores is None:
        return []
    share = (best.score - best.baseline) / (1.0 - best.baseline) if best.baseline < 1.0 else 0.0
    score = scores.metrics(complete=False)[best.metric]
    if score is None or best.is_leak or share < SHARE_OF_ERRORS or best.score < score:
        return []
    sentence = (
        f"the column {quoted(best.name)} alone does as well as the network: {best.metric} {best.score:.3f} "
        f"on held-out rows, and the network {score:.3f} on the test part; if it is known only after the "
        "outcome, add it to data.columns.ignore"
    )
    return [Message("column_does_as_well", sentence)]


def training_outcome(experiment: Experiment, trained: Sequence[Trained]) -> TrainingOutcome:
    """What a warning about the scores says of the training.

    Of several folds it is the one whose best epoch is the median, relative to the number of its epochs.
    """
    best_epochs = [(best / fit.epochs, fit.epochs, best) for fit in trained if (best := fit.best_epoch)]
    _, epochs, best = sorted(best_epochs)[len(best_epochs) // 2] if best_epochs else (0, 0, None)
    return TrainingOutcome(
        epochs,
        best,
        folds=len(trained),
        has_class_weights=experiment.training.class_weights is not None,
        has_row_weights=experiment.data.weights is not None,
    )


def diverged(run: OpenRun, fit: Fit, *, epoch: int | None = None, folds: int | None = None) -> DivergedError:
    """The error for training that diverged in this epoch, or for folds that all diverged."""
    training = fit.experiment.training
    return DivergedError(
        epoch=epoch,
        folds=folds,
        learning_rate=training.learning_rate,
        steadier_rate=training.steadier_learning_rate,
        scaled=fit.experiment.data.scaling != "none",
        run=run.named,
    )
