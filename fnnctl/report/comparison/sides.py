"""The runs of a comparison, each with what its metric was measured on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from fnnctl.config.schema.metric_names import BINARY_METRICS
from fnnctl.errors import UsageError, did_you_mean, quoted_list
from fnnctl.metrics.comparison.measures import OF_CLASS, Measure
from fnnctl.metrics.comparison.rows import own_interval
from fnnctl.report.comparison.folds import MeasuredFolds, read_fold_scores
from fnnctl.report.comparison.recorded import refuse_other_folds, refuse_other_rows
from fnnctl.report.summary import task_report
from fnnctl.seeds import Purpose, stream
from fnnctl.store.catalogue import shown_status
from fnnctl.store.folder import RunFolder
from fnnctl.store.manifest import DataFacts, Manifest
from fnnctl.store.names import CROSS_VALIDATION, METRICS, PREDICTIONS
from fnnctl.tasks.comparison.measured_rows import MeasuredRows, UnmeasuredError
from fnnctl.tasks.comparison.registry import MEASURED_ROWS
from fnnctl.text import shown


class UnmeasurableError(UsageError):
    """The metric is not one of those that follow from a run's predictions or folds."""


@dataclass(frozen=True, slots=True)
class MeasuredPart:
    """A test part."""

    rows: MeasuredRows
    measure: Measure
    """The metric, which has a value."""


@dataclass(frozen=True)
class Side:
    """A run with the metric that is compared: measured on one test part, or in the folds of a
    cross-validation.
    """

    run: RunFolder
    """As it was named: of a search, the search."""
    scored: RunFolder
    """Where the scores are: of a search, its refitted winner."""
    manifest: Manifest
    """That of `run`."""
    data: DataFacts
    value: float
    """The metric; of a cross-validation, the mean over its folds."""
    interval: list[float] | None
    """Its 95 % interval, if the run has one."""
    on: MeasuredPart | MeasuredFolds
    """What it was measured on."""

    @property
    def path(self) -> str:
        """The run's folder."""
        return str(self.run.path)

    @property
    def data_key(self) -> str:
        """The digest of the file that has the test rows."""
        return self.data.test_sha256 or self.data.sha256

    @property
    def positive_class(self) -> str | None:
        """See `Manifest.positive_class`."""
        return self.scored.read_manifest().positive_class

    @property
    def kind(self) -> str:
        """`search` and so on, for a table."""
        return self.manifest.kind.replace("_", "-")

    @cached_property
    def predictions(self) -> str | None:
        """The digest of the predictions; None if the run has none, or is of 0.1.0."""
        return self.scored.read_manifest().sha256.get(PREDICTIONS)

    @cached_property
    def status(self) -> str:
        """The status shown to users."""
        alive = self.manifest.status == "running" and self.run.is_alive()
        return shown_status(self.manifest, alive=alive)


def has_metrics(run: RunFolder) -> bool:
    """Whether a run has metrics, or a search a winner with metrics."""
    return ((run.winner() or run).path / METRICS).is_file()


def default_metric(run: RunFolder) -> str:
    """The first metric of the run's task."""
    return task_report(run.read_manifest()).metrics[0][1]


def read_side(run: RunFolder, metric: str, *, option: str = "--metric") -> Side:
    """Read a run's metric and what it was measured on.

    Raises `UsageError`, which names the `option`, for a run without scores and for a metric that it does not
    have or whose rows are missing, and `DataError` for a damaged file.
    """
    manifest = run.read_manifest()
    scored = run if manifest.kind != "search" else run.winner()
    if scored is None:
        raise UsageError(f"{run.path} has no refitted winner, as a search has when it is complete")
    stored = scored.read_metrics()
    data = scored.read_manifest().data
    if stored is None or data is None:
        alive = manifest.status == "running" and run.is_alive()
        raise UsageError(f"{run.path} has no metrics ({shown_status(manifest, alive=alive)})")
    if isinstance(folds := stored.get("cross_validation"), Mapping):
        entry = _of_folds(folds, metric, run, option)
        scores = read_fold_scores(scored, metric, bags=manifest.model is not None and manifest.model.bags)
        if not (scored.path / CROSS_VALIDATION).is_file():
            raise UsageError(f"{option}: {run.path} has no {CROSS_VALIDATION}, from which {metric} follows")
        if entry.get("mean") is None or scores is None:
            raise _without_value(run, metric, option)
        refuse_other_folds(scored, scores, metric, entry["mean"])
        return Side(run, scored, manifest, data, float(entry["mean"]), entry.get("ci95"), scores)
    measured = _name_with_class(metric, scored.read_manifest().positive_class)
    rows = _part(scored, data, measured, run, option)
    test: Mapping[str, Any] = stored.get("test") or {}
    refuse_other_rows(scored, data, rows, measured, test)
    if (measure := rows.measure) is None:
        raise _without_value(run, metric, option)
    interval = test.get(f"{metric}_ci95") or own_interval(measure, stream(0, Purpose.BOOTSTRAP))
    return Side(run, scored, manifest, data, measure.value, interval, MeasuredPart(rows, measure))


def _name_with_class(metric: str, positive: str | None) -> str:
    """The name of the same metric in `per_class`, if it is one of the positive class that rows give."""
    return f"per_class.{positive}.{metric}" if positive is not None and metric in OF_CLASS else metric


def _part(scored: RunFolder, data: DataFacts, metric: str, run: RunFolder, option: str) -> MeasuredRows:
    try:
        part = MEASURED_ROWS[data.task](scored, metric)
    except UnmeasuredError as error:
        hint = did_you_mean(metric, error.known) or f"; choose one of {', '.join(error.known)}"
        raise UnmeasurableError(
            f"{option}: {shown(metric)} cannot be compared on the test part of {run.path}{hint}"
        ) from error
    if part is None:
        raise UsageError(
            f"{option}: {run.path} has no predictions of a test part, from which {shown(metric)} follows"
        )
    return part


def _of_folds(folds: Mapping[str, Any], metric: str, run: RunFolder, option: str) -> Mapping[str, Any]:
    names = [name for name, entry in folds.items() if isinstance(entry, Mapping)]
    if metric not in names:
        hint = did_you_mean(metric, names) or f"; choose one of {', '.join(names)}"
        raise UnmeasurableError(f"{option}: the folds of {run.path} have no {shown(metric)}{hint}")
    entry: Mapping[str, Any] = folds[metric]
    return entry


def _without_value(run: RunFolder, metric: str, option: str) -> UsageError:
    return UsageError(f"{option}: {metric} has no value in {run.path}")


def require_same_target(runs: Sequence[RunFolder]) -> None:
    """Raise `UsageError` if the runs do not all learn the first one's target."""
    for run in runs[1:]:
        first, other = (each.read_manifest().data for each in (runs[0], run))
        if first and other and (difference := _difference(first, other)):
            raise UsageError(f"{runs[0].path} and {run.path} cannot be compared: {difference}")


def require_same_positive_class(sides: Sequence[Side], metric: str) -> None:
    """Raise `UsageError` if the metric is of the positive class and the runs do not all have the same one."""
    first, *others = sides
    for other in others:
        if metric in BINARY_METRICS and other.positive_class != first.positive_class:
            raise UsageError(
                f"{first.path} and {other.path} cannot be compared by {metric}: their positive classes are "
                f"{shown(first.positive_class or '')} and {shown(other.positive_class or '')}; "
                f"write per_class.CLASS.{BINARY_METRICS[metric]}, with the name of a class"
            )


def _difference(a: DataFacts, b: DataFacts) -> str | None:
    if a.task != b.task:
        return f"one is a {a.task}, the other a {b.task}"
    if a.target != b.target:
        return f"their targets are {shown(a.target)} and {shown(b.target)}"
    if only := sorted({*a.classes} ^ {*b.classes}):
        return f"only one of them has the class{'es' if len(only) > 1 else ''} {quoted_list(only)}"
    return None
