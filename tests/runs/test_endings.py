"""What the warnings at the end are told about the training."""

from __future__ import annotations

import pytest

from fnnctl.config.schema.experiment import Experiment
from fnnctl.runs.endings import training_outcome
from fnnctl.store.manifest import TrainingFacts
from fnnctl.tasks.warnings import TrainingOutcome


@pytest.mark.parametrize(("folds", "expected"), [
    ([(32, 4)], (32, 4)),
    ([(32, None)], (0, None)),
    ([], (0, None)),
    ([(32, 30), (20, 2), (40, 10)], (40, 10)),
    ([(32, 30), (20, 2)], (32, 30)),  # half of the folds are not most
])  # fmt: skip
def test_of_folds_it_is_the_median(
    folds: list[tuple[int, int | None]], expected: tuple[int, int | None]
) -> None:
    trained = [TrainingFacts(epochs=epochs, best_epoch=best) for epochs, best in folds]
    found = training_outcome(
        Experiment.model_validate({"recipe": "classic", "data": {"source": "iris"}}), trained
    )
    assert found == TrainingOutcome(*expected, folds=len(folds))


def test_a_recipe_is_seen() -> None:
    assert training_outcome(Experiment.model_validate({"data": {"source": "iris"}}), []).has_recipe


@pytest.mark.parametrize(
    ("settings", "has_class_weights", "counts_equally"),
    [
        ({}, False, True),
        ({"training": {"class_weights": "balanced"}}, True, False),
        ({"data": {"source": "t.csv", "weights": "w"}}, False, False),
    ],
)
def test_weights_in_the_loss_are_seen(
    settings: dict[str, object], has_class_weights: bool, counts_equally: bool
) -> None:
    training = training_outcome(Experiment.model_validate({"data": {"source": "iris"}, **settings}), [])
    assert (training.has_class_weights, training.counts_rows_equally) == (has_class_weights, counts_equally)
