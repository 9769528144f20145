"""Decides what a first experiment on a table says, such as what to leave out and how to divide the rows."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from fnnctl.arrays import IntArray
from fnnctl.config.reading.table_starter import FoundColumn, FoundTarget, RareClass, TableStarter
from fnnctl.config.schema.data import SplitConfig
from fnnctl.config.yaml_text import is_allowed_value
from fnnctl.data.builtin import BUILTIN
from fnnctl.data.profile.source import DEFAULT_ENCODING, Source, SourceOptions
from fnnctl.data.profile.table import TableFacts
from fnnctl.data.splits.parts import split_rows
from fnnctl.errors import DataError, Problem, UsageError
from fnnctl.messages import sentences
from fnnctl.modelling.data_checks import ColumnCheck
from fnnctl.modelling.table_target import TargetFacts, are_several_labels, target_data
from fnnctl.tasks.registry import in_class_order
from fnnctl.text import counted, joined_words, quoted

RARE_SHARE: Final = 0.1
"""A class with a smaller share of the rows is rare."""
MAX_CLASSES: Final = 5
"""With more classes some are rare in most tables."""
MIN_TRAINED: Final = 5
"""A class with fewer rows can hardly be found: a network would memorize its few rows."""
LISTED_CLASSES: Final = 3
SPLITS: Final[tuple[Mapping[str, Any], ...]] = (
    {},
    {"stratify": False},
    {"validation": 0.0},
    {"validation": 0.0, "stratify": False},
)
"""Settings with which rows may be divided, if nothing before them works."""


def table_starter(
    facts: TableFacts,
    targets: Sequence[TargetFacts],
    check: ColumnCheck,
    options: SourceOptions,
    folder: Path,
) -> TableStarter:
    """What the experiment in `folder` says. Raises `InputError` if no experiment is possible."""
    source, notes = facts.source, facts.notes
    ignored = facts.left_out
    _refuse_unusable(facts, options)
    split, reason = _split(source, targets)
    unused, are_labels = {*ignored, *source.target_names}, are_several_labels(targets)
    used = [column for column in facts.columns if column.name not in unused]
    noted = [(column, note) for column in used for note in notes.get(column.name, ())]
    return TableStarter(
        source=_source(source, options, folder),
        rows=facts.rows,
        columns=tuple(
            FoundColumn(column.name, column.type.kind, column.missing, column.unique)
            for column in facts.columns
        ),
        targets=tuple(_target(facts, target, options, is_label=are_labels) for target in targets),
        are_labels=are_labels,
        delimiter=options.delimiter,
        encoding=options.encoding if options.encoding != DEFAULT_ENCODING else None,
        part=options.part.settings,
        ignored=ignored,
        categorical={
            name: f"{quoted(name)} is read as categories: {odd}; to read {odd.noun}s, correct it and remove "
            "the column from data.columns.categorical"
            for name, odd in source.odd_values.items()
            if name not in ignored
        },
        codes=tuple(
            column.name for column, note in noted if note.kind == "codes" and is_allowed_value(column.name)
        ),
        missing={marker.text: f"column {quoted(marker.column)}: {marker}" for marker in source.markers},
        suspected={
            note.value: f"{quoted(column.name)} {note.text}"
            for column, note in noted
            if note.value is not None
        },
        date=next((column.name for column in used if column.type.kind == "date"), None),
        group=next(
            (column.name for column, note in noted if note.kind == "group" and is_allowed_value(column.name)),
            None,
        ),
        split=split,
        split_reason=reason,
        leaks=tuple(filter(is_allowed_value, check.leaks)),
        warnings=(*facts.warnings, *sentences(check.warnings)),
    )


def _refuse_unusable(facts: TableFacts, options: SourceOptions) -> None:
    targets = facts.source.target_names
    for name in (*targets, *facts.source.odd_values):
        if not is_allowed_value(name):
            raise UsageError(
                f"a config cannot contain the control characters of {quoted(name)}: rename the column"
            )
    if options.delimiter is not None and not is_allowed_value(options.delimiter):
        raise UsageError(
            f"a config cannot contain the delimiter {quoted(options.delimiter)}: write the table with another"
        )
    for key, value in options.part.settings.items():
        if not is_allowed_value(value):
            raise UsageError(f"--{key}: a config cannot contain the control characters of {quoted(value)}")
    if message := no_features(facts, targets):
        raise DataError(Problem(message, file=facts.source.file))


def no_features(facts: TableFacts, targets: Sequence[str]) -> str | None:
    """Why nothing can predict the targets, or why no column can be one (none); None if something can."""
    ignored = facts.left_out
    if any(column.name not in ignored for column in facts.columns if column.name not in targets):
        return None
    reasons = [f"{quoted(name)} ({why})" for name, why in list(ignored.items())[:LISTED_CLASSES]]
    why = f": {'; '.join(reasons)}" if reasons else ""
    if not targets:
        return f"no column can be the target{why}"
    return f"there is no column to predict {joined_words([*map(quoted, targets)])} from{why}"


def _source(source: Source, options: SourceOptions, folder: Path) -> str:
    """The source as a config in `folder` names it."""
    if source.path is None:
        return options.source
    path = os.path.relpath(source.path, folder)
    is_special = path in BUILTIN or path.startswith("~")
    name = Path("." if is_special else "", path).as_posix()
    name = f"./{name}" if is_special else name
    if not is_allowed_value(name):
        raise UsageError(f"a config cannot contain the path {quoted(name)}: rename the file")
    return name


def _target(facts: TableFacts, target: TargetFacts, options: SourceOptions, *, is_label: bool) -> FoundTarget:
    has_own_task = facts.source.path is None and BUILTIN[options.source].target == target.name
    return FoundTarget(
        name=target.name,
        about=f"{target.labelled_rows:,} of {target.rows:,} rows" if is_label else _about(facts, target),
        task=None if has_own_task else target.task,
        may_be_amounts=target.may_be_amounts,
        counts=None if target.counts is None else str(target.counts),
        class_order=target.likely_order or (),
        rare=_rare(target),
        scarce=_scarce(target),
    )


def _about(facts: TableFacts, target: TargetFacts) -> str:
    if not target.classes:
        extent = facts[target.name].extent
        if extent is None:
            return "numbers"
        return f"numbers from {extent.text(extent.low)} to {extent.text(extent.high)}"
    some = ", ".join(f"{name} ({count:,})" for name, count in target.classes[:LISTED_CLASSES])
    more = ", …" if len(target.classes) > LISTED_CLASSES else ""
    return f"{len(target.classes):,} classes: {some}{more}"


def _rare(target: TargetFacts) -> RareClass | None:
    """The rarest class with enough rows to be trained on, if it is rare and there are not many classes."""
    classes = [(name, count) for name, count in target.classes if count >= MIN_TRAINED]
    if not classes:
        return None
    name, count = classes[-1]
    if count >= RARE_SHARE * target.rows or len(target.classes) > MAX_CLASSES:
        return None
    in_order = in_class_order([label for label, _ in target.classes])
    return RareClass(name, count, target.rows, len(in_order) == 2, in_order[-1] == name)


def _scarce(target: TargetFacts) -> str | None:
    """What to expect of classes with a few rows, which are too few to be rare classes."""
    few = [(name, count) for name, count in target.classes if 1 < count < MIN_TRAINED]
    if not few:
        return None
    name, count = few[-1]
    which = f"the class {quoted(name)} has {count} of {target.rows:,} rows"
    if len(few) > 1:
        which = f"{len(few):,} classes, such as {quoted(name)}, have fewer than {MIN_TRAINED} rows each"
    return f"{which}, about one of them in the test part: too few to train on or to test with; add rows"


def _split(source: Source, targets: Sequence[TargetFacts]) -> tuple[Mapping[str, Any], str | None]:
    """Settings that let the rows be divided, and why the usual ones do not; raises DataError if none do."""
    data = target_data(source, targets)
    for settings in SPLITS:
        if _is_possible(data.strata, data.strata_names, settings):
            return settings, _reason(targets[0], len(data)) if settings else None
    message = f"{counted(len(data), 'row')} cannot be divided into a training and a test part"
    raise DataError(Problem(message, file=source.file))


def _is_possible(strata: IntArray, texts: Sequence[str], settings: Mapping[str, Any]) -> bool:
    try:
        split_rows(strata, texts, SplitConfig(**settings), seed=0)
    except DataError:
        return False
    return True


def _reason(target: TargetFacts, rows: int) -> str:
    """Why the usual settings do not divide the rows, which are stratified by the target."""
    single = [quoted(name) for name, count in target.classes if count == 1]
    if len(single) == 1:
        return f"the class {single[0]} has a single row, which only one part can have: add rows or remove it"
    if single:
        which = f"{len(single):,} classes, such as {single[0]}, have a single row each"
        return f"{which}, which only one part can have: add rows or remove these"
    need = "parts that all have the same classes" if target.classes else "three parts"
    return f"{counted(rows, 'row')} are too few for {need}: add rows"
