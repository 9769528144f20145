"""The first trials of a search without a space: where they come from, and what they change."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fnnctl.config.recipes.portfolio import MANY_ROWS_PORTFOLIO, PORTFOLIO, Change
from fnnctl.config.recipes.resolving import resolve
from tests.benchmarks.portfolio.candidates import candidates
from tests.config.recipes.cases import facts_of


@pytest.mark.parametrize("change", PORTFOLIO)
def test_the_portfolio_is_of_the_candidates_of_its_benchmark(change: Change) -> None:
    """Some of these have edges and an encoding, too, which change nothing where rows are few."""
    tried = [replace(candidate, edges=None, category_encoding=None) for candidate in candidates(31)]
    assert change in tried


@pytest.mark.parametrize("change", MANY_ROWS_PORTFOLIO)
def test_the_portfolio_for_many_rows_is_of_the_candidates_of_its_benchmark(change: Change) -> None:
    assert change in candidates(10)


@pytest.mark.parametrize(
    ("change", "training", "values"),
    [
        (Change(rate=2), {}, {"training.optimizer.learning_rate": 0.08}),
        (Change(rate=0.5), {"optimizer": "lbfgs"}, {}),
        (Change(batch=2), {}, {"training.batch_size": 64}),
        (Change(batch=0.5), {"batch_size": 2}, {"training.batch_size": 1}),
        (Change(batch=0.25), {"batch_size": 2}, {"training.batch_size": 1}),
        (Change(epochs=0.5), {"epochs": 3}, {"training.epochs": 2}),
        (Change(epochs=0.5), {"epochs": 2}, {"training.epochs": 1}),
        (Change(epochs=0.1), {"epochs": 2}, {"training.epochs": 1}),
    ],
)
def test_factors_change_the_numbers_of_the_default(
    change: Change, training: dict[str, Any], values: dict[str, Any]
) -> None:
    """Of a rate of 0.04 and batches of 32; a step has a row and training an epoch at least."""
    default = resolve({"data": {"source": "iris"}, "training": training}, facts_of()).experiment
    assert change.values(default) == values
