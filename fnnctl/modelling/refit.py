"""The experiment with which a search's winner is trained again, on all rows except the test part."""

from __future__ import annotations

from typing import Any, Final

from fnnctl.config.paths import parse_path
from fnnctl.config.provenance import Values
from fnnctl.config.schema.ensemble import EnsembleConfig
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.lr_schedules import AdaptiveLrSchedule
from fnnctl.config.schema.model import DEFAULT_THRESHOLD, CostThreshold, ModelConfig, NoEmbedding
from fnnctl.messages import Message

CALIBRATION: Final = parse_path("model.calibration")


def refit_note(experiment: Experiment, ensemble: EnsembleConfig, recipe: Values) -> str:
    """The note on the refit: what it trains, and whether it lacks the calibration of the `recipe`."""
    note = "refitting the best trial on the training and validation rows"
    calibration = experiment.model.calibration
    is_lost = not ensemble.bags and calibration != "none" and calibration == recipe.get(CALIBRATION)
    return f"{note}, so without the recipe's calibration" if is_lost else note


def left_out_of_refit(experiment: Experiment, ensemble: EnsembleConfig, recipe: Values) -> list[Message]:
    """Warnings about settings of the trial that a refit, which has no validation part, cannot follow.

    There are none if the `ensemble` has bags: its members are validated on them. A calibration that is that
    of the `recipe` is worth only a note: nobody asked for it.
    """
    warnings: list[Message] = []
    if ensemble.bags:
        return warnings
    schedule = experiment.training.lr_schedule
    if experiment.model.calibration not in ("none", recipe.get(CALIBRATION)):
        sentence = (
            f"the refitted winner is not calibrated: model.calibration: {experiment.model.calibration} needs "
            "validation rows, but the refit trains on them. Write model.ensemble: {members: 8, bags: true}, "
            "or use `fnnctl train` with the trial's settings"
        )
        warnings.append(Message("refit_without_calibration", sentence))
    if experiment.model.threshold != (instead := _refit_threshold(experiment.model)):
        costs_least = "the one that costs least if its probabilities are right"
        why = "the default" if instead == DEFAULT_THRESHOLD else costs_least
        sentence = (
            f"the refitted winner's threshold is {instead:.4g}, {why}: none can be chosen, because the refit "
            "trains on the validation rows too. Write a number as model.threshold, or "
            "model.ensemble: {members: 8, bags: true}"
        )
        warnings.append(Message("refit_with_other_threshold", sentence))
    if isinstance(schedule, AdaptiveLrSchedule) and schedule.monitor.startswith("validation_"):
        sentence = (
            f"the refitted winner's lr_schedule monitors train_loss instead of {schedule.monitor}: the refit "
            "has no validation part"
        )
        warnings.append(Message("refit_with_other_monitor", sentence))
    return warnings


def with_ensemble(experiment: Experiment, members: int) -> Experiment:
    """The experiment with this many members, without bags."""
    model = experiment.model.model_copy(update={"ensemble": EnsembleConfig(members=members)})
    return experiment.model_copy(update={"model": model})


def trial_experiment(experiment: Experiment) -> Experiment:
    """The experiment of a search as trials train it: with one network, unless they are ensembles."""
    return experiment if experiment.validation_scheme.trains_ensembles else with_ensemble(experiment, 1)


def trained_experiment(trial: Experiment, *, epochs: int) -> Experiment:
    """The experiment of a trial that was trained for at most `epochs` epochs, as `train` repeats it."""
    training = trial.training
    epochs = min(epochs, training.epochs)
    horizon = training.schedule_epochs if training.reads_horizon else epochs
    changes = {"epochs": epochs, "horizon": None if horizon == epochs else horizon, "threads": 1}
    return trial.model_copy(update={"training": training.model_copy(update=changes)})


def refit_experiment(
    experiment: Experiment, *, epochs: int, ensemble: EnsembleConfig | None = None
) -> Experiment:
    """The trial's experiment for this many epochs, without early stopping and without a validation part.

    It may be an `ensemble`, unlike the trial. With bags, calibration, threshold and schedule use the rows
    that members have not been trained on; else there is nothing that needs validation rows. There are no
    plain twins if the trial does not embed numbers, which a search may vary. Schedules keep the trial's
    horizon, so that each epoch has the learning rate that it had in the search.
    """
    training, model = experiment.training, experiment.model
    members = ensemble or EnsembleConfig()
    if isinstance(model.numeric_embedding, NoEmbedding):
        members = members.model_copy(update={"plain_twins": False})
    schedule = training.lr_schedule
    horizon = training.schedule_epochs if training.reads_horizon else epochs
    changes: dict[str, Any] = {
        "epochs": epochs,
        "horizon": None if horizon == epochs else horizon,
        "early_stopping": None,
        "threads": 1,
    }
    model_changes: dict[str, Any] = {"ensemble": members}
    if not members.bags:
        model_changes |= {"calibration": "none", "threshold": _refit_threshold(model)}
        if isinstance(schedule, AdaptiveLrSchedule):
            changes["lr_schedule"] = schedule.model_copy(update={"monitor": "train_loss"})
    split = experiment.data.split.model_copy(update={"validation": 0.0})
    return experiment.model_copy(
        update={
            "data": experiment.data.model_copy(update={"split": split}),
            "model": model.model_copy(update=model_changes),
            "training": training.model_copy(update=changes),
        }
    )


def _refit_threshold(model: ModelConfig) -> float:
    """The number that stands for a threshold that would be chosen on validation rows."""
    if isinstance(model.threshold, CostThreshold):
        return model.threshold.cost.threshold
    return model.threshold if isinstance(model.threshold, float) else DEFAULT_THRESHOLD
