"""Where the objective of a search was measured, in the words of its reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fnnctl.records.history import SearchHistory


@dataclass(frozen=True, slots=True)
class Measured:
    """The words for one place of measurement."""

    where: str
    """After a metric, as in `accuracy on the validation part`."""
    short: str
    """In a row of a table."""
    score: str
    """The objective, as in `its validation score is optimistic`."""
    axis: str = ""
    """After the metric's name, on the axis of a figure."""


_MEASURED: Final[Mapping[str, Measured]] = {
    "cross_validation": Measured(
        "over the folds", "mean over the folds", "score over the folds", ", cross-validated"
    ),
    "bags": Measured("out of bag", "out of bag", "out-of-bag score", ", out of bag"),
}


def measured(search: SearchHistory) -> Measured:
    """The words for a search, whose objective was measured on a part of the rows, on folds, or on bags."""
    part = search.part
    return _MEASURED.get(part) or Measured(f"on the {part} part", f"{part} part", f"{part} score")
