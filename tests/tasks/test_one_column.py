"""The simple rules on one column, against values worked by hand."""

from __future__ import annotations

import numpy as np

from fnnctl.tasks.one_column import cells, classes_of_column, distinct_edges, estimated_targets


def test_missing_values_have_the_first_cell() -> None:
    edges = np.array([1.0, 3.0])
    assert cells(np.array([np.nan, 0.5, 1.0, 2.9, 3.0, 9.0]), edges).tolist() == [0, 1, 1, 1, 2, 2]
    assert cells(np.array([-1, 0, 5]), edges).tolist() == [0, 1, 6]


def test_many_numbers_have_no_cells_of_their_own() -> None:
    assert distinct_edges(np.array([2.0, np.nan, 1.0, 2.0])) is not None
    assert distinct_edges(np.arange(100.0)) is None


def test_categories_have_their_most_frequent_class_and_new_ones_that_of_all() -> None:
    codes, labels = np.array([0, 0, 0, 1, 1, -1]), np.array([1, 1, 0, 2, 2, 1])
    others = np.array([0, 1, -1, 7])
    assert classes_of_column(codes, labels, others, classes=3).tolist() == [1, 2, 1, 1]


def test_a_rare_class_has_cells_of_its_own() -> None:
    """1 % of the rows, which are between two others: the quantiles of all rows would hide them."""
    numbers = np.linspace(0.0, 1.0, 1000)
    labels = ((numbers > 0.501) & (numbers < 0.511)).astype(np.intp)
    assert labels.sum() == 10
    assert classes_of_column(numbers, labels, numbers, classes=2).tolist() == labels.tolist()


def test_noise_does_not_hide_a_rare_class() -> None:
    """A tenth of the labels elsewhere is wrong, so the class changes too often for a cell each."""
    rng = np.random.default_rng(0)
    numbers, wrong = np.linspace(0.0, 1.0, 5000), rng.uniform(size=5000) < 0.1
    labels = np.where((numbers > 0.5) & (numbers < 0.51), 2, wrong.astype(np.intp))
    found = classes_of_column(numbers, labels, numbers, classes=3)
    assert np.mean(found[labels == 2] == 2) > 0.9


def test_many_classes_are_told_by_the_quantiles_of_all_rows() -> None:
    numbers = np.arange(3000.0)
    labels = (numbers // 100).astype(np.intp)
    labels[::10] = np.random.default_rng(0).integers(30, size=300)
    assert np.mean(classes_of_column(numbers, labels, numbers, classes=30) == labels) > 0.6


def test_few_numbers_have_means() -> None:
    numbers, targets = np.array([1.0, 1.0, 2.0, np.nan]), np.array([2.0, 4.0, 7.0, 11.0])
    assert estimated_targets(numbers, targets, np.array([1.0, 2.5, np.nan, 0.0])).tolist() == [3, 7, 11, 3]


def test_a_line_in_each_cell_follows_a_curve() -> None:
    numbers, new = np.random.default_rng(0).uniform(0, 1, (2, 2000))
    estimates = estimated_targets(numbers, np.exp(3 * numbers), new)
    wanted = np.exp(3 * new)
    assert np.square(wanted - estimates).sum() < 1e-4 * np.square(wanted - wanted.mean()).sum()
    assert np.isfinite(estimated_targets(1e300 * numbers, np.exp(3 * numbers), 1e300 * new)).all()


def test_estimates_stay_within_the_targets() -> None:
    numbers = np.arange(200.0)
    assert estimated_targets(numbers, numbers, np.array([-1000.0, 1000.0])).tolist() == [0.0, 199.0]
