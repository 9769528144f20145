"""The contributions of columns to the predictions of a trained network."""

from __future__ import annotations

from itertools import combinations
from math import factorial

import numpy as np
import pytest

import fnnctl
from fnnctl.errors import UsageError
from fnnctl.nn.losses.cross_entropy import log_odds

ROWS = 80
SETTINGS = {
    "recipe": "default",
    "data.target": "y",
    "model.hidden": [6],
    "model.ensemble": {"members": 2, "bags": True, "plain_twins": True},
    "training.epochs": 10,
}
pytestmark = pytest.mark.filterwarnings("ignore::fnnctl.FnnctlWarning")


def table(rng: np.random.Generator) -> dict[str, list[object]]:
    """Numbers that interact, with missing ones, and categories."""
    a, b, c = rng.normal(size=(3, ROWS)).round(3)
    place = rng.choice(["north", "south", "west"], ROWS)
    y = np.where(place == "north", a * b, c) + 0.1 * rng.normal(size=ROWS)
    numbers = {name: [*values.tolist()] for name, values in {"a": a, "b": b, "c": c, "y": y}.items()}
    numbers["c"][::7] = [None] * len(numbers["c"][::7])
    return {**numbers, "place": place.tolist()}


def part(columns: dict[str, list[object]], rows: slice) -> dict[str, list[object]]:
    return {name: values[rows] for name, values in columns.items() if name != "y"}


@pytest.fixture(scope="module")
def columns() -> dict[str, list[object]]:
    return table(np.random.default_rng(0))


@pytest.fixture(scope="module")
def predictor(columns: dict[str, list[object]]) -> fnnctl.Predictor:
    return fnnctl.train(SETTINGS, columns).predictor


def exact(
    predictor: fnnctl.Predictor, row: dict[str, list[object]], background: dict[str, list[object]]
) -> list[float]:
    """The definition of Shapley values, by predictions of all mixtures of the row and the background."""
    names = predictor.feature_names

    def mean(taken: frozenset[str]) -> float:
        count = len(background[names[0]])
        mixed = {name: row[name] * count if name in taken else background[name] for name in names}
        return float(predictor.predict(mixed).mean())

    means = {
        frozenset(taken): mean(frozenset(taken))
        for size in range(len(names) + 1)
        for taken in combinations(names, size)
    }
    return [
        sum(
            factorial(len(others))
            * factorial(len(names) - len(others) - 1)
            / factorial(len(names))
            * (means[others | {name}] - means[others])
            for others in means
            if name not in others
        )
        for name in names
    ]


def test_effects_are_shapley_values_within_their_errors(
    predictor: fnnctl.Predictor, columns: dict[str, list[object]]
) -> None:
    background = part(columns, slice(10, 35))
    contributions = predictor.contributions(part(columns, slice(0, 4)), background)
    assert contributions.columns == predictor.feature_names
    for row in range(4):
        values = exact(predictor, part(columns, slice(row, row + 1)), background)
        differences = np.abs(contributions.effects[row] - values)
        assert (differences < 3.5 * contributions.errors[row]).all()


def test_a_row_does_not_depend_on_the_others(
    predictor: fnnctl.Predictor, columns: dict[str, list[object]]
) -> None:
    background = part(columns, slice(40, 50))
    together = predictor.contributions(part(columns, slice(0, 20)), background)
    alone = predictor.contributions(part(columns, slice(18, 19)), background)
    for name in ("base", "effects", "errors"):
        np.testing.assert_array_equal(getattr(together, name)[18:19], getattr(alone, name))


def test_a_background_of_one_row_has_as_many_orders(
    predictor: fnnctl.Predictor, columns: dict[str, list[object]]
) -> None:
    """All pairs of an order and its reverse differ, so that there are errors."""
    row, background = part(columns, slice(1, 2)), part(columns, slice(5, 6))
    contributions = predictor.contributions(row, background)
    assert np.isfinite(contributions.errors).all()
    assert contributions.base[0] == pytest.approx(predictor.predict(background)[0], rel=1e-12)
    np.testing.assert_allclose(
        contributions.effects[0], exact(predictor, row, background), atol=4 * contributions.errors.max()
    )


def test_training_rows_are_the_background_of_a_run(
    columns: dict[str, list[object]], predictor: fnnctl.Predictor
) -> None:
    kept = fnnctl.train({**SETTINGS, "model.background_rows": 100}, columns).predictor
    rows = part(columns, slice(0, 3))
    contributions = kept.contributions(rows)
    sums = contributions.base + contributions.effects.sum(axis=1)
    np.testing.assert_allclose(sums, kept.predict(rows), rtol=1e-9)
    with pytest.raises(UsageError, match="in the memory of a Python program: pass rows as background"):
        predictor.contributions(rows)


def test_log_odds_of_a_certain_class_are_finite() -> None:
    scores = np.array([[0.0, 900.0, 1.0], [0.0, np.log(3.0), -np.inf]])
    odds = log_odds(scores, 1)
    assert odds[0] == pytest.approx(900 - np.log(1 + np.e), rel=1e-15)
    assert odds[1] == pytest.approx(np.log(3.0), rel=1e-15)
    assert log_odds(np.array([[2.0, 5.0]], np.float32), 0).tolist() == [-3.0]
