"""The labelled rows of a table that was read: which columns are features, and what is wrong with the rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.config.schema.data import DataConfig
from fnnctl.data.columns.formats.number import NumberFormat
from fnnctl.data.columns.numbers import numbers_among
from fnnctl.data.columns.types import NOT_USED, ColumnType, expansions
from fnnctl.data.problems import Problems
from fnnctl.data.row_facts import note_wrong_exposures, weights_problem
from fnnctl.data.splits.row_order import order_column
from fnnctl.data.tables.open_table import missing_texts
from fnnctl.data.tables.table import Table
from fnnctl.messages import Message
from fnnctl.text import counted, did_you_mean, joined_words, printable, quoted, word_list


def target_words(targets: Sequence[str]) -> str:
    """The targets as the subject of a sentence, with the verb `have`."""
    if len(targets) == 1:
        return f"the target {quoted(targets[0])} has"
    return f"the targets {joined_words([*map(quoted, targets)])} have"


def _listed(targets: Sequence[str]) -> str:
    noun = "the target" if len(targets) == 1 else "any of the targets"
    return f"{noun} {joined_words([*map(quoted, targets)])}"


def labelled(table: Table, targets: Sequence[str], config: DataConfig) -> Table:
    """The rows with a target; in a target of numbers each that equals a missing value is missing."""
    missing = missing_texts(config.missing_values)
    codes = numbers_among(missing)
    for target in targets if codes else ():
        labels = table.categorical[target].without_numbers(missing)
        candidate = NumberFormat.find(target, labels, table.notation)
        if candidate is not None and candidate.numbers is not None and candidate.fits.all():
            if candidate.format is None or candidate.format.keeps_numbers:
                labels = labels.without(np.isin(candidate.numbers[:, 0], codes))
            table.categorical[target] = labels
    return table.labelled(targets)


def features_of(
    table: Table, targets: Sequence[str], config: DataConfig, hidden: Sequence[str]
) -> tuple[tuple[str, ...], tuple[str, ...], list[str]]:
    """The numeric and the categorical features without `hidden` columns, and the columns without values."""
    declared = {
        part for name in (*config.columns.numeric, *config.columns.dates) for part in _parts(table, name)
    }
    row_counts = zip(table.numeric.names, table.numeric.present.tolist(), strict=True)
    empty = [name for name, count in row_counts if not count and name not in declared]
    ignored = {name for name, column in table.types.items() if column.ignored} | {*empty, *hidden}
    numeric = tuple(name for name in table.numeric if name not in ignored)
    categorical = tuple(name for name in table.categorical if name not in {*targets, *hidden})
    return numeric, categorical, empty


def _parts(table: Table, name: str) -> tuple[str, ...]:
    """The numeric columns that a column became."""
    return table.types[name].columns if name in table.types else (name,)


def without_unused(
    types: Mapping[str, ColumnType], empty: Sequence[str], config: DataConfig
) -> dict[str, ColumnType]:
    """The types, changed for `empty` columns and for one that only orders the rows."""
    unused = {
        name: replace(types[name], kind="empty", ignored=NOT_USED["empty"]) for name in empty if name in types
    }
    for name in {*config.columns.ignore} & types.keys():
        unused[name] = replace(types[name], ignored="it only orders the rows")
    return {**types, **unused}


def hidden_order(table: Table, by: str | None) -> tuple[tuple[str, ...], FloatArray | None]:
    """The numeric columns that order the rows `by` a column that is no feature, and their order, (rows,)."""
    if by is None:
        return (), None
    expanded = expansions(table.types)
    column = order_column(by, table.numeric.names, expanded)
    return expanded.get(by, (by,)), table.numeric[column]


def note_missing_columns(
    read: Table,
    config: DataConfig,
    numeric: Sequence[str],
    categorical: Sequence[str],
    grouped: Collection[str],
    problems: Problems,
    *,
    holds_arrays: bool,
) -> None:
    """Note the columns of the training data that a test file lacks, those of `grouped` rows among them."""
    names = frozenset(read.names)
    present = frozenset(read.numeric) if holds_arrays else names  # X may have a column of the label's name
    missing = [name for name in numeric if name not in present]
    missing += [name for name in categorical if name not in names]
    for name in missing:
        suggestion = did_you_mean(name, map(printable, read.names))
        message = f"the column {quoted(name)} of the training data is missing{suggestion}"
        problems.add(message, line=read.header_line)
    if config.exposure is not None and config.exposure not in {*missing, *read.names}:
        suggestion = did_you_mean(config.exposure, map(printable, read.names))
        message = f"the column {quoted(config.exposure)}, which data.exposure names, is missing{suggestion}"
        problems.add(message, line=read.header_line)
    for name in grouped:
        if name not in {*missing, *read.names}:
            message = f"the column {quoted(name)}, which evaluation.groups names, is missing"
            problems.add(message, line=read.header_line)


def note_wrong_weights_and_groups(table: Table, config: DataConfig, problems: Problems) -> None:
    """Note weights that cannot be used, and rows without a group."""
    weights, groups, lines = table.weights, table.groups, table.lines
    if weights is not None and (problem := weights_problem(weights)):
        row, message = problem
        line = None if row is None or lines is None else int(lines[row])
        if row is not None and lines is None:
            message = f"{message} (the first is row {row}, counted from 0)"
        weight_column = config.weights and f"the column {quoted(config.weights)}, which data.weights names,"
        column = weight_column or "the array of weights"
        problems.add(f"{column} {message}", line=line)
    if groups is not None and (missing := int(np.count_nonzero(groups < 0))):
        message = f"has {counted(missing, 'row')} without a value: fill in their groups"
        column = quoted(config.split.group or "")
        problems.add(f"the column {column}, which data.split.group names, {message}")


def note_exposures(table: Table, config: DataConfig, problems: Problems) -> None:
    """Note exposures that are missing or not above 0."""
    if table.exposures is not None:
        note_wrong_exposures(table.exposures, config.exposure or "", problems, lines=table.lines)


def unlabelled_warnings(left_out: int, targets: Sequence[str], file: str) -> list[Message]:
    """One warning if rows without any target are left out; else none."""
    if left_out == 0:
        return []
    sentence = (
        f"left out {counted(left_out, 'row')} of {file} without a value in {_listed(targets)} "
        "(it is empty, or one of data.missing_values)"
    )
    return [Message("unlabelled_rows", sentence)]


def note_no_column(
    table: Table, targets: Sequence[str], config: DataConfig, problems: Problems, *, has_empty: bool
) -> None:
    """Note that there is no feature; whether some column `has_empty` rows alone is part of the reason."""
    beside = f"besides {_listed(targets)}"
    advice = "is data.delimiter right?" if len(targets) == 1 else "leave out those that are no targets"
    no_column = f"there is no column {beside}: {advice}"
    if config.columns.ignore:
        no_column = f"there is no column {beside}: does data.columns.ignore name all others?"
    if texts := [quoted(column.name) for column in table.types.values() if column.kind == "text"]:
        no_column = (
            f"there is no column {beside} but texts that are nearly all different: {word_list(texts)} "
            "(data.columns.categorical keeps a column)"
        )
    problems.add(f"no column {beside} has a value in any row" if has_empty else no_column)
