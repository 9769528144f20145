from __future__ import annotations

import numpy as np
import pytest

from fnnctl.data.binning import bin_coordinates, bin_edges

EDGES = np.array([0.0, 1.0, 3.0])


def test_coordinates_by_hand() -> None:
    numbers = np.array([-5.0, 0.0, 0.5, 1.0, 2.5, 3.0, 1e300])
    assert bin_coordinates(numbers, EDGES).tolist() == [0, 0, 0.5, 1, 1.75, 2, 2]


@pytest.mark.parametrize("edges", [[], [7.0]])
def test_without_a_bin_all_coordinates_are_zero(edges: list[float]) -> None:
    assert bin_coordinates(np.array([6.0, 7.0, 8.0]), np.array(edges)).tolist() == [0, 0, 0]


def test_edges_are_the_distinct_quantiles() -> None:
    columns = np.array([[4.0, 3, 2, 1, 0], [0.0, 0, 0, 0, 5], [2.0, 2, 2, 2, 2]])
    found = bin_edges(columns, 4)
    assert [own.tolist() for own in found] == [[0, 1, 2, 3, 4], [0, 5], [2]]


def test_each_bin_has_about_as_many_rows() -> None:
    values = np.random.default_rng(0).lognormal(size=4801)
    coordinates = bin_coordinates(values, bin_edges(values[None], 48)[0])
    assert set(np.bincount(np.minimum(coordinates.astype(int), 47)).tolist()) <= {100, 101}


def test_huge_numbers_have_finite_coordinates() -> None:
    values = np.array([-1.7e308, 0.0, 1.7e308])
    assert bin_coordinates(values, bin_edges(values[None], 2)[0]).tolist() == [0, 1, 2]
