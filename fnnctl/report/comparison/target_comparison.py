"""Runs with several targets, compared by the first metric of each, and by means over the targets of a kind.

The losses are not compared: each is relative to the baseline of its own training rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from fnnctl.metrics.metric import TaskName
from fnnctl.metrics.registry import headline
from fnnctl.metrics.stored import TARGETS
from fnnctl.report.comparison.compared_run import ComparedRun, require_same_target
from fnnctl.report.comparison.comparison import (
    RunComparison,
    compare_runs,
    different_settings,
    other_differences,
    read_compared_runs,
    require_different,
)
from fnnctl.report.comparison.pairs import Pair, compared_families, compared_pairs
from fnnctl.store.folder import RunFolder


@dataclass(frozen=True, slots=True)
class TargetComparison:
    """Two runs or more with the same targets."""

    targets: tuple[tuple[str, RunComparison], ...]
    """Each target with the comparison by its first metric; the p of all are corrected together."""
    means: tuple[tuple[int, RunComparison], ...]
    """For each kind with two targets or more, their number and the comparison by the mean of their metrics;
    each is a question of its own, so its p is corrected for the pairs alone."""

    @property
    def runs(self) -> tuple[ComparedRun, ...]:
        """The runs, with the metric of the first target."""
        return self.first.runs

    @property
    def first(self) -> RunComparison:
        """The comparison by the first target, for what is the same in all."""
        return self.targets[0][1]


Comparison = RunComparison | TargetComparison
"""By one metric, or by that of each target."""


def compare(runs: Sequence[RunFolder], metric: str | None = None) -> Comparison:
    """Compare a metric of the runs, by default the first one of their task, or of each of several targets.

    Raises the errors of `compare_runs`.
    """
    data = runs[0].read_manifest().data if runs and metric is None else None
    if data is None or not data.targets:
        return compare_runs(runs, metric)
    require_different(runs)
    require_same_target(runs)
    kinds: list[TaskName] = [target.task for target in data.targets]
    metrics = [f"{TARGETS}.{target.name}.{headline(target.task).name}" for target in data.targets]
    families = [(read_compared_runs(runs, name), name) for name in metrics]
    pairs = compared_families(families)
    first, _ = families[0]
    settings, differences = tuple(different_settings(first)), tuple(other_differences(first))
    tests = sum(map(len, pairs))

    def comparison(
        compared: tuple[ComparedRun, ...], name: str, own: Sequence[Pair], count: int
    ) -> RunComparison:
        return RunComparison(name, compared, tuple(own), settings, differences, count)

    targets = [
        (target.name, comparison(*family, own, tests))
        for target, family, own in zip(data.targets, families, pairs, strict=True)
    ]
    means = []
    for kind in dict.fromkeys(kinds):
        if (count := kinds.count(kind)) > 1:
            name = headline(kind).name
            compared = read_compared_runs(runs, name)
            own = compared_pairs(compared, name)
            means.append((count, comparison(compared, name, own, len(own))))
    return TargetComparison(tuple(targets), tuple(means))


def comparisons(comparison: TargetComparison) -> list[RunComparison]:
    """Those by each target, and by the means."""
    return [each for _, each in chain(comparison.targets, comparison.means)]
