"""The scores of a run: the first ones, all of them, what they were measured on, and how sure they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from fnnctl.config.schema.metric_names import BINARY_METRICS
from fnnctl.report.answer.values import Score
from fnnctl.report.sections import Notes
from fnnctl.report.summary import Summary
from fnnctl.report.topics.sizes import size_sections
from fnnctl.report.topics.thresholds import threshold_sentence
from fnnctl.report.words import number
from fnnctl.tasks.reports import TaskReport
from fnnctl.text import capitalized, counted, joined_words, shown

TEST, VALIDATION, TRAIN = "test", "validation", "train"
JUDGED_BY: Final = (TEST, VALIDATION, TRAIN)
"""The first of these parts that has scores is the one that a report speaks of first."""


def judged_part(summary: Summary) -> str | None:
    """The part on which the run is judged; None if it has no scores."""
    return next((part for part in JUDGED_BY if summary.part_metrics(part)), None)


def first_scores(summary: Summary, part: str) -> list[Score]:
    """The task's first metrics on a part; for a search, its objective before all others.

    In a cross-validation, values and intervals are those of the mean over the folds.
    """
    task, metrics = summary.task_report, summary.part_metrics(part) or {}
    objectives = [summary.search.metric] if summary.search else []
    others = [key for key in task.first if metrics.get(task.instead.get(key, "")) is None]
    wanted = dict.fromkeys([*objectives, *others])
    folds = summary.cross_validation or {}
    baseline = metrics.get("baseline") or {}
    return [
        Score(_label(task, key), key, value, _interval(metrics, folds, key), _number(baseline.get(key)))
        for key in wanted
        if (value := _number(metrics.get(key))) is not None
    ]


def _label(task: TaskReport, key: str) -> str:
    return next((label.strip() for label, name in task.metrics if name == key), key.replace("_", " "))


def _interval(metrics: Mapping[str, Any], folds: Mapping[str, Any], key: str) -> tuple[float, float] | None:
    entry = folds.get(key)
    found = entry.get("ci95") if isinstance(entry, Mapping) else metrics.get(f"{key}_ci95")
    if isinstance(found, list) and len(found) == 2 and None not in found:
        return float(found[0]), float(found[1])
    return None


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def measured_words(summary: Summary, part: str | None) -> str:
    """Where the scores were measured, for the heading of a table; empty without scores."""
    if part is None:
        return ""
    if summary.cross_validation:
        return "mean over the folds"
    if part == VALIDATION and summary.out_of_bag:
        return "out of bag"
    if part == TEST and summary.manifest.evaluated is not None:
        return "the evaluated file"
    return {TEST: "test part", VALIDATION: "validation part"}.get(part, "training part")


def certainty(summary: Summary, part: str | None) -> list[str]:
    """The sentences, the most important one first; none without scores."""
    if part is None:
        return []
    has_intervals = any(score.interval for score in first_scores(summary, part))
    of_part = _of_part(summary, part, has_intervals=has_intervals)
    if summary.search is None:
        return [*_of_sizes(summary), of_part, *_of_positive(summary, part)]
    # most runs are no searches
    from fnnctl.report.topics.winner import comparison_sentences, winner_sentences

    return [
        *winner_sentences(summary),
        of_part,
        *_of_positive(summary, part),
        *_of_ensemble(summary),
        *comparison_sentences(summary),
    ]


def _of_part(summary: Summary, part: str, *, has_intervals: bool) -> str:
    if summary.cross_validation:
        return _of_folds(summary, has_intervals=has_intervals)
    support = (summary.part_metrics(part) or {}).get("support")
    count = support if isinstance(support, int) else None
    if part == TEST:
        return _of_test_rows(summary, count, has_intervals=has_intervals)
    rows = "the rows" if count is None else counted(count, "row")
    if part == VALIDATION and summary.out_of_bag:
        return f"Measured on {rows} out of bag: each was predicted by a network that was not trained on it."
    if part == VALIDATION:
        return (
            f"Measured on {rows} of the validation part, as there is no test part. Where these rows have "
            "chosen anything, such as the best epoch, the scores are optimistic."
        )
    return f"Measured on {rows} of the training part: that does not say how well it predicts new rows."


def _of_test_rows(summary: Summary, rows: int | None, *, has_intervals: bool) -> str:
    manifest = summary.manifest
    count = "the rows" if rows is None else counted(rows, "row")
    if manifest.evaluated is not None:
        name = shown(manifest.data.name) if manifest.data else "the file"
        where, alone = f"{count} of {name}", ""
        about = "Intervals are for other rows of this kind."
    elif manifest.data and manifest.data.test_source:
        where, alone = f"{count} of the test file", ", with one seed"
        about = "Intervals do not include the variation between seeds."
    else:
        where = "the test part" if rows is None else counted(rows, "test row")
        alone = ", with one split and one seed"
        about = "Intervals do not include the variation between splits and seeds."
    return f"Measured on {where}. {about}" if has_intervals else f"Measured on {where}{alone}."


def _of_folds(summary: Summary, *, has_intervals: bool) -> str:
    metrics, facts = summary.cross_validation or {}, summary.manifest.cross_validation
    folds = counted(facts.folds, "fold") if facts else "the folds"
    if facts and facts.repeats > 1:
        folds += f" × {facts.repeats:,} repeats"
    sentence = f"Means over {folds}"
    if has_intervals:
        sentence += "; intervals allow for shared training rows"
    if diverged := metrics.get("diverged"):
        sentence += (
            f". {counted(diverged, 'fold')} diverged and {'has' if diverged == 1 else 'have'} no scores"
        )
    return f"{sentence}."


def _of_positive(summary: Summary, part: str) -> Iterator[str]:
    """What a threshold gives for a rare class, and which class the binary metrics among the first are of."""
    if part == TEST and (sentence := threshold_sentence(summary)):
        yield sentence
    labels = [score.label for score in first_scores(summary, part) if score.key in BINARY_METRICS]
    if labels and summary.positive_class:
        are = "is" if len(labels) == 1 else "are"
        yield f"{joined_words(labels)} {are} of the positive class, {shown(summary.positive_class)}."


def _of_ensemble(summary: Summary) -> Iterator[str]:
    """The first metric of a search's ensemble on the test part, beside the winner's."""
    if summary.ensemble is None:
        return
    label, key = summary.task_report.metrics[0]
    value = ((summary.ensemble.metrics or {}).get(TEST) or {}).get(key)
    if isinstance(value, float):
        trials = counted(len(summary.ensemble.selection.trials), "trial")
        yield f"The ensemble of {trials} has {label} {number(value)} on the test part."


def _of_sizes(summary: Summary) -> Iterator[str]:
    for section in size_sections(summary):
        if isinstance(section, Notes):
            yield from (f"{capitalized(text)}." for text in section.rows)
