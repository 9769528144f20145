"""What the warnings at the end are told about the training."""

from __future__ import annotations

from pathlib import Path

import pytest

from fnnctl.config.schema.experiment import Experiment
from fnnctl.runs.endings import training_outcome
from fnnctl.store.manifest import TrainingFacts
from fnnctl.tasks.warnings import TrainingOutcome
from fnnctl.training.diagnostics import Diagnostics
from fnnctl.training.history import Record
from tests.program import Program


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


def test_losses_that_still_fall_are_warned_of(program: Program, no_figures: None, tmp_path: Path) -> None:
    """Also if none has exploded."""
    config = tmp_path / "c.yaml"
    config.write_text(
        "recipe: classic\ndata: {source: wine}\ntraining: {epochs: 30, optimizer: {learning_rate: 1e-3}}\n"
    )
    told = program("train", str(config)).err
    assert "validation_loss was still falling at the last epoch (30 steps, 1 per epoch)" in told


@pytest.mark.parametrize(("settings", "is_warned", "is_noted"), [
    ((), False, False),
    (("training.optimizer.learning_rate=0.05",), True, False),
    (("model.hidden=[70]",), False, True),
    (("model.hidden=[70]", "training.optimizer.learning_rate=0.05"), True, False),
    (("recipe=classic",), True, False),
])  # fmt: skip
def test_dead_units_are_no_reason_to_change_what_the_recipe_chose(
    program: Program,
    no_figures: None,
    iris: Path,
    monkeypatch: pytest.MonkeyPatch,
    settings: tuple[str, ...],
    is_warned: bool,
    is_noted: bool,
) -> None:
    """95 % of the units of the first hidden layer are said to be dead."""

    def record(self: Diagnostics) -> Record:
        return {name: values * 0 + 0.95 * (name == "dead_1") for name, values in measured(self).items()}

    measured = Diagnostics.record
    monkeypatch.setattr(Diagnostics, "record", record)
    iris.write_text("data: {source: iris}\nmodel: {ensemble: 1}\ntraining: {epochs: 2}\n")
    told = program("train", str(iris), *(word for text in settings for word in ("--set", text))).err
    assert ("Try a smaller training.optimizer.learning_rate" in told) is is_warned
    assert ("fewer units may do as well" in told) is is_noted
    assert ("of the units of hidden layer 1 are dead" in told) is (is_warned or is_noted)
