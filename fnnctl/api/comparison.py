"""Runs side by side, in Python."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fnnctl.api.floating_point import default_errstate
from fnnctl.api.plugins import joined_scope
from fnnctl.api.run import Run
from fnnctl.commands.compare import comparison_report
from fnnctl.errors import UsageError
from fnnctl.plugins import scope
from fnnctl.report.comparison.compared_run import has_metrics
from fnnctl.report.comparison.shown import verdicts, warnings
from fnnctl.report.comparison.target_comparison import Comparison as ComparisonOfRuns
from fnnctl.report.comparison.target_comparison import compare as compare_runs
from fnnctl.report.formats.registry import TEXT_FORMATS, Report
from fnnctl.store.catalogue import find_run
from fnnctl.text import joined_words


class Comparison:
    """Two runs or more, and whether their difference is more than chance."""

    def __init__(self, comparison: ComparisonOfRuns, runs: Sequence[Run]) -> None:
        """A run in memory lives as long as one of the `runs`."""
        self._comparison, self._runs = comparison, runs
        self._plugins = joined_scope(run._plugins for run in runs)

    @property
    def verdicts(self) -> list[str]:
        """One sentence per pair of runs; with several targets, and one per mean over those of a kind."""
        return list(verdicts(self._comparison))

    @property
    def warnings(self) -> list[str]:
        """Why the runs may not be comparable."""
        return list(warnings(self._comparison))

    def to_dict(self) -> dict[str, Any]:
        """What `fnnctl compare --json` prints: the runs, their differences with intervals, and p-values."""
        return dict(self._report().to_dict())

    def report(self, format: str = "markdown") -> str:
        """The comparison as "markdown", "html" or "json"."""
        if format not in TEXT_FORMATS:
            raise UsageError(f"there is no report {format!r}; choose {joined_words([*TEXT_FORMATS], 'or')}")
        return self._report().text(format)

    @default_errstate()
    def _report(self) -> Report:
        with scope(self._plugins):
            return comparison_report(self._comparison)

    def __repr__(self) -> str:
        return "\n".join(self.verdicts)


@default_errstate()
def compare(*runs: Run | str | Path, metric: str | None = None, runs_dir: str | Path = "runs") -> Comparison:
    """Compare a metric of two runs or more, by default the first one of their task, or of each target.

    Runs are `Run`s, or named as for `load_run`. Raises `UsageError` for unknown runs and metrics, and for
    runs that cannot be compared.
    """
    members = [
        run if isinstance(run, Run) else Run(find_run(str(run), Path(runs_dir), has_metrics)) for run in runs
    ]
    with scope(joined_scope(run._plugins for run in members)):
        return Comparison(compare_runs([run.folder for run in members], metric), members)
