"""A run of a comparison: its metric, and the rows or folds on which the metric was measured.

Runs of fnnctl 0.1.0, and those whose process died, have no digests of their predictions in the manifest. Of
such runs the metric is computed again, and must be the one in metrics.json.
"""

from __future__ import annotations

import math
import statistics
import zlib
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final, TypeAlias

from fnnctl.config.yaml_text import flow_yaml
from fnnctl.errors import UsageError
from fnnctl.metrics.comparison.measures import Measure
from fnnctl.metrics.comparison.rows import own_interval
from fnnctl.metrics.number_metrics import D2, DEVIANCE
from fnnctl.metrics.registry import headline, metric_of, positive_metric
from fnnctl.metrics.stored import TARGETS, flat_metrics, owned_metric
from fnnctl.report.summary import task_report
from fnnctl.seeds import Purpose, stream
from fnnctl.store.atomic import damaged
from fnnctl.store.catalogue import displayed_status
from fnnctl.store.facts import TargetFacts
from fnnctl.store.folder import RunFolder
from fnnctl.store.manifest import DataFacts, Manifest
from fnnctl.store.names import CROSS_VALIDATION, METRICS, PREDICTIONS
from fnnctl.store.tables import CsvTable
from fnnctl.tasks.comparison import (
    MEASURED_ROWS,
    MeasuredRows,
    UnmeasuredError,
    has_rates,
    read_levels,
    target_folders,
    target_metrics,
)
from fnnctl.text import did_you_mean, joined_words, quoted, word_list

FoldKey: TypeAlias = tuple[int, int]
"""Repeat and fold, counted from 1."""


@dataclass(frozen=True, slots=True)
class MeasuredFolds:
    """A metric of each fold that has a value, two folds or more."""

    scores: Mapping[FoldKey, float]
    rows: Mapping[FoldKey, tuple[int, int]]
    """The number of test rows of each fold, and a checksum of which rows they are."""
    test_rows: Mapping[FoldKey, int]
    """The number of test rows of every fold, as the table of folds says; empty if a target lacks some."""
    test_share: float
    """The number of test rows per other row."""
    number: int
    """The number of all folds."""

    def common(self, other: MeasuredFolds) -> list[FoldKey] | None:
        """The folds that both have; None if they are fewer than two, or if some have different rows."""
        keys = [key for key in self.scores if key in other.scores]
        rows = ((self.rows.get(key), other.rows.get(key)) for key in keys)
        if len(keys) < 2 or any(mine is None or mine != theirs for mine, theirs in rows):
            return None
        return keys


def read_fold_scores(run: RunFolder, metric: str, *, bags: bool) -> MeasuredFolds | None:
    """A metric of a cross-validation's folds; None if fewer than two folds have it.

    With `bags` the validation rows are among the training rows. Raises `DataError` for a damaged file.
    """
    table = run.read_table(CROSS_VALIDATION)
    if table is None or metric not in table.columns:
        return None
    repeats, folds, train, validation, test = (
        _whole(table, name) for name in ("repeat", "fold", "train_rows", "validation_rows", "test_rows")
    )
    values = table.numbers(table.columns.index(metric))
    keys = list(zip(repeats, folds, strict=True))
    scores = {key: value for key, value in zip(keys, values, strict=True) if value is not None}
    folders = [folder for target, folder in target_folders(run) if _is_of(metric, target.name)]
    other_rows = sum(train) + (0 if bags else sum(validation))
    if len(scores) < 2 or not other_rows:
        return None
    test_rows = (
        {} if folders else dict(zip(keys, test, strict=True))
    )  # a row may lack some of several targets
    return MeasuredFolds(
        scores, _tested_rows(folders or [run]), test_rows, sum(test) / other_rows, len(values)
    )


def _whole(table: CsvTable, name: str) -> list[int]:
    try:
        return [int(text) for text in table.column(table.columns.index(name))]
    except ValueError as error:
        raise damaged(table.path, f"is damaged: column {name}: {error}") from error


def _is_of(metric: str, target: str) -> bool:
    """Whether the metric is one of this target, or a mean over several."""
    return not metric.startswith(f"{TARGETS}.") or metric.startswith(f"{TARGETS}.{target}.")


def _tested_rows(folders: Sequence[RunFolder]) -> dict[FoldKey, tuple[int, int]]:
    """The number and a checksum of the test rows of each fold, from the predictions, which may be in several
    folders.
    """
    rows: dict[FoldKey, array[int]] = {}
    for folder in folders:
        _add_tested_rows(folder, rows)
    return {
        key: (len(tested), zlib.crc32(array("q", sorted(tested)).tobytes())) for key, tested in rows.items()
    }


def _add_tested_rows(run: RunFolder, rows: dict[FoldKey, array[int]]) -> None:
    lines = run.read_rows(PREDICTIONS)
    if lines is None:
        return
    path = run.path / PREDICTIONS
    if next(lines)[:3] != ["repeat", "fold", "row"]:
        raise damaged(path, "is damaged: its first columns are not repeat, fold and row")
    try:
        for line in lines:
            rows.setdefault((int(line[0]), int(line[1])), array("q")).append(int(line[2]))
    except (ValueError, OverflowError) as error:
        raise damaged(path, f"is damaged: {error}") from error


TOLERANCE: Final = 1e-9
"""How much a metric may differ that is computed again from all digits of the predictions."""


def refuse_other_rows(
    run: RunFolder, data: DataFacts, part: MeasuredRows, metric: str, stored: Mapping[str, Any]
) -> None:
    """Raise `DataError` unless the rows are as many as the test part has, and give its recorded metric.

    `stored` are the metrics of the test part.
    """
    path, rows = run.path / PREDICTIONS, len(part.rows)
    if data.parts and not data.targets and rows != data.parts.test:  # a row may lack some of several targets
        raise damaged(path, f"has {rows:,} rows, but the run was tested on {data.parts.test:,}{_ADVICE}")
    value = part.measure.value if part.measure else None
    _refuse_other_value(path, f"{metric} of its rows", value, flat_metrics(stored).get(metric))


def refuse_other_folds(run: RunFolder, folds: MeasuredFolds, metric: str, mean: float) -> None:
    """Raise `DataError` unless the folds give the recorded mean and have as many predictions as test rows."""
    path = run.path / CROSS_VALIDATION
    _refuse_other_value(
        path, f"the mean {metric} of its folds", statistics.fmean(folds.scores.values()), mean
    )
    for key, count in folds.test_rows.items():
        rows = folds.rows.get(key)
        if folds.rows and key in folds.scores and (rows is None or rows[0] != count):
            repeat, fold = key
            reason = (
                f"does not have the {count:,} rows of fold {fold} of repeat {repeat} in {CROSS_VALIDATION}"
            )
            raise damaged(run.path / PREDICTIONS, f"{reason}{_ADVICE}")


_ADVICE: Final = ". Put the original file back, or train again"


def _refuse_other_value(path: Path, subject: str, value: float | None, recorded: float | None) -> None:
    if recorded is None or (
        value is not None and math.isclose(value, recorded, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    ):
        return
    state = "does not exist" if value is None else f"is {value:.6g}"
    raise damaged(path, f"does not belong to {METRICS}: {subject} {state}, not {recorded:.6g}{_ADVICE}")


class UnmeasurableError(UsageError):
    """The metric is not one of those that follow from a run's predictions or folds."""


@dataclass(frozen=True, slots=True)
class MeasuredPart:
    """A test part."""

    rows: MeasuredRows
    measure: Measure
    """The metric, which has a value."""


@dataclass(frozen=True)
class ComparedRun:
    """A run with the metric that is compared: measured on one test part, or in the folds of a
    cross-validation.
    """

    folder: RunFolder
    """As it was named: of a search, the search."""
    scored: RunFolder
    """Where the scores are: of a search, in what stands for it."""
    manifest: Manifest
    """That of `folder`."""
    data: DataFacts
    value: float
    """The metric; of a cross-validation, the mean over its folds."""
    interval: list[float] | None
    """Its 95 % interval, if the run has one."""
    sample: MeasuredPart | MeasuredFolds
    """What it was measured on."""

    @property
    def path(self) -> str:
        """The run's folder."""
        return str(self.folder.path)

    @property
    def place(self) -> str:
        """The run's folder or, for a run in memory, which has none, the experiment's name."""
        return self.folder.named or f"{self.manifest.name}, in memory"

    @property
    def data_key(self) -> str:
        """The digest of the file that has the test rows."""
        return self.data.test_sha256 or self.data.sha256

    @property
    def positive_class(self) -> str | None:
        """The positive one of two classes; None with more: see `Manifest.positive_class`."""
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
        alive = self.manifest.status == "running" and self.folder.is_alive()
        return displayed_status(self.manifest, alive=alive)


def has_metrics(run: RunFolder) -> bool:
    """Whether a run has metrics, or what stands for a search."""
    return (run.result_run() or run).has(METRICS)


def default_metric(run: RunFolder, *, option: str = "--metric") -> str:
    """The first metric of the run's task; of several targets, the one whose mean over all of them exists.

    Raises `UsageError`, which names the `option`, if there are numbers and classes among the targets.
    """
    manifest = run.read_manifest()
    kinds = {target.task for target in manifest.data.targets} if manifest.data else set()
    if len(kinds) > 1:
        raise UsageError(
            f"{option} is missing: {run.path} has numbers and classes as targets, so no metric is of "
            f"all; choose one of {word_list(target_metrics(run))}"
        )
    return headline(kinds.pop()).name if kinds else task_report(manifest).metrics[0][1]


def read_compared_run(run: RunFolder, metric: str, *, option: str = "--metric") -> ComparedRun:
    """Read a run's metric and what it was measured on.

    Raises `UsageError`, which names the `option`, for a run without scores and for a metric that it does not
    have or whose rows are missing, and `DataError` for a damaged file.
    """
    manifest = run.read_manifest()
    scored = run if manifest.kind != "search" else run.result_run()
    if scored is None:
        raise UsageError(f"{run.path} has no refitted winner, as a search has when it is complete")
    stored = scored.read_metrics()
    data = scored.read_manifest().data
    if stored is None or data is None:
        alive = manifest.status == "running" and run.is_alive()
        raise UsageError(f"{run.path} has no metrics ({displayed_status(manifest, alive=alive)})")
    if isinstance(folds := stored.get("cross_validation"), Mapping):
        entry = _fold_statistics(folds, metric, run, option)
        scores = read_fold_scores(scored, metric, bags=manifest.model is not None and manifest.model.bags)
        if not scored.has(CROSS_VALIDATION):
            raise UsageError(f"{option}: {run.path} has no {CROSS_VALIDATION}, from which {metric} follows")
        if entry.get("mean") is None or scores is None:
            raise _without_value(run, metric, option)
        refuse_other_folds(scored, scores, metric, entry["mean"])
        return ComparedRun(run, scored, manifest, data, float(entry["mean"]), entry.get("ci95"), scores)
    measured = _name_with_class(metric, scored.read_manifest().positive_class)
    rows = _measured_rows(scored, data, measured, run, option)
    test: Mapping[str, Any] = stored.get("test") or {}
    refuse_other_rows(scored, data, rows, measured, test)
    if (measure := rows.measure) is None:
        raise _without_value(run, metric, option)
    interval = test.get(f"{metric}_ci95") or own_interval(measure, stream(0, Purpose.BOOTSTRAP))
    return ComparedRun(run, scored, manifest, data, measure.value, interval, MeasuredPart(rows, measure))


def _name_with_class(metric: str, positive: str | None) -> str:
    """The name of the same metric in `per_class`, if it is one of the positive class that rows give."""
    record = positive_metric(metric)
    if positive is None or record is None or not record.is_compared:
        return metric
    return f"per_class.{positive}.{record.class_name}"


def _measured_rows(
    scored: RunFolder, data: DataFacts, metric: str, run: RunFolder, option: str
) -> MeasuredRows:
    try:
        part = MEASURED_ROWS[data.task](scored, metric)
    except UnmeasuredError as error:
        hint = did_you_mean(metric, error.known) or f"; choose one of {', '.join(error.known)}"
        raise UnmeasurableError(
            f"{option}: {quoted(metric)} cannot be compared on the test part of {run.path}{hint}"
        ) from error
    if part is None:
        raise UsageError(
            f"{option}: {run.path} has no predictions of a test part, from which {quoted(metric)} follows"
        )
    return part


def _fold_statistics(folds: Mapping[str, Any], metric: str, run: RunFolder, option: str) -> Mapping[str, Any]:
    entries = _with_mean(folds)
    of_targets = {
        f"{TARGETS}.{target}.{name}": entry
        for target, own in folds.get(TARGETS, {}).items()
        for name, entry in _with_mean(own).items()
    }
    if metric not in (names := {**entries, **of_targets}):
        more = f", {TARGETS}.NAME.METRIC" if of_targets else ""
        hint = did_you_mean(metric, names) or f"; choose one of {', '.join(entries)}{more}"
        raise UnmeasurableError(f"{option}: the folds of {run.path} have no {quoted(metric)}{hint}")
    return names[metric]


def _with_mean(folds: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {name: entry for name, entry in folds.items() if isinstance(entry, Mapping) and "mean" in entry}


def _without_value(run: RunFolder, metric: str, option: str) -> UsageError:
    return UsageError(f"{option}: {metric} has no value in {run.path}")


def require_same_target(
    runs: Sequence[RunFolder], metric: str | None = None, *, may_lack_classes: bool = False
) -> None:
    """Raise `UsageError` if the runs do not all have the first one's target.

    With the `metric` of one of several targets, the others may differ. With `may_lack_classes` the others may
    have only some of its classes.
    """
    first = runs[0].read_manifest().data
    for run in runs[1:]:
        data = run.read_manifest().data
        if first and data and may_lack_classes:
            data = _with_classes_of(first, data)
        if first and data and (difference := _different_target(first, data, metric)):
            raise UsageError(f"{runs[0].path} and {run.path} cannot be compared: {difference}")


def _with_classes_of(first: DataFacts, data: DataFacts) -> DataFacts:
    """The facts with all classes of the `first` ones, of each target, where they have only some of these."""
    changes: dict[str, Any] = {}
    if {*data.classes} <= {*first.classes}:
        changes["classes"] = first.classes
    if [target.name for target in data.targets] == [target.name for target in first.targets]:
        changes["targets"] = [
            mine if mine.task == theirs.task and {*theirs.classes} <= {*mine.classes} else theirs
            for mine, theirs in zip(first.targets, data.targets, strict=True)
        ]
    return data.model_copy(update=changes)


def require_same_meaning(runs: Sequence[ComparedRun], metric: str) -> None:
    """Raise `UsageError` if the metric means another thing in one of the runs.

    That is the case if it is of the positive class, of ranks, of quantiles or of deviances, and they have
    other positive classes, orders, levels or powers of the variance, or if only
    some have an exposure.
    """
    _require_same_levels(runs, metric)
    _require_same_power(runs, metric)
    first, record = runs[0], metric_of(metric)
    if record is not None and record.needs == "ranks":
        for run in runs[1:]:
            if run.data.classes != first.data.classes:
                orders = f"{flow_yaml(first.data.classes)} and {flow_yaml(run.data.classes)}"
                raise UsageError(
                    f"{first.path} and {run.path} cannot be compared by {metric}: the orders of their "
                    f"classes are {orders}"
                )
    for run in runs[1:]:
        if (of_class := positive_metric(metric)) and run.positive_class != first.positive_class:
            raise UsageError(
                f"{first.path} and {run.path} cannot be compared by {metric}: their positive classes are "
                f"{quoted(first.positive_class or '')} and {quoted(run.positive_class or '')}; "
                f"write per_class.CLASS.{of_class.class_name}, with the name of a class"
            )


def _require_same_power(runs: Sequence[ComparedRun], metric: str) -> None:
    """Raise `UsageError` if the metric follows from deviances and the runs have those of other powers."""
    record = metric_of(metric)
    if record is None or record.needs != "deviances":
        return
    powers = [_power(run.scored.read_manifest(), metric) for run in runs]
    for run, power in zip(runs[1:], powers[1:], strict=True):
        if None not in (power, powers[0]) and power != powers[0]:
            raise UsageError(
                f"{runs[0].path} and {run.path} cannot be compared by {metric}: their deviances are those of "
                f"the powers {powers[0]:g} and {power:g}; write mae, or another metric of the prediction"
            )
    exposed = [has_rates(run.scored) for run in runs]
    if metric == D2.name and len({*exposed}) > 1:
        paths = joined_words([str(run.path) for run in runs])
        raise UsageError(
            f"{paths} cannot be compared by {metric}: some have an exposure, and others have none, so the "
            f"deviances that it is a share of differ; write {DEVIANCE.name}"
        )


def _power(manifest: Manifest, metric: str) -> float | None:
    """The power from which the deviances of a metric follow."""
    targets = manifest.data.targets if manifest.data else []
    of_target = (target.power for target in targets if metric.startswith(f"{TARGETS}.{target.name}."))
    return next(of_target, None if manifest.model is None else manifest.model.power)


def _require_same_levels(runs: Sequence[ComparedRun], metric: str) -> None:
    """Raise `UsageError` if the metric is one of quantiles and the runs have other levels."""
    record = metric_of(metric)
    if record is None or record.needs != "levels":
        return
    levels = [read_levels(run.scored) for run in runs]
    for run, its_levels in zip(runs[1:], levels[1:], strict=True):
        if its_levels != levels[0]:
            both = (", ".join(map(repr, each)) for each in (levels[0], its_levels))
            raise UsageError(
                f"{runs[0].path} and {run.path} cannot be compared by {metric}: their levels are "
                f"{' and '.join(both)}; write mae, or another metric of the prediction"
            )


def _different_target(a: DataFacts, b: DataFacts, metric: str | None) -> str | None:
    if a.task != b.task:
        return f"one is a {a.task}, the other a {b.task}"
    if a.targets and b.targets:
        return _different_targets(_targets_of(a, metric), _targets_of(b, metric))
    if a.target != b.target:
        return f"their targets are {quoted(a.target)} and {quoted(b.target)}"
    if unshared := sorted({*a.classes} ^ {*b.classes}):
        return f"only one of them has the class{'es' if len(unshared) > 1 else ''} {word_list(unshared)}"
    return None


def _targets_of(data: DataFacts, metric: str | None) -> dict[str, TargetFacts]:
    """The one of several targets that a metric is of, or all of them, by name."""
    targets = {target.name: target for target in data.targets}
    owned = owned_metric(metric or "", targets)
    return targets if owned is None else {owned[0]: targets[owned[0]]}


def _different_targets(first: Mapping[str, TargetFacts], second: Mapping[str, TargetFacts]) -> str | None:
    """Why runs with several targets, in any order, do not have the same ones."""
    if unshared := [name for name in (*first, *second) if (name in first) != (name in second)]:
        has = f"only one of them has the target{'s' if len(unshared) > 1 else ''}"
        return f"{has} {word_list([*map(quoted, unshared)])}"
    for name, mine in first.items():
        theirs = second[name]
        if (mine.task, {*mine.classes}) != (theirs.task, {*theirs.classes}):
            return f"their target {quoted(name)} has other classes, or is a number in only one of them"
    return None
