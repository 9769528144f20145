from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from fnnctl.plots.search.colours import MOST_BUDGETS, SEQUENCE, budget_colours, spread_colours


def lightness(colour: str) -> float:
    """CIE L* of an sRGB colour."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return float(116 * np.cbrt(np.dot([0.2126, 0.7152, 0.0722], linear)) - 16)


def test_each_colour_is_darker_than_the_last_by_the_same_amount() -> None:
    steps = np.diff([lightness(colour) for colour in SEQUENCE])
    assert steps.max() < -6
    assert steps.min() > -10


def test_budgets_have_a_colour_each_up_to_a_limit() -> None:
    few = budget_colours([9, 1, 3, 3])
    assert (few.texts, few.colours) == (["1", "3", "9"], (SEQUENCE[0], SEQUENCE[4], SEQUENCE[-1]))
    assert few.places([3, 9, 1]).tolist() == [1, 2, 0]
    many = budget_colours(range(1, 1_001))
    assert len(set(many.colours)) == MOST_BUDGETS
    assert (many.texts[0], many.texts[-1]) == ("1–125", "876–1,000")
    assert many.places([1, 125, 126, 1_000]).tolist() == [0, 0, 1, MOST_BUDGETS - 1]


@pytest.mark.parametrize("count", [1, 2, 5, len(SEQUENCE)])
def test_spread_colours_differ(count: int) -> None:
    assert len(set(spread_colours(count))) == count
