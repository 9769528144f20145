from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fnnctl.arrays import FloatArray
from fnnctl.config.rules.dimensions import space_of
from fnnctl.config.schema.search import SearchConfig
from fnnctl.search.samplers.gp.acquisition import log_improvement
from fnnctl.search.samplers.gp.coordinates import Cube
from fnnctl.search.samplers.gp.fit import Parameters
from fnnctl.search.samplers.gp.maximize import NEAR, STARTS, near_best, promising, spread, starts
from fnnctl.search.samplers.gp.process import Process

OPEN: dict[str, Any] = {"x": {"uniform": [0, 1]}, "y": {"uniform": [0, 1]}}
MIXED: dict[str, Any] = {"x": {"uniform": [0, 1]}, "y": {"integer": [1, 900]}}
LEVELS: dict[str, Any] = {"x": {"integer": [1, 500]}, "y": {"integer": [1, 900]}}
SMALL: dict[str, Any] = {"x": {"integer": [1, 20]}, "y": {"integer": [1, 30]}}


def cube(plain: dict[str, Any]) -> Cube:
    return Cube(space_of(SearchConfig.model_validate({"space": plain}).space))


def process(seed: int, made: Cube) -> Process:
    points = made.snapped(np.random.default_rng(seed).random((12, 2)))
    y = np.square(points - [0.3, 0.8]).sum(axis=1) * 6 - 1
    return Process(points, y, Parameters(np.array([3.0, 6.0]), 1.0, 1e-6))


def everything(points: FloatArray) -> FloatArray:
    return points


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("plain", [OPEN, MIXED, LEVELS, SMALL], ids=["open", "mixed", "levels", "small"])
def test_it_finds_the_best_point_of_a_fine_grid(plain: dict[str, Any], seed: int) -> None:
    made = cube(plain)
    model = process(seed, made)
    best = float(model.y.min())
    side = np.linspace(0, 1, 201)
    grid = made.snapped(np.stack([each.ravel() for each in np.meshgrid(side, side)], axis=1))
    highest = log_improvement(model, grid, best).max()
    found = promising(model, made, best, np.random.default_rng(0), everything)
    values = log_improvement(model, found, best)
    assert values[0] >= highest - 1e-9
    assert (np.diff(values) <= 0).all()
    np.testing.assert_array_equal(found, made.snapped(found))


def test_drawn_points_fulfil_the_constraints() -> None:
    made = cube(OPEN)
    model = process(0, made)
    found = promising(
        model, made, float(model.y.min()), np.random.default_rng(0), lambda points: points[points[:, 0] > 0.5]
    )
    assert (found[:, 0] > 0.5).sum() > 400
    assert (found[:, 0] <= 0.5).sum() <= STARTS


@pytest.mark.parametrize("plain", [OPEN, SMALL], ids=["open", "small"])
def test_nothing_is_allowed(plain: dict[str, Any]) -> None:
    made = cube(plain)
    found = promising(process(0, made), made, 0.0, np.random.default_rng(0), lambda points: points[:0])
    assert found.shape == (0, 2)


@pytest.mark.parametrize("size", [1, 2, 6, 20])
def test_points_are_spread_evenly(size: int) -> None:
    points = spread(1000, size, np.random.default_rng(0))
    assert points.shape == (1000, size)
    assert ((points >= 0) & (points < 1)).all()
    for column in points.T:
        assert (np.abs(np.sort(column) - (np.arange(1000) + 0.5) / 1000) <= 0.0005).all()


def test_near_points_are_at_distances_of_all_magnitudes() -> None:
    model = process(0, cube(OPEN))
    centres = model.points[np.argsort(model.y)[:3]]
    found = near_best(model, np.random.default_rng(0))
    distance = np.abs(found[:, None] - centres).max(axis=2).min(axis=1)
    counts, _ = np.histogram(np.log10(distance + 1e-12), [-6, -4, -3, -2, 0])
    assert len(found) == NEAR
    assert (counts > NEAR / 20).all()


def test_starts_contain_the_best_points() -> None:
    values = np.random.default_rng(0).normal(size=100)
    chosen = starts(values, 70, np.random.default_rng(1)).tolist()
    assert int(np.argmax(values)) in chosen
    assert set((70 + np.argsort(-values[70:])[:2]).tolist()) <= set(chosen)
    assert len(set(chosen)) == len(chosen) <= STARTS
