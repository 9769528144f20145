"""All pairs of the compared runs, with the correction for their number, and the verdict on each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from fnnctl.config.schema.metric_names import is_loss
from fnnctl.metrics.paired import LEVEL, holm
from fnnctl.report.comparison.pair_tests import PairTest, suitable_test
from fnnctl.report.comparison.sides import Side

Verdict: TypeAlias = Literal["better", "worse", "tie"]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two runs of a comparison, by their places in it."""

    first: int
    second: int
    test: PairTest
    p_holm: float
    """p, corrected for the number of pairs."""
    verdict: Verdict
    """Whether the first run is better."""


def compared_pairs(sides: Sequence[Side], metric: str) -> list[Pair]:
    """All pairs in the order of the runs, which have the same target."""
    places = [(first, second) for first in range(len(sides)) for second in range(first + 1, len(sides))]
    found = [suitable_test(sides[first], sides[second]) for first, second in places]
    corrected = holm([each.difference.p for each in found])
    return [
        Pair(*place, each, p, verdict(each.difference.value, p, metric))
        for place, each, p in zip(places, found, corrected, strict=True)
    ]


def verdict(difference: float, p: float, metric: str) -> Verdict:
    """Whether the first of two runs is better, from the difference first minus second and its p."""
    if p >= LEVEL:
        return "tie"
    return "better" if (difference < 0) == is_loss(metric) else "worse"
