"""The columns of rates and quantiles, which predictions of any kind have beside the estimate."""

from __future__ import annotations

from typing import Final

RATE: Final = "rate"
"""Per unit of exposure, if there are exposures."""
PREFIX: Final = "q_"
"""Before the level of a quantile."""


def level_column(level: float) -> str:
    """The column of the quantile of a level: `q_0.1`."""
    return f"{PREFIX}{level!r}"


def is_level_column(column: str) -> bool:
    """Whether a column of predictions.csv has a quantile."""
    return column.startswith(PREFIX)


def level_of(column: str) -> float:
    """The level of the quantile in a column; raises ValueError if its name is damaged."""
    return float(column.removeprefix(PREFIX))
