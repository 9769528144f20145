"""The data of a run: rows, columns, target, and the column that predicts it best alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fnnctl.config.schema.target import LABEL_CLASSES
from fnnctl.metrics.registry import label_of
from fnnctl.report.blocks import Block, Facts
from fnnctl.report.summary import Summary, has_bags
from fnnctl.report.topics.topic import SUMMARY
from fnnctl.store.facts import TargetFacts
from fnnctl.store.manifest import DataFacts
from fnnctl.text import counted, parts_words, quoted, word_list


def data(summary: Summary) -> Iterator[Block]:
    """The data in one line."""
    if (data := summary.manifest.data) is not None:
        columns = counted(data.columns or data.numeric + data.categorical, "column")
        about = f" ({len(data.classes):,} classes)" if data.classes else _transform(summary)
        target = f"target {data.target}{about}"
        if data.targets:
            target = _in_short(data.targets)
        text = f"{data.name}: {counted(data.rows, 'row')}, {columns}, {target}"
        yield Facts(SUMMARY, (("data", text),))
    if (rows := summary.manifest.trained_rows) is not None:
        text = f"{counted(rows.trained, rows.unit)} with its ancestors, {rows.new:,} of them new"
        yield Facts(SUMMARY, (("trained on", text),))


def _in_short(targets: Sequence[TargetFacts]) -> str:
    """Several targets in a list, with the numbers of their classes, unless all are labels."""
    if all(tuple(target.classes) == LABEL_CLASSES for target in targets):
        return f"{len(targets):,} labels: {', '.join(target.name for target in targets)}"
    named = [
        f"{target.name} ({len(target.classes):,} classes)" if target.classes else target.name
        for target in targets
    ]
    return f"{len(targets):,} targets: {', '.join(named)}"


def _transform(summary: Summary) -> str:
    """What a network was trained on in place of the target; trials of a search may differ in it."""
    model = summary.manifest.model
    if model is None or summary.search is not None or model.target_transform == "none":
        return ""
    return f" (target_transform {model.target_transform})"


def details(summary: Summary) -> Iterator[Block]:
    """The table, its columns and the target."""
    if (data := summary.manifest.data) is not None:
        yield Facts("Data", tuple(_definitions(summary, data)))


def _definitions(summary: Summary, data: DataFacts) -> Iterator[tuple[str, str]]:
    yield "name", data.name
    if data.source != data.name:
        yield "file", data.source
    if data.test_source:
        yield "test file", data.test_source
    parts_text = ""
    if (parts := data.parts) and parts.train:
        bags = has_bags(summary.manifest)
        parts_text = f": {parts_words(parts.train, parts.validation, parts.test, bags=bags)}"
    yield "rows", f"{data.rows:,}{parts_text}"
    inputs = f"{data.numeric:,} numeric, {data.categorical:,} categorical"
    has_parts = data.columns is not None and data.columns < data.numeric + data.categorical
    yield "columns", f"{data.columns:,}, read as {inputs}" if has_parts else inputs
    if not data.targets:
        yield "target", data.target + (f", {len(data.classes):,} classes" if data.classes else "")
    for number, target in enumerate(data.targets, start=1):
        classes = f"{len(target.classes):,} classes: {word_list([*map(quoted, target.classes)])}"
        yield f"target {number}", f"{target.name}, {classes if target.classes else 'a number'}"
    if data.exposure is not None:
        yield "exposure", data.exposure
    if (best := data.best_column) and best.score > best.baseline:
        yield "best single column", f"{best.name}: {label_of(best.metric)} {best.score:.3g} on held-out rows"
    yield "SHA-256", data.sha256
