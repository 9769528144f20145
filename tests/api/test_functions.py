from __future__ import annotations

import math
from pathlib import Path

import pytest

import fnnctl
from fnnctl import Optimizer, optimize
from fnnctl.errors import DataError, UsageError
from fnnctl.space import Choice, Condition, Dimension, Integer, LogUniform, Space, Uniform

SPACE = {"x": Uniform(0, 1), "rate": LogUniform(1e-4, 1)}


def loss(values: dict[str, float]) -> float:
    return (values["x"] - 0.4) ** 2 + abs(values["rate"] - 0.01)


def test_a_learned_search_is_better_than_a_random_one_and_repeats() -> None:
    learned = optimize(loss, SPACE, trials=40)
    assert learned.value is not None
    assert learned.assignment is not None
    assert learned.value == loss(dict(learned.assignment)) < 0.01
    again = optimize(loss, SPACE, trials=40)
    assert again.assignment == learned.assignment
    assert optimize(loss, SPACE, trials=40, seed=1).assignment != learned.assignment
    random = optimize(loss, SPACE, trials=40, method="random")
    assert random.value is not None
    assert learned.value < random.value


def test_rungs_get_epochs() -> None:
    seen: list[int] = []

    def after(values: dict[str, float], epochs: int) -> float:
        seen.append(epochs)
        return values["x"] + 1 / epochs

    best = optimize(after, {"x": Uniform(0, 1)}, method="hyperband", max_epochs=9)
    assert set(seen) == {1, 3, 9}
    assert best.value == pytest.approx(min(best.trials["x"]) + 1 / 9, abs=0.5)


def test_a_grid_tries_everything_and_a_list_is_a_choice() -> None:
    best = optimize(
        lambda values: values["n"] * values["m"],
        {"n": Integer(1, 3), "m": [10, 1]},
        method="grid",
        direction="maximize",
    )
    assert best.assignment == {"n": 3, "m": 10}
    assert best.value == 30
    assert (best.trials["n"][0], best.trials["m"][0], best.trials["objective"][0]) == (3, 10, 30)
    assert best.trials["rank"] == [1, 2, 3, 4, 5, 6]


def test_dimensions_may_have_conditions_and_spaces_constraints() -> None:
    momentum = Dimension("momentum", Uniform(0, 1), conditions=(Condition("name", ("sgd",)),))
    seen: list[dict[str, object]] = []

    def record(values: dict[str, object]) -> float:
        seen.append(values)
        return 0.0

    dimensions = [Dimension("name", Choice(("sgd", "adam"))), momentum]
    optimize(record, dimensions, trials=12, method="random")
    assert {"momentum" in values for values in seen if values["name"] == "sgd"} == {True}
    assert {"momentum" in values for values in seen if values["name"] == "adam"} == {False}
    seen.clear()
    optimize(record, {"a": Integer(1, 9), "b": Integer(1, 9)}, require=["a < b"], trials=12, method="random")
    assert all(values["a"] < values["b"] for values in seen)  # type: ignore[operator]
    assert optimize(record, Space(dimensions), trials=2, method="random").value == 0.0


def test_a_journal_continues_a_search(tmp_path: Path) -> None:
    calls = 0

    def failing(values: dict[str, float]) -> float:
        nonlocal calls
        calls += 1
        if calls == 6:
            raise KeyboardInterrupt
        return loss(values)

    file = tmp_path / "journal.jsonl"
    with pytest.raises(KeyboardInterrupt):
        optimize(failing, SPACE, trials=12, journal=file)
    assert (
        optimize(failing, SPACE, trials=12, journal=file).assignment
        == optimize(loss, SPACE, trials=12).assignment
    )
    assert calls == 13
    with pytest.raises(DataError):
        optimize(loss, SPACE, trials=12, direction="maximize", journal=file)


def test_failures_and_limits() -> None:
    def dividing(values: dict[str, float]) -> float:
        return 1 / round(values["x"])

    best = optimize(dividing, {"x": Uniform(0, 1)}, trials=10, method="random", catch=(ZeroDivisionError,))
    assert best.value == 1
    with pytest.raises(ZeroDivisionError):
        optimize(dividing, {"x": Uniform(0, 1)}, trials=10, method="random")
    ended = optimize(loss, SPACE, trials=10, time_limit=1e-9)
    assert (ended.assignment, ended.value, ended.end) == (None, None, "the time limit")


def test_the_caller_may_ask_and_tell() -> None:
    optimizer, jobs = Optimizer({"x": Uniform(0, 1)}, trials=30), list[fnnctl.Job]()
    assert optimizer.best.value is None
    while asked := optimizer.ask(3):
        jobs += asked
        for job in reversed(asked):
            optimizer.tell(job, (job.assignment["x"] - 0.4) ** 2)
    assert [job.trial for job in jobs] == list(range(30))
    assert {(job.start, job.epochs) for job in jobs} == {(0, 1)}
    best = optimizer.best
    assert best.assignment is not None
    assert abs(best.assignment["x"] - 0.4) < 0.02
    assert sorted(best.trials["x"]) == sorted(job.assignment["x"] for job in jobs)


def test_asked_jobs_of_rungs_wait_for_values() -> None:
    optimizer = Optimizer({"x": [1, 2, 3, 4]}, method="halving", max_epochs=4, reduction_factor=2, trials=4)
    first = optimizer.ask(10)
    assert [(job.trial, job.start, job.epochs) for job in first] == [(k, 0, 1) for k in range(4)]
    assert optimizer.ask() == []
    for job in first:
        optimizer.tell(job, math.nan if job.trial == 0 else job.assignment["x"])
    second = optimizer.ask(10)
    assert [(job.start, job.epochs) for job in second] == [(1, 2)] * 2
    finite = sorted(job.assignment["x"] for job in first[1:])
    assert sorted(job.assignment["x"] for job in second) == finite[:2]
    for wrong in (first[0], second[0].assignment):
        with pytest.raises(UsageError, match="is no open job of this optimizer"):
            optimizer.tell(wrong, 1.0)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"^the value of an objective must be a number, not None"):
        optimizer.tell(second[0], None)  # type: ignore[arg-type]
    optimizer.tell(second[0], 1.0)
