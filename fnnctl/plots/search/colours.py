"""The colours of a search's figures from worst to best, or from the smallest to the largest budget.

There are few of them, so that an SVG can name each, and a page can replace it on a dark background.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from matplotlib.colors import ListedColormap

from fnnctl.arrays import IntArray

SEQUENCE: Final = (
    "#abdeb7", "#78cbbc", "#42b6c4", "#2a9ec1", "#1e86bb", "#216daf", "#2355a4", "#243c98", "#192b7c",
    "#081d58",
)  # fmt: skip
"""From light to dark in equal steps of lightness, and none too light to see on white."""
COLOUR_MAP: Final = ListedColormap(list(SEQUENCE))
MOST_BUDGETS: Final = 8
"""With more budgets, several share a colour."""


@dataclass(frozen=True, slots=True)
class BudgetColours:
    """A colour for each of a search's budgets, or for each range of them; the largest is the darkest."""

    lows: tuple[int, ...]
    """The smallest budget of each colour."""
    highs: tuple[int, ...]
    colours: tuple[str, ...]

    @property
    def texts(self) -> list[str]:
        """The budgets of each colour: `27`, or `27–30`."""
        pairs = zip(self.lows, self.highs, strict=True)
        return [f"{low:,}" if low == high else f"{low:,}–{high:,}" for low, high in pairs]

    def places(self, budgets: Iterable[int]) -> IntArray:
        """The index of each budget's colour, (n,)."""
        return np.searchsorted(self.lows, list(budgets), side="right") - 1


def budget_colours(budgets: Iterable[int]) -> BudgetColours:
    """The colours of these budgets, of which there is at least one."""
    distinct = sorted(set(budgets))
    groups = np.array_split(distinct, min(len(distinct), MOST_BUDGETS))
    lows, highs = (tuple(int(group[place]) for group in groups) for place in (0, -1))
    return BudgetColours(lows, highs, tuple(spread_colours(len(groups))))


def spread_colours(count: int) -> list[str]:
    """`count` of the colours, evenly chosen from the lightest to the darkest; one is in the middle."""
    if count == 1:
        return [SEQUENCE[6]]
    last = len(SEQUENCE) - 1
    return [SEQUENCE[round(index * last / (count - 1))] for index in range(count)]
