from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from fnnctl.tasks.regions import LEAST_OF_TENTH, TENTHS, ErrorTails

Arrays = dict[str, Any]


def tails_of_numbers(rows: int) -> ErrorTails:
    """Errors grow with the estimates, and are larger above than below."""
    estimates = np.linspace(0.0, 1.0, rows)
    errors = np.where(np.arange(rows) % 2, 2.0, -1.0) * estimates
    return ErrorTails.of_numbers(estimates + errors, estimates)


def test_an_interval_has_half_of_the_errors_on_each_side() -> None:
    """19 errors of −9 to 9: the 19th of 20 ranks above, and the same below, at a coverage of 0.9."""
    errors = np.arange(-9.0, 10.0)
    tails = ErrorTails.of_numbers(errors, np.zeros(19))
    low, high = tails.limits(0.9).intervals(np.array([100.0]))
    assert (low.item(), high.item()) == (91.0, 109.0)
    low, high = tails.limits(0.5).intervals(np.array([100.0]))
    assert (low.item(), high.item()) == (95.0, 105.0)  # ⌈20 · 0.75⌉ = 15: the fifth-largest error is 5
    assert tails.highest_coverage == 0.9


def test_tenths_of_the_estimates_have_their_own_widths_if_there_are_rows() -> None:
    few, many = tails_of_numbers(TENTHS * LEAST_OF_TENTH - 1), tails_of_numbers(TENTHS * LEAST_OF_TENTH)
    assert few.pooled(0.9) == [*range(TENTHS)]
    low, high = many.limits(0.9).intervals(np.array([0.05, 0.95]))
    above, below = high - [0.05, 0.95], [0.05, 0.95] - low
    assert above[0] < 0.21
    assert above[1] > 1.8
    np.testing.assert_allclose(above, 2.0 * below, rtol=0.02)


def test_a_set_has_the_classes_whose_score_is_within_the_limit_of_their_class() -> None:
    """Class 0 is predicted well; class 1 badly, and class 2 has few rows, so that they share a limit."""
    labels = np.repeat([0, 1, 2], [65, 60, 5])
    of_truth = np.concatenate([np.full(65, 0.9), np.full(60, 0.3), np.full(5, 0.5)])
    probabilities = np.zeros((130, 3))
    probabilities[np.arange(130), labels] = of_truth
    tails = ErrorTails.of_classes(labels, probabilities)
    limits = tails.limits(0.9)
    np.testing.assert_allclose(limits.limits[0], [0.1, 0.7, 0.7])
    assert tails.pooled(0.9) == [1, 2]
    rows = np.array([[0.95, 0.04, 0.01], [0.5, 0.2, 0.3], [0.35, 0.34, 0.31], [0.8, 0.1, 0.1]])
    inside = [[True, False, False], [True, False, True], [True, True, True], [True, False, False]]
    assert limits.sets(rows).tolist() == inside


def tails_of_classes() -> ErrorTails:
    """Two of four classes share a limit."""
    probabilities = np.random.default_rng(0).dirichlet(np.ones(4), 200)
    return ErrorTails.of_classes(np.repeat([0, 1, 2, 3], [70, 70, 30, 30]), probabilities)


@pytest.mark.parametrize(
    ("tails", "classes"),
    [(tails_of_numbers(50), 0), (tails_of_numbers(2000), 0), (tails_of_classes(), 4)],
    ids=["one part", "tenths", "classes"],
)
def test_arrays_give_the_same_tails(tails: ErrorTails, classes: int) -> None:
    read = ErrorTails.from_arrays(tails.to_arrays(), classes)
    for coverage in (0.5, 0.8, 0.9):
        for limits, expected in zip(read.limits(coverage).limits, tails.limits(coverage).limits, strict=True):
            np.testing.assert_array_equal(limits, expected)
    assert read.edges.tolist() == tails.edges.tolist()


def reverse(name: str) -> Callable[[Arrays], Arrays]:
    return lambda arrays: {**arrays, name: arrays[name][::-1]}


@pytest.mark.parametrize(
    "damage",
    [
        reverse("scores"),
        reverse("masses"),
        lambda arrays: {**arrays, "scores": arrays["scores"][:-1]},
        lambda arrays: {**arrays, "scores": arrays["scores"] * np.nan},
        lambda arrays: {**arrays, "masses": arrays["masses"] * 2},
        lambda arrays: {**arrays, "sizes": -arrays["sizes"]},
        lambda arrays: {**arrays, "sizes": arrays["sizes"].ravel()},
        lambda arrays: {**arrays, "sizes": arrays["sizes"] * 1.0},
        lambda arrays: {**arrays, "sizes": arrays["sizes"][:1]},
        lambda arrays: {**arrays, "sizes": arrays["sizes"][:, :-1]},
        lambda arrays: {**arrays, "edges": np.arange(4.0)},
        lambda arrays: {**arrays, "edges": arrays["edges"][::-1]},
    ],
)
def test_damaged_arrays_are_refused(damage: Callable[[Arrays], Arrays]) -> None:
    with pytest.raises(ValueError, match="its "):
        ErrorTails.from_arrays(damage(tails_of_numbers(2000).to_arrays()), 0)


def test_tails_of_other_classes_are_refused() -> None:
    with pytest.raises(ValueError, match="its sizes are not those of tails"):
        ErrorTails.from_arrays(tails_of_classes().to_arrays(), 3)
