"""Files of new rows for a saved model: how they are opened, the notes about them for the user, and the scores
of the rows that have a label.

Unused columns are reported at once, values that did not occur in training after all rows have been read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

import numpy as np

from fnnctl.arrays import BoolArray, FloatArray, IntArray
from fnnctl.config.schema.data import DELIMITER_PATTERN
from fnnctl.data.columns.coded_texts import CodedTexts
from fnnctl.data.files import UNREPORTED, OnRead, find_file, shown_name
from fnnctl.data.new_rows import KEEP_NONE, Keep, NewFile, NewRows, open_new_arrays, open_new_rows
from fnnctl.data.preprocessing import Preprocessor
from fnnctl.data.problems import Problems
from fnnctl.data.stored_arrays import holds_arrays, source_sha256
from fnnctl.data.tables.parquet import is_parquet
from fnnctl.data.tables.rows import CsvFormat, missing_texts
from fnnctl.data.warnings import unseen_categories
from fnnctl.errors import DataError, Problem, UsageError
from fnnctl.modelling.saved_model import SavedModel
from fnnctl.tasks.task import PartScores, Targets, Task
from fnnctl.text import counted, printable, shown, word_list

Note = Callable[[str], None]

STANDARD_INPUT = "-"
TAB = ("\\t", "tab")
"""The ways to write a tab, which is hard to type, on the command line."""


@dataclass(frozen=True, slots=True)
class InputFile:
    """A CSV or Parquet file, standard input, or arrays; and the format of a table."""

    path: Path | None
    """None is standard input."""
    form: CsvFormat

    @classmethod
    def find(
        cls,
        data: str,
        model: SavedModel,
        *,
        setting: str,
        delimiter: str | None,
        encoding: str | None,
        pipes: bool = True,
    ) -> Self:
        """The file that `data` names.

        Args:
            data: A path, or `-` for standard input.
            model: The delimiter and encoding are those of its training data by default.
            setting: The argument or option that `data` came from, for messages.
            delimiter, encoding: Only for a CSV file.
            pipes: Whether a pipe is allowed; it cannot be read twice.

        Raises `InputError` if there is no such file, or if a delimiter or encoding is given for another kind.
        """
        table = model.description.table
        form = CsvFormat(
            delimiter=table.delimiter if delimiter is None else _delimiter(delimiter),
            encoding=encoding or table.encoding,
            missing=missing_texts(table.missing_values),
            encoding_setting="--encoding",
            formats=table.formats,
        )
        if pipes and data == STANDARD_INPUT:
            return cls(None, form)
        path = find_file(data, Path(), setting=setting, folders=True, pipes=pipes)
        for option, value in {"--delimiter": delimiter, "--encoding": encoding}.items():
            if value is not None and (holds_arrays(path) or is_parquet(path)):
                kind = "contains arrays" if holds_arrays(path) else "is a Parquet file"
                raise UsageError(f"{option} applies to CSV files only, but {printable(data)} {kind}")
        return cls(path, form)

    @property
    def name(self) -> str:
        """Its name in messages."""
        return shown_name(self.path)

    @property
    def file(self) -> Path:
        """The path; raises ValueError for standard input, which has none."""
        if self.path is None:
            raise ValueError("standard input has no path")
        return self.path

    @property
    def stem(self) -> str:
        """The file's name without its extensions."""
        return Path(self.file.name.removesuffix(".gz")).stem

    @property
    def sha256(self) -> str:
        """The digest of the file's bytes, as in the manifest of a run trained on it."""
        return source_sha256(self.file)

    def own_format(self, model: SavedModel) -> dict[str, str | None]:
        """The `delimiter` and `encoding` of `find`, each None unless it differs from the model's."""
        table, form = model.description.table, self.form
        return {
            "delimiter": None if form.delimiter == table.delimiter else form.delimiter,
            "encoding": None if form.encoding == table.encoding else form.encoding,
        }

    def holds(self, file: Path) -> bool:
        """Whether `file` is the input file or one of its arrays."""
        if self.path is None or not file.exists():
            return False
        parts = self.path.glob("*.npy") if self.path.is_dir() else [self.path]
        return any(file.samefile(part) for part in parts)

    @contextmanager
    def open(
        self,
        model: SavedModel,
        note: Note,
        *,
        warn: Note | None = None,
        labelled: bool = False,
        keep: Keep = KEEP_NONE,
        on_read: OnRead = UNREPORTED,
    ) -> Iterator[NewFile]:
        """The rows, block by block, with the columns to `keep`; `note` is called with notes for the user.

        `warn`, by default `note`, is called with what may make predictions worse; `on_read` is called as a
        table is read.
        """
        unseen = Unseen(model.predictor.preprocessor)
        with self._rows(model, labelled, keep, on_read) as file:
            unused = [name for name in file.unused if name not in file.kept]
            if "" in unused:
                note(f"{self.name}: the first column has no name and is ignored")
            ignored = [shown(name) for name in unused if name]
            if ignored:
                listed = word_list(ignored)
                one = len(ignored) == 1
                which = "a column is" if one else f"{len(ignored):,} columns are"
                why = f"the network was not trained with {'it' if one else 'them'}"
                note(f"{self.name}: {which} ignored, because {why}: {listed}")
            yield replace(file, blocks=unseen.count(file.blocks))
        for sentence in unseen.sentences():
            (warn or note)(f"{self.name}: {sentence}")

    def _rows(
        self, model: SavedModel, labelled: bool, keep: Keep, on_read: OnRead
    ) -> AbstractContextManager[NewFile]:
        preprocessor = model.predictor.preprocessor
        if self.path is not None and holds_arrays(self.path):
            return nullcontext(
                open_new_arrays(
                    self.path,
                    preprocessor,
                    labelled=labelled,
                    label_format=self.form.formats.get(model.description.target),
                    keep=keep,
                )
            )
        return open_new_rows(
            self.path,
            self.form,
            preprocessor,
            target=model.description.target,
            labelled=labelled,
            delimiter_setting="--delimiter",
            keep=keep,
            on_read=on_read,
        )

    def refuse_overflow(self, scores: FloatArray, rows: IntArray) -> None:
        """Raise `DataError` if a score, (n, outputs), is not finite; `rows`, (n,), are the row numbers."""
        finite = np.isfinite(scores).all(axis=1)
        if not finite.all():
            row = rows[np.argmin(finite)]
            message = f"the values of row {row} (from 0) are too large for the network: its scores overflow"
            raise DataError(Problem(message, file=self.name))


@dataclass(frozen=True, slots=True)
class _Ranges:
    """The ranges of numeric columns in the training rows."""

    columns: list[int]
    """The columns of the new rows whose range is known."""
    ends: FloatArray
    """(2, columns) the smallest and the largest number."""

    @classmethod
    def of(cls, preprocessor: Preprocessor, names: Sequence[str]) -> Self:
        """The ranges of the columns that the new rows have."""
        known = {number.name: number.range for number in preprocessor.numbers if number.range}
        columns = [j for j, name in enumerate(names) if name in known]
        return cls(columns, np.array([known[names[j]] for j in columns]).reshape(-1, 2).T)

    def are_far(self, numbers: FloatArray) -> BoolArray:
        """(n, columns) which numbers are farther from the range than it is wide."""
        low, high = self.ends
        with np.errstate(over="ignore", invalid="ignore"):
            width = high - low
            far: BoolArray = (np.maximum(low - numbers, numbers - high) > width) & (width > 0.0)
        return far


@dataclass(slots=True)
class Unseen:
    """Counts categories that do not occur in training, and numbers far outside of the training rows' range.

    A column with a feature for all other categories is left out: its rare ones in training are not known.
    """

    preprocessor: Preprocessor
    _categories: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Per column: the number of rows with such a category, and the first such category."""
    _far: int = 0
    """How many numbers are farther from the range than it is wide."""
    _first_far: str = ""

    def count(self, blocks: Iterator[NewRows]) -> Iterator[NewRows]:
        """Pass the blocks on unchanged, and count as they are read."""
        columns = self.preprocessor.categories
        known = [None if column.others else set(column.categories) for column in columns]
        ranges: _Ranges | None = None
        for block in blocks:
            ranges = ranges or _Ranges.of(self.preprocessor, block.numeric_names)
            self._count_categories(block, known)
            self._count_far(block, ranges)
            yield block

    def _count_categories(self, block: NewRows, known: Sequence[Set[str] | None]) -> None:
        for j, name in enumerate(block.categorical_names):
            old = known[j]
            new = [k for k, text in enumerate(block.categories[j]) if old is not None and text not in old]
            if new:
                count, first = self._categories.get(name, (0, block.categories[j][new[0]]))
                rows = int(np.count_nonzero(np.isin(block.categorical[:, j], new)))
                self._categories[name] = (count + rows, first)

    def _count_far(self, block: NewRows, ranges: _Ranges) -> None:
        numbers = block.numbers(slice(None), ranges.columns)
        far = np.argwhere(ranges.are_far(numbers))
        if far.size and not self._far:
            row, j = far[0].tolist()
            name, (low, high) = block.numeric_names[ranges.columns[j]], ranges.ends[:, j].tolist()
            self._first_far = f"{numbers[row, j]:.6g} in {shown(name)}, trained on {low:.6g} to {high:.6g}"
        self._far += len(far)

    def sentences(self) -> Iterator[str]:
        """One message per column with new categories, and one about all numbers."""
        for name, (rows, first) in self._categories.items():
            yield unseen_categories(name, rows, first)
        if self._far:
            are = "number is" if self._far == 1 else "numbers are"
            yield (
                f"{self._far:,} {are} far outside of what the network was trained on (the first is "
                f"{self._first_far}): do not trust the predictions of such rows"
            )


def _delimiter(text: str) -> str:
    delimiter = "\t" if text in TAB else text
    if not re.match(DELIMITER_PATTERN, delimiter):
        raise UsageError(f"--delimiter {shown(text)}: write one character, or tab")
    return delimiter


@dataclass(frozen=True, slots=True)
class LabelledRows:
    """n rows that have a label."""

    numbers: IntArray
    """(n,) row numbers in the file, from 0."""
    targets: Targets
    """(n,)"""
    scores: list[FloatArray]
    """(n, outputs) in total, batch by batch."""

    def part(self, model: SavedModel) -> PartScores:
        """The scores of these rows by the model."""
        predictor = model.predictor
        return predictor.task.score(self.numbers, self.targets, self.scores, predictor.decoder)


def read_labelled(
    file: InputFile,
    model: SavedModel,
    note: Note,
    warn: Note | None = None,
    *,
    on_read: OnRead = UNREPORTED,
) -> LabelledRows:
    """Read and score all rows that have a label; `note` is called with notes for the user.

    `warn`, by default `note`, is called with warnings, `on_read` as a table is read.

    Raises `DataError` if a label is unknown to the model, or if no row has a label.
    """
    numbers: list[IntArray] = []
    targets: list[Targets] = []

    def pieces() -> Iterator[tuple[NewRows, IntArray]]:
        for block, kept, encoded in labelled_blocks(file, model, note, warn, on_read=on_read):
            numbers.append(block.first + kept)
            targets.append(encoded)
            yield block, kept

    scores = list(model.predictor.column_scores(pieces()))
    rows = LabelledRows(np.concatenate(numbers), np.concatenate(targets), scores)
    start = 0
    for batch in scores:
        file.refuse_overflow(batch, rows.numbers[start : start + len(batch)])
        start += len(batch)
    return rows


def labelled_blocks(
    given: InputFile,
    model: SavedModel,
    note: Note,
    warn: Note | None = None,
    *,
    on_read: OnRead = UNREPORTED,
) -> Iterator[tuple[NewRows, IntArray, Targets]]:
    """The blocks of a file, each with the numbers of its rows that have a label, and their targets, (m,).

    The parameters and errors are those of `read_labelled`.
    """
    target, task = model.description.target, model.predictor.task
    labelled = left_out = 0
    warn = warn or note
    with given.open(model, note, warn=warn, labelled=True, on_read=on_read) as file:
        for block in file.blocks:
            kept, encoded = _encoded(block.labels, task, given.name)
            labelled += len(kept)
            left_out += len(block) - len(kept)
            yield block, kept, encoded
    if not labelled:
        message = f"no row has a label in the column {shown(target)}"
        raise DataError(Problem(message, file=given.name))
    if left_out:
        warn(f"{given.name}: left out {counted(left_out, 'row')} without a value in {shown(target)}")


def _encoded(labels: CodedTexts | None, task: Task, file: str) -> tuple[IntArray, Targets]:
    """The numbers of a block's rows that have a target, (m,), and the targets, (m,)."""
    if labels is None:
        raise ValueError("the rows were read without labels")
    targets, wrong = task.encode_new(labels.texts, labels.codes)
    problems = Problems(file)
    for text, line in zip(labels.texts, labels.lines, strict=True):
        if text in wrong:
            problems.add(wrong[text], line=line)
    problems.raise_any()
    kept = np.flatnonzero(labels.codes >= 0)
    return kept, targets[kept]
