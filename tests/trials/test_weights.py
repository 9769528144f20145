"""What is kept of a search's trials: the best ones' weights, in any order; lost weights come back."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fnnctl.errors import MachineError
from fnnctl.records.trials import Direction, Result, Status, Trial
from fnnctl.trials import weights as trial_weights
from fnnctl.trials.measures import Weights
from fnnctl.trials.results import WEIGHTS, weights_digest
from fnnctl.trials.schemes.validation import SCHEME as PART
from fnnctl.trials.weights import WeightLibrary, train_again
from tests.modelling.prepared import Prepared, prepare
from tests.trials.measured_trials import measured


def again(prepared: Prepared, result: Result, *, stop: bool = False) -> Weights | None:
    """The weights that a trial has when it is trained another time."""
    return train_again(
        prepared.data, Trial(0, {}), prepared.fit, result, PART, metric="accuracy", poll=lambda done: stop
    )


@pytest.mark.parametrize("patience", [1, 1000])
def test_lost_weights_are_trained_again_to_the_bit(iris: Path, patience: int) -> None:
    """Those of the last epoch, and with little patience those that early stopping kept."""
    rule = f"training.early_stopping={{monitor: validation_loss, patience: {patience}}}"
    rate = "training.optimizer.learning_rate=0.3"
    prepared = prepare(iris, ["training.epochs=30", "training.averaging=ema", rule, rate], seed=1)
    result, trial = measured(prepared.data, prepared.fit, "accuracy")
    assert result.status is (Status.STOPPED_EARLY if patience == 1 else Status.COMPLETED)
    weights = again(prepared, result)
    assert weights is not None
    assert weights_digest(weights) == weights_digest(trial.weights)


def test_a_stop_gives_no_weights_and_what_comes_out_differently_is_refused(iris: Path) -> None:
    prepared = prepare(iris, ["training.epochs=3"], seed=1)
    result, _ = measured(prepared.data, prepared.fit, "accuracy")
    assert again(prepared, result, stop=True) is None
    facts = [{**(result.facts or {}), name: "another"} for name in ("weights", "checkpoint")]
    changed = [replace(result, facts=changed_facts) for changed_facts in facts]
    for recorded in (replace(result, objective=0.123), *changed):
        with pytest.raises(MachineError, match="does not reproduce results exactly"):
            again(prepared, recorded)


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial_weights, "MAX_KEPT", 3)


def weights(trial: int) -> Weights:
    return {"parameters": np.arange(4, dtype=np.float32) + trial, "statistics": np.empty(0, np.float32)}


def result(trial: int, objective: float, *, budget: int = 9, status: Status = Status.COMPLETED) -> Result:
    facts = {WEIGHTS: weights_digest(weights(trial))}
    return Result(trial, 0, budget, status, objective, budget, facts=facts)


RESULTS = [result(trial, objective) for trial, objective in enumerate([0.5, 0.9, 0.7, 0.9, 0.1, 0.8])]


def library(run: Path, known: Iterable[Result] = (), direction: Direction = "maximize") -> WeightLibrary:
    return WeightLibrary(run, direction, 9, known)


def add(library: WeightLibrary, results: Iterable[Result]) -> None:
    for result in results:
        library.add(result, weights(result.trial))


def kept(library: WeightLibrary) -> set[int]:
    return {each.trial for each in RESULTS if library.read(each)}


def files(run: Path) -> int:
    return len(list((run / "checkpoints" / "final").glob("*")))


@pytest.mark.parametrize(("direction", "best"), [("maximize", {1, 3, 5}), ("minimize", {4, 0, 2})])
def test_the_best_are_kept_in_any_order(tmp_path: Path, direction: Direction, best: set[int]) -> None:
    for seed in range(6):
        own = library(tmp_path / str(seed), direction=direction)
        add(own, random.Random(seed).sample(RESULTS, len(RESULTS)))
        assert kept(own) == best
        assert files(tmp_path / str(seed)) == 3


def test_of_equal_objectives_the_earlier_trial_is_kept(tmp_path: Path) -> None:
    own = library(tmp_path)
    add(own, [replace(RESULTS[trial], objective=0.5) for trial in (5, 0, 4, 1, 3)])
    assert kept(own) == {0, 1, 3}


def test_fewer_are_kept_if_their_scores_are_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that is kept in any case, such as the default trial, is not among these."""
    monkeypatch.setattr(trial_weights, "MAX_SCORES", 1000)
    own = WeightLibrary(tmp_path, "maximize", 9, (), is_kept=lambda trial: trial == 4, scores=400)
    add(own, RESULTS)
    assert kept(own) == {1, 3, 4}


def test_a_resume_goes_on_with_what_is_there(tmp_path: Path) -> None:
    first = library(tmp_path)
    add(first, RESULTS[:4])
    later = library(tmp_path, RESULTS[:4])
    assert kept(later) == {1, 2, 3}
    add(later, RESULTS[4:])
    assert kept(later) == {1, 3, 5}
    read = later.read(RESULTS[5]) or {}
    assert weights_digest(read) == weights_digest(weights(5))


def test_what_is_not_at_the_end_of_a_trial_is_removed(tmp_path: Path) -> None:
    """Trial 0 goes on in an extended search, trial 1 stopped early, and no result of trial 2 was recorded."""
    before = [
        result(0, 0.5, budget=3),
        result(1, 0.5, budget=3, status=Status.STOPPED_EARLY),
        result(2, 0.6, budget=9),
    ]
    first = library(tmp_path)
    add(first, before)
    later = library(tmp_path, before[:2])
    assert [later.read(trained) is not None for trained in before] == [False, True, False]
    assert files(tmp_path) == 1


def test_lost_damaged_and_other_weights_are_not_taken(tmp_path: Path) -> None:
    own = library(tmp_path)
    add(own, RESULTS[:3])
    own = library(tmp_path, RESULTS[:3])
    one, two, _ = sorted((tmp_path / "checkpoints" / "final").glob("*"))
    one.unlink()
    two.write_bytes(two.read_bytes()[:-30])
    assert kept(own) == {2}
    other = replace(RESULTS[2], facts={WEIGHTS: "another"})
    assert own.read(other) is None
    assert own.read(replace(RESULTS[2], facts=None)) is None
