from __future__ import annotations

from collections.abc import Callable

import pytest

from fnnctl.config.reading.loading import LoadedConfig
from fnnctl.metrics.registry import objectives

Problems = Callable[..., list[str]]
L2 = "training.l2: {choice: [0.1]}"


def test_no_search_is_no_problem(load: Callable[..., LoadedConfig]) -> None:
    assert load("data: {source: iris}").search_problems() == []


@pytest.mark.parametrize("metric", [*objectives(), "per_class.setosa.recall", "per_class.any.thing.f1"])
def test_metrics_that_exist(search_problems_of: Problems, metric: str) -> None:
    assert search_problems_of(L2, search=f"  objective: {{metric: {metric}}}\n") == []


def test_a_validation_part_that_is_not_there(load: Callable[..., LoadedConfig]) -> None:
    text = f"data: {{source: iris, split: {{validation: 0}}}}\nsearch:\n  space: {{{L2}}}\n"
    message = "there is no validation part, because data.split.validation is 0"
    advice = "write on: cross_validation, or data.split.validation: 0.15"
    assert [str(problem) for problem in load(text).search_problems()] == [
        f"experiment.yaml:2: search.objective.on: {message}; {advice}"
    ]
    assert load(text, "search.objective.on=cross_validation").search_problems() == []
    told = " ".join(map(str, load(text, "model.ensemble={members: 4, bags: true}").search_problems()))
    assert f"{message} (a trial has no bags); {advice}" in told


def test_training_does_not_mind(load: Callable[..., LoadedConfig]) -> None:
    """The `--set` words of a trial may invalidate the space, which `train` does not read."""
    text = "data: {source: iris}\nsearch:\n  space: {training.l2: {uniform: [-1, 0]}, seed: {choice: [1]}}\n"
    loaded = load(text)
    assert len(loaded.search_problems()) == 2


def test_what_a_search_on_bags_needs(load: Callable[..., LoadedConfig]) -> None:
    text = "data: {source: iris}\nsearch:\n  objective: {on: bags}\n  space: {training.l2: {choice: [0.1]}}\n"
    bags = "model.ensemble={members: 4, bags: true}"

    def problems(*words: str) -> list[str]:
        return [problem.message for problem in load(text, *words).search_problems()]

    assert problems(bags) == []
    assert problems("model.ensemble=4") == [
        "bags needs an ensemble with bags; write model.ensemble: {members: 8, bags: true}, or on: validation"
    ]
    (confirmed,) = problems(bags, "search.confirm={top: 3}")
    assert "bags measure on all rows outside the test part already; write null" in confirmed
    (members,) = problems(bags, "search.space={model.ensemble.members: {choice: [4, 8]}}")
    assert "all trials have the same bags" in members
    epochs = "search.space={training.epochs: {integer: [10, 40]}}"
    assert problems(bags, epochs) == []
    assert problems(bags, epochs, "search.budget.max_epochs=30") == [
        "has up to 40 epochs, but search.budget.max_epochs is 30; raise it, or write null"
    ]
    (first,) = problems(
        bags, epochs, "search.budget.max_epochs=40", "search.start_from=[{training.epochs: 50}]"
    )
    assert first.startswith("has up to 50 epochs, but search.budget.max_epochs is 40")


def test_what_a_sampler_needs_that_tries_samples_first(load: Callable[..., LoadedConfig]) -> None:
    text = (
        "data: {source: iris}\nsearch:\n  method: {scheduler: full_budget, sampler: sample_first}\n"
        "  space: {training.max_rows: {choice: [null, 30]}}\n  start_from: [{training.max_rows: 30}]\n"
    )

    def problem(*words: str) -> str:
        return " ".join(problem.message for problem in load(text, *words).search_problems())

    assert problem() == ""
    assert "write scheduler: full_budget" in problem("search.method.scheduler=asha")
    for space in ("{training.max_rows: {choice: [30, 60]}}", "{training.l2: {uniform: [0, 1]}}"):
        assert "choice: [null, 50000]}" in problem(f"search.space={space}", "search.start_from=null")
    for first in ("null", "defaults", "[]", "[{}]", "[{training.max_rows: null}]"):
        assert "but none has one" in problem(f"search.start_from={first}")
    assert problem("search.start_from=defaults", "training.max_rows=30") == ""
    assert problem("search.start_from=an-earlier-run") == ""
