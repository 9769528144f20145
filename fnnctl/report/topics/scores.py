"""The scores of a run: the first ones, all of them, what they were measured on, and how sure they are."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from fnnctl.metrics.metric import REGRESSION, UNCALIBRATED
from fnnctl.metrics.registry import headline as main_metric
from fnnctl.metrics.registry import is_loss, label_of, metric_of, positive_metric
from fnnctl.metrics.stored import PARTS, TARGETS
from fnnctl.report.blocks import Block, Notes, Score, Scores, Table
from fnnctl.report.summary import (
    OUT_OF_BAG,
    TEST,
    VALIDATION,
    Summary,
    judged_part,
    means_by_tenths,
    scored_rows,
)
from fnnctl.report.topics.topic import ABOUT
from fnnctl.report.words import number
from fnnctl.tasks.reports import TASK_REPORTS, without_repetition
from fnnctl.text import counted, joined_words, quoted

MAX_OF_TARGETS: Final = 3
"""The metrics of each of several targets in a table that fits 80 columns."""
SHORT_LINES: Final = (3, 5, 8)
"""How many lines a short report may give the table of the targets, round by round."""


def first_scores(summary: Summary) -> Iterator[Block]:
    """The first metrics of the part on which the run is judged."""
    part = judged_part(summary)
    if part is None:
        return
    scores = scores_by_metric(summary, part)
    yield Scores(
        "How good it is",
        measured_text(summary, part),
        tuple(scores.values()),
        tuple(
            _scores(
                summary, part, [key for _, key in summary.task_report.metrics if key not in scores]
            ).values()
        ),
    )


def measured(summary: Summary) -> Iterator[Block]:
    """What the first scores were measured on."""
    if (part := judged_part(summary)) is not None:
        has_intervals = any(score.interval for score in scores_by_metric(summary, part).values())
        yield Notes(ABOUT, (_measured(summary, part, has_intervals=has_intervals),))


def positive(summary: Summary) -> Iterator[Block]:
    """Which class is the positive one, if one of the first scores depends on that."""
    part = judged_part(summary)
    scores = scores_by_metric(summary, part) if part else {}
    labels = [score.label for key, score in scores.items() if positive_metric(key)]
    if labels and summary.positive_class:
        are = "is" if len(labels) == 1 else "are"
        sentence = f"{joined_words(labels)} {are} of the positive class, {quoted(summary.positive_class)}."
        yield Notes(ABOUT, (sentence,))


def of_targets(summary: Summary) -> Iterator[Block]:
    """The first metrics of each of several targets, with a table per kind."""
    part, data = judged_part(summary), summary.manifest.data
    if part is None or data is None or not data.targets:
        return
    metrics = (summary.part_metrics(part) or {}).get(TARGETS, {})
    baselines = (summary.baseline or {}).get(TARGETS, {})
    for kind in dict.fromkeys(target.task for target in data.targets):
        report, names = TASK_REPORTS[kind], [target.name for target in data.targets if target.task == kind]
        known = {name: of_target for name in names if (of_target := metrics.get(name))}
        keys = [
            key for key in report.first if known and all(of.get(key) is not None for of in known.values())
        ][:MAX_OF_TARGETS]
        main = keys[0] if keys else ""
        rows = [
            (
                name,
                *(number(values.get(key)) for key in keys),
                number((baselines.get(name) or {}).get(main)),
                number(values.get("support")),
            )
            for name, values in known.items()
        ]
        labels = [label_of(key) for key in keys]
        heading = "Numbers" if kind == REGRESSION else "Classes"
        title = f"{heading}, {measured_text(summary, part)}"
        yield Table(title, ("target", *labels, f"baseline {label_of(main)}", "rows"), tuple(rows))


def first_of_targets(summary: Summary) -> Iterator[Block]:
    """The first metric of each of several targets, in a table of a short report."""
    part, data = judged_part(summary), summary.manifest.data
    if part is None or data is None or not data.targets:
        return
    metrics = (summary.part_metrics(part) or {}).get(TARGETS, {})
    baselines = (summary.baseline or {}).get(TARGETS, {})
    rows = []
    for target in data.targets:
        of_target, of_baseline = metrics.get(target.name) or {}, baselines.get(target.name) or {}
        metric = main_metric(target.task)
        value, without = of_target.get(metric.name), of_baseline.get(metric.name)
        support = number(of_target.get("support", 0))
        rows.append((target.name, metric.label, number(value), number(without), support))
    header = (f"{len(data.targets):,} targets", "metric", "value", "baseline", "rows")
    yield Table("Targets", header, tuple(rows), texts=(0, 1), lines=SHORT_LINES, counts_rest=True)


def baseline(summary: Summary) -> Iterator[Block]:
    """What the baseline of the first scores is."""
    part = judged_part(summary)
    scores = scores_by_metric(summary, part) if part else {}
    compared = {key for key, score in scores.items() if score.baseline is not None}
    sentences = summary.task_report.baseline
    applying = (each.text for each in sentences if each.metric in compared and not compared & {*each.unless})
    yield Notes(ABOUT, tuple(applying))


def all_scores(summary: Summary) -> Iterator[Block]:
    """All metrics of all parts, or the statistics of all folds."""
    if summary.cross_validation:
        yield _folds_table(summary, summary.cross_validation)
    else:
        yield _metrics_table(summary)


def measured_text(summary: Summary, part: str) -> str:
    """Where the scores were measured, for the heading of a table."""
    if summary.cross_validation:
        return "mean over the folds"
    if part == VALIDATION and summary.out_of_bag:
        return "out of bag"
    if part == TEST and summary.manifest.evaluated is not None:
        return "the evaluated file"
    return {TEST: "test part", VALIDATION: "validation part"}.get(part, "training part")


def scores_by_metric(summary: Summary, part: str) -> dict[str, Score]:
    """The task's first metrics on a part, by name; for a search, its objective before all others.

    In a cross-validation, values and intervals are those of the mean over the folds.
    """
    task, metrics = summary.task_report, summary.part_metrics(part) or {}
    objectives = [summary.search.metric] if summary.search else []
    keys = [key for key in task.main if metrics.get(task.instead.get(key, "")) is None]
    return _scores(summary, part, dict.fromkeys([*objectives, *keys]))


def _scores(summary: Summary, part: str, keys: Iterable[str]) -> dict[str, Score]:
    """Those of the metrics that have a value."""
    metrics, folds = summary.part_metrics(part) or {}, summary.cross_validation or {}
    baseline = metrics.get("baseline") or {}
    return {
        key: Score(
            summary.task_report.label_of(key),
            value,
            _interval(metrics, folds, key),
            _float(baseline.get(key)),
            is_loss(key),
        )
        for key in keys
        if metric_of(key) and (value := _float(metrics.get(key))) is not None
    }


def _interval(metrics: Mapping[str, Any], folds: Mapping[str, Any], key: str) -> tuple[float, float] | None:
    entry = folds.get(key)
    interval = entry.get("ci95") if isinstance(entry, Mapping) else metrics.get(f"{key}_ci95")
    if isinstance(interval, list) and len(interval) == 2 and None not in interval:
        return float(interval[0]), float(interval[1])
    return None


def _float(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _measured(summary: Summary, part: str, *, has_intervals: bool) -> str:
    """What the scores were measured on, and what their intervals leave open."""
    if summary.cross_validation:
        return _measured_on_folds(summary, summary.cross_validation, has_intervals=has_intervals)
    support = (summary.part_metrics(part) or {}).get("support")
    count = support if isinstance(support, int) else None
    if part == TEST:
        return _measured_on_test(summary, count, has_intervals=has_intervals)
    rows = "the rows" if count is None else counted(count, "row")
    if part == VALIDATION and summary.out_of_bag:
        return f"Measured on {rows} out of bag: each was predicted by a network that was not trained on it."
    if part == VALIDATION:
        return (
            f"Measured on {rows} of the validation part, as there is no test part. If these rows have chosen "
            "anything, such as the best epoch, the scores are optimistic."
        )
    return f"Measured on {rows} of the training part: that does not say how well it predicts new rows."


def _measured_on_test(summary: Summary, rows: int | None, *, has_intervals: bool) -> str:
    manifest = summary.manifest
    count = "the rows" if rows is None else counted(rows, "row")
    if manifest.evaluated is not None:
        name = quoted(manifest.data.name) if manifest.data else "the file"
        rows_text, without = f"{count} of {name}", ""
        about = "Intervals are for other rows of this kind."
    elif manifest.data and manifest.data.test_source:
        rows_text, without = f"{count} of the test file", ", with one seed"
        about = "Intervals do not include the variation between seeds."
    else:
        rows_text = "the test part" if rows is None else counted(rows, "test row")
        without = ", with one split and one seed"
        about = "Intervals do not include the variation between splits and seeds."
    return f"Measured on {rows_text}. {about}" if has_intervals else f"Measured on {rows_text}{without}."


def _measured_on_folds(summary: Summary, metrics: Mapping[str, Any], *, has_intervals: bool) -> str:
    facts = summary.manifest.cross_validation
    folds = counted(facts.folds, "fold") if facts else "the folds"
    if facts and facts.repeats > 1:
        folds += f" × {facts.repeats:,} repeats"
    sentence = f"Means over {folds}"
    if has_intervals:
        sentence += "; intervals allow for shared training rows"
    if diverged := metrics.get("diverged"):
        have = "has" if diverged == 1 else "have"
        sentence += f". {counted(diverged, 'fold')} diverged and {have} no scores"
    return f"{sentence}."


def _metrics_table(summary: Summary) -> Table:
    """One row per metric, one column per part."""
    parts = {part: metrics for part in PARTS if (metrics := summary.part_metrics(part))}
    if baseline := summary.baseline:
        parts["baseline"] = baseline
    columns = [OUT_OF_BAG if part == VALIDATION and summary.out_of_bag else part for part in parts]
    values = {key: value for metrics in parts.values() for key, value in metrics.items() if value is not None}
    for key in _unchanged(parts.values()):
        values.pop(key)
    rows = {
        key: (label, *(number(metrics.get(key)) for metrics in parts.values()))
        for label, key in summary.task_report.reported_metrics(values)
    }
    title = f"Metrics of the {_scored(summary)}" if summary.search else "Metrics"
    title += _positive_class(summary, values)
    return Table(title, ("", *columns), without_repetition(summary.task_report, rows))


def _scored(summary: Summary) -> str:
    """Whose metrics those of a search are."""
    if summary.has_ensemble_result:
        return "ensemble"
    return summary.search_history.scheme.words.winner.name


def _unchanged(parts: Iterable[Mapping[str, Any]]) -> set[str]:
    """The metrics before calibration that show the same numbers after it in all parts."""
    numbers: dict[str, list[bool]] = {}
    for metrics in parts:
        for key, value in metrics.items():
            if key.endswith(UNCALIBRATED) and value is not None:
                is_equal = number(value) == number(metrics.get(key.removesuffix(UNCALIBRATED)))
                numbers.setdefault(key, []).append(is_equal)
    return {key for key, are_equal in numbers.items() if all(are_equal)}


def _folds_table(summary: Summary, metrics: Mapping[str, Any]) -> Table:
    """The statistics of the folds' scores and of the baseline's, one row per metric."""
    task, baseline = summary.task_report, summary.baseline or {}
    entries = {
        key: entry
        for key, entry in metrics.items()
        if isinstance(entry, Mapping) and entry.get("mean") is not None
    }
    rows = {
        key: (
            label,
            *(number(entries[key].get(statistic)) for statistic in ("mean", "std", "ci95")),
            number(baseline.get(key)),
        )
        for label, key in task.reported_metrics(entries)
    }
    header = ("", "mean", "std", "95 % interval", "baseline")
    title = f"Cross-validation{_positive_class(summary, entries)}"
    return Table(title, header, without_repetition(task, rows))


def _positive_class(summary: Summary, metrics: Mapping[str, Any]) -> str:
    """For the title of a table: which class its binary metrics are of; empty without any."""
    is_binary = any(value is not None and positive_metric(key) for key, value in metrics.items())
    if not is_binary or summary.positive_class is None:
        return ""
    return f" (positive class: {quoted(summary.positive_class)})"


def means(summary: Summary) -> Iterator[Block]:
    """Of counts and amounts: observed and predicted means, by tenths of the prediction."""
    if not (tenths := means_by_tenths(summary)):
        return
    rows = tuple(
        (
            f"{number(tenth.low)} to {number(tenth.high)}",
            f"{tenth.rows:,}",
            number(tenth.predicted),
            number(tenth.observed),
            number([*tenth.interval]),
        )
        for tenth in tenths
    )
    header = ("prediction", "rows", "predicted mean", "observed mean", "95 % interval")
    data, notes = summary.manifest.data, ["The intervals follow from the spread of the rows."]
    if data is not None and data.exposure is not None:
        notes.append(f"All numbers are {data.estimated}.")
    yield Table(f"Observed and predicted means {scored_rows(summary)}", header, rows, notes=tuple(notes))


def json_entries(summary: Summary) -> dict[str, Any]:
    """The means by tenths; null if there are none."""
    entries = [
        {
            "lowest": tenth.low,
            "highest": tenth.high,
            "rows": tenth.rows,
            "predicted": tenth.predicted,
            "observed": tenth.observed,
            "ci95": [*tenth.interval] if math.isfinite(tenth.interval[1]) else None,
        }
        for tenth in means_by_tenths(summary)
    ]
    return {"means": entries or None}
