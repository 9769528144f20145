"""The winner's experiment, for training on all rows except the test part."""

from __future__ import annotations

from typing import Any

import pytest

from fnnctl.config.rules.setting_rules import contradictions
from fnnctl.config.schema.ensemble import EnsembleConfig
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.lr_schedules import AdaptiveLrSchedule
from fnnctl.messages import sentences
from fnnctl.modelling.refit import left_out_of_refit, refit_experiment, with_ensemble
from tests.messages import Messages

WATCHING: dict[str, Any] = {
    "seed": 5,
    "data": {"source": "iris", "split": {"validation": 0.3, "test": 0.25}},
    "model": {"hidden": [7], "calibration": "temperature"},
    "training": {
        "epochs": 100,
        "early_stopping": {"monitor": "validation_loss", "patience": 3},
        "lr_schedule": {"name": "adaptive", "monitor": "validation_loss", "patience": 4},
    },
}


def test_nothing_watches_a_validation_part_and_all_else_stays() -> None:
    """It is an experiment that a config could say; the one that was searched with is not changed."""
    experiment = Experiment.model_validate(WATCHING)
    refitted = refit_experiment(experiment, epochs=17)
    schedule = {**WATCHING["training"]["lr_schedule"], "monitor": "train_loss"}
    expected = experiment.model_copy(
        update={
            "data": experiment.data.model_copy(
                update={"split": experiment.data.split.model_copy(update={"validation": 0.0})}
            ),
            "model": experiment.model.model_copy(update={"calibration": "none"}),
            "training": experiment.training.model_copy(
                update={
                    "epochs": 17,
                    "early_stopping": None,
                    "horizon": None,
                    "threads": refitted.training.threads,
                    "lr_schedule": AdaptiveLrSchedule.model_validate(schedule),
                }
            ),
        }
    )
    assert refitted == expected == Experiment.model_validate(refitted.model_dump())
    assert experiment == Experiment.model_validate(WATCHING)


@pytest.mark.parametrize("schedule", [{}, {"name": "cosine"}])
def test_a_schedule_that_watches_nothing_stays(schedule: dict[str, Any]) -> None:
    training = {**WATCHING["training"], "lr_schedule": schedule}
    experiment = Experiment.model_validate({**WATCHING, "training": training})
    assert refit_experiment(experiment, epochs=3).training.lr_schedule == experiment.training.lr_schedule


def test_an_ensemble_has_all_its_members() -> None:
    experiment = Experiment.model_validate(WATCHING)
    refitted = refit_experiment(experiment, epochs=17, ensemble=EnsembleConfig(members=4))
    assert with_ensemble(refitted, 1) == refit_experiment(experiment, epochs=17)
    assert refitted.model.ensemble == EnsembleConfig(members=4)


@pytest.mark.parametrize("embedding", ["none", "piecewise_linear"])
def test_a_trial_that_embeds_no_numbers_is_refitted_without_twins(embedding: str) -> None:
    """A search may vary the embedding, and the ensemble is the same for all trials."""
    model = {**WATCHING["model"], "numeric_embedding": {"name": embedding}}
    experiment = Experiment.model_validate({**WATCHING, "model": model})
    wanted = EnsembleConfig(members=4, bags=True, plain_twins=True)
    refitted = refit_experiment(experiment, epochs=17, ensemble=wanted)
    has_twins = embedding != "none"
    assert refitted.model.ensemble == wanted.model_copy(update={"plain_twins": has_twins})
    assert contradictions(refitted) == {}


def test_with_bags_nothing_is_left_out_but_early_stopping(messages: Messages) -> None:
    model = {**WATCHING["model"], "threshold": "f1"}
    experiment = Experiment.model_validate({**WATCHING, "model": model})
    wanted = EnsembleConfig(members=4, bags=True)
    refitted = refit_experiment(experiment, epochs=17, ensemble=wanted)
    assert refitted.model == experiment.model.model_copy(update={"ensemble": wanted})
    assert refitted.training.lr_schedule == experiment.training.lr_schedule
    assert (refitted.training.epochs, refitted.training.early_stopping) == (17, None)
    assert sentences(left_out_of_refit(experiment, wanted, {})) == []
    for sentence in sentences(left_out_of_refit(experiment, EnsembleConfig(), {})):
        messages.check(sentence)
