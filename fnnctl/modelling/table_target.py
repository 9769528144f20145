"""What is known of a table's target before there is an experiment: which column it is, what kind of target
that is, and how well each other column alone predicts it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from fnnctl.arrays import IntArray
from fnnctl.data.columns.coded_texts import CodedTexts
from fnnctl.data.columns.conversion import as_trained
from fnnctl.data.columns.formats.boolean import find_spellings
from fnnctl.data.columns.types import expansions
from fnnctl.data.dataset import Dataset, RawTarget
from fnnctl.data.profile.columns import ColumnFacts
from fnnctl.data.profile.source import Source
from fnnctl.data.profile.table import TableFacts
from fnnctl.data.tables.table import ROW_NUMBER
from fnnctl.errors import DataError
from fnnctl.modelling.data_checks import MAX_COLUMNS, MAX_ROWS, ColumnCheck, check_columns
from fnnctl.seeds import Purpose, stream
from fnnctl.tasks.class_orders import likely_order
from fnnctl.tasks.detection import Counts, Quantity, all_numbers, counts_of, quantity_of
from fnnctl.tasks.registry import encode, task_of_column

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
    """The target of a table."""

    name: str
    task: Literal["classification", "regression"]
    column: CodedTexts
    """(N,) the rows' values; the texts are sorted."""
    classes: tuple[tuple[str, int], ...]
    """Each class with its number of rows, the most frequent first; empty in a regression."""

    @property
    def rows(self) -> int:
        """How many rows have a value."""
        return int((self.column.codes >= 0).sum())

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


def target_facts(source: Source) -> TargetFacts | None:
    """The facts about the target, if it is known; raises DataError if the column cannot be a target."""
    target = source.target
    if target is None:
        return None
    joined = CodedTexts.concatenate([CodedTexts(target.codes, target.texts, target.lines)])
    raw = RawTarget(target.name, joined.codes, joined.texts, joined.lines, target.format)
    if task_of_column(raw, source.file) == "regression":
        return TargetFacts(target.name, "regression", joined, ())
    form = find_spellings(joined.texts, joined.counts().tolist())
    if form is not None:
        joined = CodedTexts.concatenate([as_trained(joined, form)])
    counts = zip(joined.texts, joined.counts().tolist(), strict=True)
    by_size = sorted(counts, key=lambda pair: -pair[1])
    return TargetFacts(target.name, "classification", joined, tuple(by_size))


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


def check_table(facts: TableFacts, target: TargetFacts) -> ColumnCheck:
    """Check the columns that should not be left out, in at most `MAX_ROWS` rows with a target.

    Empty if the table has too many columns, or if the rows have too few targets to be trained on.
    """
    source = facts.source
    used = [column for column in source.types.values() if column.name not in {*facts.left_out, target.name}]
    if not 0 < len(used) <= MAX_COLUMNS:
        return ColumnCheck()
    rows = np.flatnonzero(target.column.codes >= 0)
    if len(rows) > MAX_ROWS:
        rows = np.sort(stream(0, Purpose.COLUMNS).choice(rows, MAX_ROWS, replace=False))
    dataset = _dataset(source, target, rows, [name for column in used for name in column.columns])
    try:
        return check_columns(encode(dataset, target.task), None)
    except DataError:
        return ColumnCheck()


def _dataset(source: Source, target: TargetFacts, rows: IntArray, names: list[str]) -> Dataset:
    """The named columns in some rows."""
    table, column = source.table, target.column
    numeric = [name for name in names if name in table.numeric]
    categorical = [name for name in names if name in table.categorical]
    present, codes = np.unique(column.codes[rows], return_inverse=True)
    texts, lines = zip(*((column.texts[code], column.lines[code]) for code in present), strict=True)
    form = source.target.format if source.target else None
    raw = RawTarget(target.name, codes, texts, lines, form)
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
        targets=(raw.plain(),),
        file_rows=rows.astype(ROW_NUMBER),
        expansions={
            name: parts for name, parts in expansions(source.types).items() if {*parts} <= {*numeric}
        },
    )
