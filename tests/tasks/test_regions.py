from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from fnnctl.metrics.rows import Quantiles
from fnnctl.tasks.regions import LEAST_OF_TENTH, TENTHS, ErrorTails, RegionLimits, symmetric_pairs

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


LEVELS = (0.1, 0.25, 0.5, 0.75, 0.9)


def tails_of_quantiles(rows: int) -> ErrorTails:
    """The targets are normal, and the quantiles too close."""
    rng = np.random.default_rng(0)
    targets, values = rng.normal(size=rows), np.array([-0.8, -0.4, 0.0, 0.4, 0.8])
    quantiles = Quantiles(LEVELS, np.tile(values, (rows, 1)))
    tails = ErrorTails.of_quantiles(targets, quantiles.values[:, 2], quantiles)
    assert tails is not None
    return tails


def test_pairs_of_levels_are_as_far_from_a_half() -> None:
    assert symmetric_pairs(LEVELS) == {0.5: (1, 3), 0.8: (0, 4)}
    assert symmetric_pairs((0.05, 0.3, 0.7, 0.95)) == {0.4: (1, 2), 0.9: (0, 3)}
    assert symmetric_pairs((0.1, 0.5, 0.8)) == {}
    quantiles = Quantiles((0.1, 0.5), np.zeros((30, 2)))
    assert ErrorTails.of_quantiles(np.zeros(30), np.zeros(30), quantiles) is None


def test_a_pair_of_quantiles_is_moved_at_each_end() -> None:
    """Of 19 targets the 19th-largest distance from each end is the limit of 0.9, the 18th that of 0.8."""
    targets = np.arange(-9.0, 10.0)
    quantiles = Quantiles((0.1, 0.5, 0.9), np.tile([-4.0, 0.0, 12.0], (19, 1)))
    tails = ErrorTails.of_quantiles(targets, np.zeros(19), quantiles)
    assert tails is not None
    assert (tails.highest_coverage, tails.possible((0.9, 0.95))) == (0.9, [0.8])
    # the upper end is 12 + (8 − 12), as 8 is the 18th target; the lower one −4 − (−4 − (−8))
    low, high = tails.limits(0.8).intervals(np.array([0.0]), np.array([[-4.0, 0.0, 12.0]]))
    assert (low.item(), high.item()) == (-8.0, 8.0)
    low, high = tails.limits(0.8).intervals(np.array([0.0]), np.array([[5.0, 5.5, 5.75]]))
    assert (low.item(), high.item()) == (1.0, 1.75)
    low, high = RegionLimits((np.array([-2.0]), np.array([-2.0])), np.empty(0), pair=(0, 1)).intervals(
        np.array([0.0]), np.array([[1.0, 2.0]])
    )
    assert (low.item(), high.item()) == (1.5, 1.5)


def test_adjusted_pairs_hold_as_many_targets_as_asked() -> None:
    """Of 200,000 normal targets, with limits from 1,999 others."""
    tails, new = tails_of_quantiles(1999), np.random.default_rng(1).normal(size=200_000)
    values = np.tile([-0.8, -0.4, 0.0, 0.4, 0.8], (len(new), 1))
    for coverage in (0.5, 0.8):
        low, high = tails.limits(coverage).intervals(values[:, 2], values)
        assert ((low <= new) & (new <= high)).mean() == pytest.approx(coverage, abs=0.03)


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
    ("tails", "classes", "levels"),
    [
        (tails_of_numbers(50), 0, ()),
        (tails_of_numbers(2000), 0, ()),
        (tails_of_classes(), 4, ()),
        (tails_of_quantiles(2000), 0, LEVELS),
    ],
    ids=["one part", "tenths", "classes", "quantiles"],
)
def test_arrays_give_the_same_tails(tails: ErrorTails, classes: int, levels: tuple[float, ...]) -> None:
    read = ErrorTails.from_arrays(tails.to_arrays(), classes, levels)
    assert read.possible((0.5, 0.8, 0.9)) == tails.possible((0.5, 0.8, 0.9))
    for coverage in tails.possible((0.5, 0.8, 0.9)):
        assert read.limits(coverage).pair == tails.limits(coverage).pair
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


def test_infinite_scores_are_in_order() -> None:
    arrays = tails_of_numbers(2000).to_arrays()
    end = int(arrays["sizes"].ravel()[0])
    arrays["scores"][end - 2 : end] = np.inf
    assert ErrorTails.from_arrays(arrays, 0).to_arrays()["scores"].tolist() == arrays["scores"].tolist()


def test_tails_of_other_levels_are_refused() -> None:
    with pytest.raises(ValueError, match="its sizes are not those of tails"):
        ErrorTails.from_arrays(tails_of_quantiles(50).to_arrays(), 0, (0.1, 0.5, 0.9))


def test_tails_of_other_classes_are_refused() -> None:
    with pytest.raises(ValueError, match="its sizes are not those of tails"):
        ErrorTails.from_arrays(tails_of_classes().to_arrays(), 3)
