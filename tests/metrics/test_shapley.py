from __future__ import annotations

from itertools import combinations
from math import factorial

import numpy as np
import pytest

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.metrics.shapley import Effects, drawn_turns, shapley_effects


def model(x: FloatArray) -> FloatArray:
    """Interactions of two and three columns, and one column without effect."""
    values: FloatArray = 2 * x[:, 0] + x[:, 1] * x[:, 2] + x[:, 0] * x[:, 1] * x[:, 3] + np.sin(x[:, 2])
    return values


def explained(row: FloatArray, background: FloatArray, turns: IntArray) -> Effects:
    taken = turns[:, :, None, :] < np.arange(1, len(row))[:, None]
    mixed = np.where(taken, row, background[:, None, None, :])
    between = model(mixed.reshape(-1, len(row))).reshape(mixed.shape[:3])
    return shapley_effects(model(row[None])[0], model(background), between, turns)


def exact(row: FloatArray, background: FloatArray) -> FloatArray:
    """The definition: the mean gain of a column over all sets of the others, weighted by their size."""
    columns = len(row)

    def value(chosen: tuple[int, ...]) -> float:
        mixed = background.copy()
        mixed[:, chosen] = row[list(chosen)]
        return float(model(mixed).mean())

    effects = np.zeros(columns)
    for column in range(columns):
        others = [other for other in range(columns) if other != column]
        for size in range(columns):
            weight = factorial(size) * factorial(columns - size - 1) / factorial(columns)
            for chosen in combinations(others, size):
                effects[column] += weight * (value((*chosen, column)) - value(chosen))
    return effects


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(1)


def test_effects_sum_to_the_difference_from_the_base(rng: np.random.Generator) -> None:
    row, background = rng.normal(size=5), rng.normal(size=(7, 5))
    found = explained(row, background, drawn_turns(7, 5, rng))
    assert found.base == pytest.approx(model(background).mean(), rel=1e-12)
    assert found.base + found.effects.sum() == pytest.approx(model(row[None])[0], rel=1e-12)


def test_effects_are_shapley_values_within_the_sampling_error(rng: np.random.Generator) -> None:
    row, background = rng.normal(size=5), np.repeat(rng.normal(size=(4, 5)), 2000, axis=0)
    found = explained(row, background, drawn_turns(len(background), 5, rng))
    expected = exact(row, background[::2000])
    assert (np.abs(found.effects - expected) < 4 * found.errors + 1e-12).all()
    assert (found.errors < 0.03).all()
    assert found.effects[4] == expected[4] == 0.0


def test_an_order_and_its_reverse_are_exact_without_interactions_of_three(rng: np.random.Generator) -> None:
    row, background = rng.normal(size=5), rng.normal(size=(1, 5))
    row[3] = background[0, 3] = 0.0
    found = explained(row, background, drawn_turns(1, 5, rng))
    np.testing.assert_allclose(found.effects, exact(row, background), atol=1e-12)
    assert np.isnan(found.errors).all()


def test_the_second_order_of_a_background_row_is_the_reverse_of_the_first(rng: np.random.Generator) -> None:
    turns = drawn_turns(6, 4, rng)
    assert (turns.sum(axis=1) == 3).all()
    assert (np.sort(turns, axis=2) == np.arange(4)).all()
    assert len(np.unique(turns[:, 0], axis=0)) > 1


def test_a_single_column_has_the_whole_effect(rng: np.random.Generator) -> None:
    found = shapley_effects(3.0, np.array([1.0, 2.0]), np.empty((2, 2, 0)), drawn_turns(2, 1, rng))
    assert (found.base, found.effects.tolist()) == (1.5, [1.5])
