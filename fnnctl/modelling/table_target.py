"""What is known of a table's targets before there is an experiment: which columns they are, what kind of
target each is, how they hang together, and how well each other column alone predicts one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from fnnctl.arrays import BoolArray, IntArray
from fnnctl.config.schema.target import LABEL_CLASSES
from fnnctl.data.columns.coded_texts import CodedTexts
from fnnctl.data.columns.conversion import as_trained
from fnnctl.data.columns.formats.boolean import find_spellings
from fnnctl.data.columns.formats.number import NumberFormat
from fnnctl.data.columns.types import expansions
from fnnctl.data.dataset import Dataset, RawTarget
from fnnctl.data.labels import label_class
from fnnctl.data.profile.columns import ColumnFacts, target_numbers
from fnnctl.data.profile.source import Source
from fnnctl.data.profile.table import TableFacts
from fnnctl.data.tables.table import ROW_NUMBER
from fnnctl.errors import DataError
from fnnctl.metrics.association import AssociatedColumn, Association, associations
from fnnctl.modelling.data_checks import MAX_COLUMNS, MAX_ROWS, ColumnCheck, check_columns
from fnnctl.seeds import Purpose, stream
from fnnctl.tasks.class_orders import likely_order
from fnnctl.tasks.detection import Counts, Quantity, all_numbers, counts_of, quantity_of
from fnnctl.tasks.registry import encode, task_of_column
from fnnctl.tasks.task import TaskData

MAX_CANDIDATES: Final = 3
MAX_CLASSES: Final = 20
_NAMES: Final = frozenset(
    {"target", "label", "labels", "class", "classes", "y", "outcome", "output", "result", "response",
     "species", "diagnosis", "survived", "churn", "default", "quality", "grade", "price", "score", "category",
     "status"}
)  # fmt: skip
"""Words in the names of targets."""


@dataclass(frozen=True, slots=True)
class TargetFacts:
    """A target of a table."""

    name: str
    task: Literal["classification", "regression"]
    column: CodedTexts
    """(N,) the rows' values; the texts are sorted."""
    classes: tuple[tuple[str, int], ...]
    """Each class with its number of rows, the most frequent first; empty in a regression."""
    format: NumberFormat | None = None
    """How amounts are written; None if they are plain numbers, or classes."""

    @property
    def raw(self) -> RawTarget:
        """The target as a task encodes it."""
        return RawTarget(self.name, self.column.codes, self.column.texts, self.column.lines, self.format)

    @property
    def is_label(self) -> bool:
        """Whether its classes are 0 and 1, or false and true."""
        return bool(self.classes) and all(label_class(name) for name, _ in self.classes)

    @property
    def labelled_rows(self) -> int:
        """How many rows have it, if it is a label."""
        return sum(rows for name, rows in self.classes if label_class(name) == LABEL_CLASSES[1])

    @property
    def is_present(self) -> BoolArray:
        """(N,) which rows have a value."""
        return self.column.codes >= 0

    @property
    def rows(self) -> int:
        """How many rows have a value."""
        return int(np.count_nonzero(self.is_present))

    @property
    def quantity(self) -> Quantity | None:
        """What the classes look like if they may be amounts."""
        names, rows = zip(*self.classes, strict=True) if self.classes else ((), ())
        return quantity_of(names, np.array(rows))

    @property
    def counts(self) -> Counts | None:
        """What the values look like if they are counts."""
        rows = self.column.counts()
        used = np.flatnonzero(rows)
        return counts_of([self.column.texts[code] for code in used], rows[used])

    @property
    def likely_order(self) -> tuple[str, ...] | None:
        """The classes from the lowest to the highest, if they look like a scale."""
        names, rows = zip(*self.classes, strict=True) if self.classes else ((), ())
        return likely_order(names, np.array(rows))

    @property
    def may_be_amounts(self) -> bool:
        """Whether the classes are numbers, and more than two."""
        return len(self.classes) > 2 and all_numbers([name for name, _ in self.classes])


@dataclass(frozen=True, slots=True)
class Candidate:
    """A column that could be the target."""

    name: str
    reason: str


def target_facts(source: Source) -> tuple[TargetFacts, ...]:
    """The facts about each target that is known; raises DataError if a column cannot be a target."""
    return tuple(_facts(target, source.file) for target in source.targets)


def _facts(target: RawTarget, file: str) -> TargetFacts:
    joined = CodedTexts.concatenate([CodedTexts(target.codes, target.texts, target.lines)])
    raw = RawTarget(target.name, joined.codes, joined.texts, joined.lines, target.format)
    if task_of_column(raw, file) == "regression":
        return TargetFacts(target.name, "regression", joined, (), target.format)
    form = find_spellings(joined.texts, joined.counts().tolist())
    if form is not None:
        joined = CodedTexts.concatenate([as_trained(joined, form)])
    counts = zip(joined.texts, joined.counts().tolist(), strict=True)
    by_size = sorted(counts, key=lambda pair: -pair[1])
    return TargetFacts(target.name, "classification", joined, tuple(by_size), target.format)


def are_several_labels(targets: Sequence[TargetFacts]) -> bool:
    """Whether they are several columns of 0 and 1 alone, of which a row may have any number."""
    return len(targets) > 1 and all(target.is_label for target in targets)


def rows_without_target(targets: Sequence[TargetFacts]) -> int:
    """How many rows have no value in any of one or several targets."""
    return int(np.count_nonzero(~_has_target(targets)))


def _has_target(targets: Sequence[TargetFacts]) -> BoolArray:
    """(N,) which rows have at least one of the targets."""
    has_target: BoolArray = np.any([target.is_present for target in targets], axis=0)
    return has_target


def target_associations(targets: Sequence[TargetFacts]) -> tuple[Association, ...]:
    """How each two targets hang together, the strongest first; none of a single target."""
    return associations([_associated(target) for target in targets]) if len(targets) > 1 else ()


def _associated(target: TargetFacts) -> AssociatedColumn:
    numbers = None if target.classes else target_numbers(target.raw)
    codes = np.where(target.is_present, target.column.codes, np.nan)
    return AssociatedColumn(target.name, codes if numbers is None else numbers, has_classes=numbers is None)


def target_data(source: Source, targets: Sequence[TargetFacts]) -> TaskData:
    """The encoded targets of the rows that have any, without features, to divide the rows by."""
    rows = np.flatnonzero(_has_target(targets))
    return encode(_dataset(source, targets, rows, []), targets[0].task if len(targets) == 1 else "auto")


def target_candidates(facts: TableFacts) -> tuple[Candidate, ...]:
    """The columns that are most likely the target, the likeliest first."""
    last, left_out = facts.columns[-1].name, facts.left_out
    scored = []
    for index, column in enumerate(facts.columns):
        if column.name in left_out or column.unique < 2 or not column.name:
            continue
        score, reasons = _likelihood(column, is_first=index == 0, is_last=column.name == last)
        scored.append((-score, index, Candidate(column.name, ", ".join(reasons))))
    likeliest = sorted(scored, key=lambda likely: likely[:2])[:MAX_CANDIDATES]
    return tuple(candidate for _, _, candidate in likeliest)


def _likelihood(column: ColumnFacts, *, is_first: bool, is_last: bool) -> tuple[int, list[str]]:
    reasons: list[str] = []
    score = 0
    if set(re.split(r"[\W_]+", column.name.lower())) & _NAMES:
        score, reasons = score + 4, [*reasons, "its name is typical of a target"]
    if is_last:
        score, reasons = score + 3, [*reasons, "it is the last column"]
    if column.unique <= MAX_CLASSES:
        score, reasons = score + 1 + is_first, [*reasons, f"it has {column.unique:,} different values"]
    elif column.extent is not None:
        reasons.append("it is numeric (regression)")
    else:
        score, reasons = score - 3, [*reasons, f"it has {column.unique:,} different texts"]
    return score, reasons


def check_table(facts: TableFacts, targets: Sequence[TargetFacts]) -> ColumnCheck:
    """Check the columns that should not be left out, in at most `MAX_ROWS` rows with a target.

    Empty if the table has too many columns, or if the rows have too few targets to be trained on.
    """
    source = facts.source
    unused = {*facts.left_out, *source.target_names}
    used = [column for column in source.types.values() if column.name not in unused]
    if not 0 < len(used) <= MAX_COLUMNS:
        return ColumnCheck()
    names = [name for column in used for name in column.columns]
    checks = [_check_table(source, target, names) for target in targets]
    return ColumnCheck.joined([target.name for target in targets], checks)


def _check_table(source: Source, target: TargetFacts, names: list[str]) -> ColumnCheck:
    """Check the named columns for one target."""
    rows = np.flatnonzero(target.is_present)
    if len(rows) > MAX_ROWS:
        rows = np.sort(stream(0, Purpose.COLUMNS).choice(rows, MAX_ROWS, replace=False))
    dataset = _dataset(source, [target], rows, names)
    try:
        return check_columns(encode(dataset, target.task), None)
    except DataError:
        return ColumnCheck()


def _dataset(source: Source, targets: Sequence[TargetFacts], rows: IntArray, names: list[str]) -> Dataset:
    """The named columns in some rows, with the targets."""
    table = source.table
    numeric = [name for name in names if name in table.numeric]
    categorical = [name for name in names if name in table.categorical]
    return Dataset(
        name=source.file,
        source=source.file,
        sha256="",
        numeric=np.array([table.numeric[name][rows] for name in numeric]).reshape(-1, len(rows)).T,
        numeric_names=tuple(numeric),
        categorical=np.array([table.categorical[name].codes[rows] for name in categorical], np.int32)
        .reshape(-1, len(rows))
        .T,
        categorical_names=tuple(categorical),
        categories=tuple(table.categorical[name].texts for name in categorical),
        targets=tuple(_raw_target(target, rows).plain() for target in targets),
        file_rows=rows.astype(ROW_NUMBER),
        expansions={
            name: parts for name, parts in expansions(source.types).items() if {*parts} <= {*numeric}
        },
    )


def _raw_target(target: TargetFacts, rows: IntArray) -> RawTarget:
    """The target of some rows, with the texts that they have."""
    column = target.column
    codes = column.codes[rows]
    present = np.unique(codes[codes >= 0])
    new_codes = np.full(len(column.texts) + 1, -1)  # the code -1 picks the last
    new_codes[present] = np.arange(len(present))
    texts, lines = ([of_texts[code] for code in present] for of_texts in (column.texts, column.lines))
    return RawTarget(target.name, new_codes[codes], tuple(texts), lines, target.format)
