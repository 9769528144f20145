from __future__ import annotations

from collections.abc import Callable

import pytest

from fnnctl.config.reading.loading import LoadedConfig
from fnnctl.metrics.registry import objectives

Problems = Callable[..., list[str]]
KNOWN = f"{', '.join(objectives())}, and per class, such as per_class.CLASS.recall"
L2 = "training.l2: {choice: [0.1]}"


def test_no_search_is_no_problem(load: Callable[..., LoadedConfig]) -> None:
    assert load("data: {source: iris}").search_problems() == []


@pytest.mark.parametrize(
    ("metric", "advice"),
    [
        ("acuracy", " (did you mean 'accuracy'?)"),
        ("validation_loss", " (write metric: loss; `on` sets where it is measured)"),
        ("f1", " of a trial; write per_class.CLASS.f1, with the name of a class, or f1_macro"),
        ("los", " (did you mean 'loss'?)"),
        ("per_class.setosa", f"; the metrics are {KNOWN}"),
        ("per_class.setosa.support", f"; the metrics are {KNOWN}"),
    ],
)
def test_a_metric_that_does_not_exist(search_problems_of: Problems, metric: str, advice: str) -> None:
    assert search_problems_of(L2, search=f"  objective: {{metric: {metric}}}\n") == [
        f"4: search.objective.metric: there is no metric '{metric}'{advice}"
    ]


@pytest.mark.parametrize("metric", [*objectives(), "per_class.setosa.recall", "per_class.any.thing.f1"])
def test_metrics_that_exist(search_problems_of: Problems, metric: str) -> None:
    assert search_problems_of(L2, search=f"  objective: {{metric: {metric}}}\n") == []


@pytest.mark.parametrize(
    ("space", "searched"),
    [
        ("model.output: {choice: [squared, {name: huber, delta: 0.5}]}", "model.output"),
        ("model.output: {choice: [{name: huber, delta: 1}, {name: huber, delta: 2}]}", "model.output"),
        ("model.output.name: {choice: [squared, absolute]}", "model.output.name"),
        ("model.output.delta: {uniform: [0.5, 2]}", "model.output.delta"),
        ("model: {choice: [{output: squared}, {output: huber}]}", "model"),
        ("model.output: {choice: [softmax, logistic]}", None),
        ("model.output: {choice: [huber, huber]}", None),
        ("model: {choice: [{hidden: [3]}, {hidden: [4]}]}", None),
    ],
)
def test_values_of_different_losses_are_not_compared(
    search_problems_of: Problems, space: str, searched: str | None
) -> None:
    def refused(metric: str) -> list[str]:
        config = "model: {output: huber}" if searched == "model.output.delta" else ""
        found = search_problems_of(space, search=f"  objective: {{metric: {metric}}}\n", config=config)
        return [each for each in found if "search.objective.metric" in each]

    message = (
        f"{searched} is searched, and values of different loss functions cannot be compared; "
        "write metric: r2, rmse or mae"
    )
    assert refused("loss") == ([f"4: search.objective.metric: {message}"] if searched else [])
    assert refused("mae") == []


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


@pytest.mark.parametrize(
    ("search", "problems"),
    [
        ("  budget: {min_epochs: 300}\n", ["must be at most training.epochs, which is 200"]),
        ("  budget: {min_epochs: 82, max_epochs: 81}\n", ["must be at most max_epochs, which is 81"]),
        ("  budget: {min_epochs: 81, max_epochs: 81}\n", []),
        ("  budget: {min_epochs: 300}\n  method: random\n", []),
        ("  budget: {min_epochs: 300, total: 1000}\n  method: halving\n", []),
    ],
)
def test_the_bounds_of_the_budget(search_problems_of: Problems, search: str, problems: list[str]) -> None:
    places = [f"4: search.budget.min_epochs: {problem}" for problem in problems]
    assert search_problems_of(L2, search=search) == places


def test_a_largest_budget_with_which_the_config_is_refused(search_problems_of: Problems) -> None:
    assert search_problems_of(
        L2,
        config="training: {lr_schedule: {name: cosine, warmup_epochs: 20}}",
        search="  budget: {max_epochs: 9}\n",
    ) == [
        "4: search.budget.max_epochs: with 9, training.lr_schedule.warmup_epochs: "
        "must be less than training.epochs, which is 9"
    ]


def test_training_does_not_mind(load: Callable[..., LoadedConfig]) -> None:
    """The `--set` words of a trial may invalidate the space, which `train` does not read."""
    text = "data: {source: iris}\nsearch:\n  space: {training.l2: {uniform: [-1, 0]}, seed: {choice: [1]}}\n"
    loaded = load(text)
    assert len(loaded.search_problems()) == 2
