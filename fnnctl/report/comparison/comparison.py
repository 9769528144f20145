"""A comparison of runs, as a value from which every format is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fnnctl.config.schema.metric_names import is_loss
from fnnctl.errors import UsageError
from fnnctl.report.comparison.pairs import Pair, compared_pairs
from fnnctl.report.comparison.settings import different_facts, different_settings
from fnnctl.report.comparison.sides import (
    Side,
    default_metric,
    read_side,
    require_same_positive_class,
    require_same_target,
)
from fnnctl.store.folder import RunFolder

MOST_RUNS: Final = 20
"""More runs have more than 190 pairs, of which Holm's correction leaves no small difference."""
LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

Values = tuple[str, tuple[str, ...]]
"""A name, and its value in each run."""


@dataclass(frozen=True, slots=True)
class RunComparison:
    """Two runs or more, and every pair of them."""

    metric: str
    sides: tuple[Side, ...]
    pairs: tuple[Pair, ...]
    settings: tuple[Values, ...]
    """The settings that differ."""
    facts: tuple[Values, ...]
    """What else differs."""

    @property
    def ranked(self) -> list[int]:
        """The runs' places, the best first; ties in the order of the runs."""
        sign = 1 if is_loss(self.metric) else -1
        return sorted(range(len(self.sides)), key=lambda place: sign * self.sides[place].value)

    def of(self, first: int, second: int) -> Pair:
        """The pair of two places, in rising order."""
        return next(pair for pair in self.pairs if (pair.first, pair.second) == (first, second))


def compare_runs(runs: Sequence[RunFolder], metric: str | None = None) -> RunComparison:
    """Compare a metric of the runs, by default the first one of their task.

    Raises `UsageError` for fewer than two runs or too many, for a run that is named twice, for one without
    the metric, and for runs with different targets; `DataError` for damaged files.
    """
    _require_different(runs)
    require_same_target(runs)
    metric = metric or default_metric(runs[0])
    sides = tuple(read_side(run, metric) for run in runs)
    require_same_positive_class(sides, metric)
    pairs = tuple(compared_pairs(sides, metric))
    settings, facts = tuple(different_settings(sides)), tuple(different_facts(sides))
    return RunComparison(metric, sides, pairs, settings, facts)


def _require_different(runs: Sequence[RunFolder]) -> None:
    paths = [run.path.resolve() for run in runs]
    if len(runs) > MOST_RUNS:
        raise UsageError(f"{len(runs)} runs cannot be compared at once: name at most {MOST_RUNS}")
    for place, path in enumerate(paths):
        if path in paths[:place]:
            raise UsageError(f"{runs[place].path} is named twice: a run can only be compared with others")
    if len(runs) < 2:
        raise UsageError(
            "compare needs two runs or more, as in `fnnctl compare RUN RUN`; `fnnctl runs` lists them"
        )
