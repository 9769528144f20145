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


def test_training_does_not_mind(load: Callable[..., LoadedConfig]) -> None:
    """The `--set` words of a trial may invalidate the space, which `train` does not read."""
    text = "data: {source: iris}\nsearch:\n  space: {training.l2: {uniform: [-1, 0]}, seed: {choice: [1]}}\n"
    loaded = load(text)
    assert len(loaded.search_problems()) == 2
