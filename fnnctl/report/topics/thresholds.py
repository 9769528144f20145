"""What other thresholds between two classes give: a few rows of threshold.csv."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from fnnctl.config.schema.model import DEFAULT_THRESHOLD
from fnnctl.metrics.decisions import MIN_OF_CLASS, RECALLS
from fnnctl.metrics.registry import BEST_F1
from fnnctl.report.blocks import Block, Notes, Table
from fnnctl.report.summary import TEST, Summary, judged_part, scored_rows
from fnnctl.report.topics.topic import ABOUT
from fnnctl.report.words import number
from fnnctl.text import quoted

NEAR: Final = 0.1
"""A threshold whose recall differs by less from that of the largest F1 says nothing more."""
RARE: Final = 0.2
"""A positive class with a smaller share of the rows is rare."""
COLUMNS: Final = (
    ("precision", "precision"), ("recall", "recall"), ("F1", "f1"),
    ("share predicted", "predicted_positive"), ("cost", "cost"),
)  # fmt: skip
"""Headers, and columns of threshold.csv."""

Columns = Mapping[str, Sequence[float | None]]


def best_threshold(summary: Summary) -> Iterator[Block]:
    """What the threshold with the largest F1 gives."""
    if judged_part(summary) == TEST and (sentence := threshold_sentence(summary)):
        yield Notes(ABOUT, (sentence,))


def threshold_table(summary: Summary) -> Iterator[Table]:
    """One row per threshold, from the lowest; nothing without two classes that have enough rows.

    Of thresholds with the same numbers one is shown. Runs of earlier versions do not record the threshold
    with the largest F1, and their file may lack it: then none is marked.
    """
    columns, positive = summary.trade_offs, summary.positive_class
    if columns is None or positive is None or _is_short_of_rows(summary):
        return
    used, best = _nearest(columns, _used(summary)), _best(columns, summary)
    if best is not None and _cells(columns, best) == _cells(columns, used):
        best = used
    marks = {used: "used here"}
    if best is not None:
        marks[best] = "largest F1" if best != used else "used here; largest F1"
    recalls = [value or 0.0 for value in columns["recall"]]
    further = _by_recall(recalls)
    if best is not None:
        further = {index for index in further if abs(recalls[index] - recalls[best]) > NEAR}
    chosen = {*marks, _nearest(columns, DEFAULT_THRESHOLD), *further}
    cells = {index: _cells(columns, index) for index in sorted(chosen)}
    seen = {cells[index] for index in marks}
    rows = []
    for index, numbers in cells.items():
        if index in marks or numbers not in seen:
            seen.add(numbers)
            rows.append((number(columns["threshold"][index]), *numbers, marks.get(index, "")))
    header = ("threshold", *(header for header, name in COLUMNS if name in columns), "")
    title = f"What other thresholds for {quoted(positive)} give {scored_rows(summary)}"
    yield Table(title, header, tuple(rows), texts=(len(header) - 1,))


def threshold_sentence(summary: Summary) -> str | None:
    """What the threshold with the largest F1 gives for a rare class.

    None if the run has a threshold already, or if that of the largest F1 is not known.
    """
    scores, positive = summary.part_metrics("test") or {}, summary.positive_class
    best = scores.get(BEST_F1)
    if best is None or positive is None or scores.get("threshold") is not None:
        return None
    rows, class_scores = scores.get("support"), (scores.get("per_class") or {}).get(positive) or {}
    share = class_scores.get("support", 0) / rows if rows else 1.0
    if share >= RARE or best["threshold"] == DEFAULT_THRESHOLD:
        return None
    f1, threshold, recall, precision = (
        number(best[name]) for name in ("f1", "threshold", "recall", "precision")
    )
    return (
        f"F1 of {quoted(positive)} is largest, {f1}, at a threshold of {threshold}: recall {recall}, "
        f"precision {precision} (see model.threshold)."
    )


def _cells(columns: Columns, index: int) -> tuple[str, ...]:
    """What a threshold gives."""
    return tuple(number(columns[name][index]) for _, name in COLUMNS if name in columns)


def _used(summary: Summary) -> float:
    threshold = (summary.part_metrics("test") or {}).get("threshold")
    return threshold if isinstance(threshold, float) else DEFAULT_THRESHOLD


def _nearest(columns: Columns, threshold: float) -> int:
    """The index of the threshold nearest to this one."""
    distances = [abs((value or 0.0) - threshold) for value in columns["threshold"]]
    return distances.index(min(distances))


def _best(columns: Columns, summary: Summary) -> int | None:
    """The index of the largest F1 of all thresholds; None if it is not known."""
    best = (summary.part_metrics("test") or {}).get(BEST_F1)
    return None if best is None else _nearest(columns, best["threshold"])


def _is_short_of_rows(summary: Summary) -> bool:
    """Whether a class has too few test rows to say anything about thresholds."""
    per_class = (summary.part_metrics("test") or {}).get("per_class") or {}
    return any((scores.get("support") or 0) < MIN_OF_CLASS for scores in per_class.values())


def _by_recall(recalls: Sequence[float]) -> set[int]:
    """For each of `RECALLS`, the index of the largest threshold that has it."""
    enough = ([index for index, recall in enumerate(recalls) if recall >= least] for least in RECALLS)
    return {indices[-1] for indices in enough if indices}
