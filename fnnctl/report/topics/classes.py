"""The classes of a run: their metrics, the worst ones, and which are confused with which."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from rich.cells import cell_len

from fnnctl.arrays import IntArray
from fnnctl.report.blocks import Block, Table
from fnnctl.report.summary import Summary, judged_part, scored_rows
from fnnctl.report.words import NOTHING, number
from fnnctl.store import names
from fnnctl.tasks.reports import GroupMetrics
from fnnctl.text import joined_words

MAX_GROUPS, WORST_GROUPS = 50, 20
"""With more groups, only the worst are shown."""
MAX_NARROW, WORST_NARROW = 12, 10
"""The same for a terminal."""
MAX_WORST: Final = 3
PERFECT: Final = 1.0
NOT_IN_SHORT: Final = frozenset({"ROC AUC"})
"""Metrics of groups for which 80 columns have no room beside the most frequent error."""
MAX_MATRIX_ROWS: Final = 12
"""With more classes, only pairs are shown."""
MATRIX_WIDTH: Final = 76
"""A confusion matrix that is wider than this, in characters, has numbers as column names."""
MAX_PAIRS: Final = 10
FIRST_PAIRS: Final = 5


@dataclass(frozen=True, slots=True)
class ConfusedPair:
    """Rows of one class that are predicted as another."""

    true: str
    predicted: str
    rows: int
    """In a repeated cross-validation, summed over the repeats."""
    share: float
    """Of the rows of the true class."""


@dataclass(frozen=True, slots=True)
class WorstGroup:
    """A group of rows, such as a class, that is predicted worse than the others."""

    name: str
    metrics: tuple[tuple[str, float | int | None], ...]
    """Labels and values; the first one is that by which groups are ranked."""
    predicted_as: ConfusedPair | None = None
    """The class that most of its wrong rows are predicted as; None if there are none, or no matrix."""
    predicted_for: ConfusedPair | None = None
    """The class most of whose rows are wrongly predicted as this one."""

    @property
    def most_frequent_error(self) -> str:
        """Its rows predicted as another class, or another's rows predicted as it.

        The share is that of the rows of the true class.
        """
        missed, added = self.predicted_as, self.predicted_for
        if added and (missed is None or added.rows > missed.rows):
            return f"{_share(added)} of {added.true} taken for it"
        return f"{_share(missed)} taken for {missed.predicted}" if missed else NOTHING

    @property
    def counted_errors(self) -> tuple[str, str]:
        """The two classes with which it is confused most, with the number of rows."""
        missed, added = self.predicted_as, self.predicted_for
        return (
            f"{missed.predicted} ({missed.rows:,})" if missed else NOTHING,
            f"{added.true} ({added.rows:,})" if added else NOTHING,
        )


def worst_classes(summary: Summary) -> Iterator[Block]:
    """The worst classes, unless the run has data sizes: a short report has no room for both."""
    if not summary.sizes:
        yield from _worst_classes(summary)


def worst_classes_beside_sizes(summary: Summary) -> Iterator[Block]:
    """The worst classes of a run with data sizes."""
    if summary.sizes:
        yield from _worst_classes(summary)


def _worst_classes(summary: Summary) -> Iterator[Block]:
    if worst := worst_groups(summary, judged_part(summary), MAX_WORST):
        yield _worst_table(summary, worst)


def first_pairs(summary: Summary) -> Iterator[Block]:
    """The classes that are confused most often."""
    if summary.confusion is not None and judged_part(summary) == "test":
        yield _first_pairs(summary, *summary.confusion)


def all_classes(summary: Summary) -> Iterator[Block]:
    """The metrics of each class, and the confusion matrix."""
    task = summary.task_report
    if task.groups:
        yield from _group_table(summary, task.groups)
    if task.matrix and summary.confusion is not None:
        yield from _confusion_table(summary, task.matrix, *summary.confusion)


def worst_groups(summary: Summary, part: str | None, most: int) -> list[WorstGroup]:
    """At most `most` groups with a metric below 1, the lowest first; empty if the task has no groups.

    The confusion matrix is that of the test part, so only there a group has confused pairs.
    """
    groups = summary.task_report.groups
    values = (summary.part_metrics(part) or {}).get(groups.key) if groups and part else None
    if groups is None or not isinstance(values, Mapping):
        return []
    label, key = groups.worst_by
    scored = [
        (name, metrics)
        for name, metrics in values.items()
        if isinstance(metrics, Mapping)
        and isinstance(value := metrics.get(key), int | float)
        and value < PERFECT
    ]
    columns = ((label, key), *(column for column in groups.metrics if column[1] != key))
    confusion = summary.confusion if part == "test" else None
    return [
        WorstGroup(
            name,
            tuple((label, metrics.get(key)) for label, key in columns),
            *(most_confused(*confusion, name) if confusion else (None, None)),
        )
        for name, metrics in sorted(scored, key=lambda group: group[1][key])[:most]
    ]


def _worst_table(summary: Summary, worst: Sequence[WorstGroup]) -> Table:
    """One row per group, with the classes with which it is confused, if there is a confusion matrix."""
    groups = summary.task_report.groups
    labels = [label for label, _ in worst[0].metrics]
    has_pairs = any(group.predicted_as or group.predicted_for for group in worst)
    pairs = ("most often taken for", "most often taken for it") if has_pairs else ()
    rows = (
        (
            group.name,
            *(number(value) for _, value in group.metrics),
            *(group.counted_errors if has_pairs else ()),
        )
        for group in worst
    )
    title = f"The lowest {labels[0]}"
    if has_pairs and (repeats := _repeats(summary)) > 1:
        title += f"; in parentheses, rows of {repeats:,} repeats"
    short = _short_worst_table(title, worst, has_pairs=has_pairs)
    return Table(
        title,
        (groups.column if groups else "", *labels, *pairs),
        tuple(rows),
        texts=(0, *range(1 + len(labels), 1 + len(labels) + len(pairs))),
        short=short,
        narrow=short,
    )


def _short_worst_table(title: str, worst: Sequence[WorstGroup], *, has_pairs: bool) -> Table:
    """The groups with what most of their errors are."""
    labels = [label for label, _ in worst[0].metrics if label not in NOT_IN_SHORT]
    header = (f"lowest {labels[0]}", *labels, *(["most frequent error"] if has_pairs else []))
    rows = (
        (
            group.name,
            *(number(value) for label, value in group.metrics if label not in NOT_IN_SHORT),
            *([group.most_frequent_error] if has_pairs else []),
        )
        for group in worst
    )
    return Table(title, header, tuple(rows), texts=(0, len(labels) + 1))


def _share(pair: ConfusedPair) -> str:
    """In percent; a share that is rounded to 0 is not 0."""
    return f"{pair.share:.0%}" if pair.share >= 0.005 else "<1%"


def _repeats(summary: Summary) -> int:
    """How often each row is in the counts of confused rows."""
    folds = summary.manifest.cross_validation
    return folds.repeats if folds else 1


def _first_pairs(summary: Summary, classes: Sequence[str], counts: IntArray) -> Table:
    pairs, count = confused_pairs(classes, counts, FIRST_PAIRS)
    repeats = _repeats(summary)
    title = "What is confused most often"
    if count > len(pairs):
        title += f": {len(pairs):,} of {count:,} pairs"
    rows = "rows" if repeats == 1 else f"rows of {repeats:,} repeats"
    return pairs_table(title, rows, pairs)


def pairs_table(title: str, count: str, pairs: Sequence[ConfusedPair]) -> Table:
    """One row per pair; `count` is the heading of the numbers of rows."""
    rows = ((pair.true, pair.predicted, number(pair.rows), f"{pair.share:.1%}") for pair in pairs)
    header = ("true", "predicted", count, "share of true")
    return Table(title, header, tuple(rows), texts=(0, 1))


def _group_table(summary: Summary, groups: GroupMetrics) -> Iterator[Block]:
    """One row per group; of many groups, the worst."""
    values = (summary.part_metrics("test") or {}).get(groups.key)
    if not isinstance(values, Mapping):
        return
    by_group = {name: metrics for name, metrics in values.items() if isinstance(metrics, Mapping)}
    narrow = _worst_rows(summary, groups, by_group, MAX_NARROW, WORST_NARROW)
    yield replace(_worst_rows(summary, groups, by_group, MAX_GROUPS, WORST_GROUPS), narrow=narrow)


def _worst_rows(
    summary: Summary, groups: GroupMetrics, by_group: Mapping[str, Mapping[str, Any]], most: int, worst: int
) -> Table:
    """All groups or, if there are more than `most`, the `worst` ones."""
    title, rows = f"{groups.title} {scored_rows(summary)}", list(by_group.items())
    if len(rows) > most:
        label, key = groups.worst_by
        scored = [(name, metrics) for name, metrics in rows if isinstance(metrics.get(key), float)]
        rows = sorted(scored, key=lambda group: group[1][key])[:worst]
        title += f": the {len(rows)} lowest {label} of {len(by_group):,}; {names.METRICS} has all"
    header = (groups.column, *(label for label, _ in groups.metrics))
    cells = ((name, *(number(metrics.get(key)) for _, key in groups.metrics)) for name, metrics in rows)
    return Table(title, header, tuple(cells))


def _confusion_table(
    summary: Summary, titles: tuple[str, str], classes: Sequence[str], counts: IntArray
) -> Iterator[Block]:
    """The matrix or, with many classes, the most confused pairs; `titles` are its title and its corner."""
    if len(classes) > MAX_MATRIX_ROWS:
        pairs, count = confused_pairs(classes, counts, MAX_PAIRS)
        title = f"Confused classes {scored_rows(summary)}"
        if len(pairs) < count:
            title += f": the {len(pairs)} most frequent pairs of {count:,}"
            title += f"; all are in {joined_words(summary.matrix_files)}" if summary.matrix_files else ""
        yield pairs_table(title, "rows", pairs)
    else:
        title, corner = titles
        yield matrix_table(f"{title} {scored_rows(summary)}", corner, classes, counts)


def matrix_table(title: str, corner: str, classes: Sequence[str], counts: IntArray) -> Table:
    """The confusion matrix (C, C) by true class; long names of classes are numbered in the header."""
    columns = rows = tuple(classes)
    if max(map(cell_len, classes)) + sum(max(cell_len(name), 2) + 3 for name in classes) > MATRIX_WIDTH:
        columns = tuple(f"#{position}" for position, _ in enumerate(classes, start=1))
        rows = tuple(f"{position}  {name}" for position, name in zip(columns, classes, strict=True))
    cells = (tuple(map(number, line)) for line in counts.tolist())
    return Table(
        title, (corner, *columns), tuple((name, *line) for name, line in zip(rows, cells, strict=True))
    )


def confused_pairs(classes: Sequence[str], counts: IntArray, most: int) -> tuple[list[ConfusedPair], int]:
    """At most `most` pairs, the most frequent first, and the number of all; `counts` (C, C) by true class."""
    wrong = _wrong(counts)
    pairs = int(np.count_nonzero(wrong))
    largest = np.argsort(-wrong, axis=None, kind="stable")[: min(pairs, most)]
    true, predicted = (indices.tolist() for indices in np.unravel_index(largest, wrong.shape))
    return [_pair(classes, counts, *indices) for indices in zip(true, predicted, strict=True)], pairs


def most_confused(
    classes: Sequence[str], counts: IntArray, name: str
) -> tuple[ConfusedPair | None, ConfusedPair | None]:
    """The most frequent pairs in which the class `name` is the true class, and the predicted one."""
    if name not in classes:
        return None, None
    index, wrong = list(classes).index(name), _wrong(counts)
    predicted, true = int(wrong[index].argmax()), int(wrong[:, index].argmax())
    return (
        _pair(classes, counts, index, predicted) if wrong[index, predicted] else None,
        _pair(classes, counts, true, index) if wrong[true, index] else None,
    )


def _wrong(counts: IntArray) -> IntArray:
    wrong = counts.copy()
    np.fill_diagonal(wrong, 0)
    return wrong


def _pair(classes: Sequence[str], counts: IntArray, true: int, predicted: int) -> ConfusedPair:
    rows = int(counts[true, predicted])
    return ConfusedPair(classes[true], classes[predicted], rows, rows / int(counts[true].sum()))
