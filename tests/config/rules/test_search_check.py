from __future__ import annotations

from collections.abc import Callable

import pytest

from fnnctl.config.reading.loading import LoadedConfig
from fnnctl.config.schema.losses import LOSS_RECORDS
from fnnctl.metrics.metric import SEVERAL
from fnnctl.metrics.registry import metric_of, objectives
from tests.messages import Messages

Problems = Callable[..., list[str]]
L2 = "training.l2: {choice: [0.1]}"


def test_no_search_is_no_problem(load: Callable[..., LoadedConfig]) -> None:
    assert load("data: {source: iris}").search_problems() == []


@pytest.mark.parametrize(
    "metric",
    [
        *(name for name in objectives() if name not in objectives(SEVERAL)),
        "per_class.setosa.recall",
        "per_class.any.thing.f1",
    ],
)
def test_metrics_that_exist(search_problems_of: Problems, metric: str) -> None:
    record = metric_of(metric)
    assert record is not None
    outputs = [name for name, loss in LOSS_RECORDS.items() if record.needs in loss.measures]
    space = f"model.output: {{choice: [{outputs[0]}]}}"
    assert search_problems_of(space, search=f"  objective: {{metric: {metric}}}\n") == []


@pytest.mark.parametrize(
    "outputs", ["[squared]", "[quantile, absolute]", "[quantile, {name: quantile, levels: [0.5]}]"]
)
def test_pinball_losses_are_those_of_equal_levels(
    search_problems_of: Problems, messages: Messages, outputs: str
) -> None:
    (problem,) = search_problems_of(
        f"model.output: {{choice: {outputs}}}", search="  objective: {metric: pinball}\n"
    )
    messages.check(problem)


@pytest.mark.parametrize(("outputs", "metrics"), [
    (["poisson"], {"d2", "deviance"}),
    (["poisson", "gamma"], set()),
    (["poisson", "squared"], set()),
    (["auto"], set()),
])  # fmt: skip
def test_trials_are_measured_by_what_all_their_outputs_have(
    load: Callable[..., LoadedConfig], outputs: list[str], metrics: set[str]
) -> None:
    space = f"  space: {{model.output: {{choice: {outputs}}}}}\n"
    for metric in ("d2", "deviance"):
        text = f"data: {{source: iris}}\nsearch:\n  objective: {{metric: {metric}}}\n{space}"
        assert bool(load(text).search_problems()) == (metric not in metrics)


def test_training_does_not_mind(load: Callable[..., LoadedConfig]) -> None:
    """The `--set` words of a trial may invalidate the space, which `train` does not read."""
    text = "data: {source: iris}\nsearch:\n  space: {training.l2: {uniform: [-1, 0]}, seed: {choice: [1]}}\n"
    loaded = load(text)
    assert len(loaded.search_problems()) == 2
