"""New rows for a saved model, in files or in memory: how they are opened, and the notes about them.

Unused columns are reported at once, values that did not occur in training after all rows have been read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from fnnctl.config.schema.data import DELIMITER_PATTERN
from fnnctl.config.table_files import WHOLE_FILE, TablePart, part_reason
from fnnctl.data.feature_array import FeatureArray
from fnnctl.data.files import UNREPORTED, OnRead, displayed_name, find_file
from fnnctl.data.in_memory import MemoryData
from fnnctl.data.labels import NewWords
from fnnctl.data.new_rows import (
    KEEP_NONE,
    Keep,
    NewFile,
    open_new_arrays,
    open_new_rows,
    with_trained_names,
)
from fnnctl.data.stored_arrays import holds_arrays, source_sha256
from fnnctl.data.tables.memory_table import MemoryTable
from fnnctl.data.tables.open_table import CsvFormat, missing_texts
from fnnctl.data.tables.readers import kind_of_table, table_sha256
from fnnctl.data.unseen_values import UnseenValues
from fnnctl.errors import UsageError
from fnnctl.messages import Message
from fnnctl.modelling.saved_model import SavedModel
from fnnctl.text import printable, quoted, word_list

Note = Callable[[str], None]
Warn = Callable[[Message], None]


def as_notes(note: Note) -> Warn:
    """Shows warnings as notes, where a command only reads the rows."""
    return lambda warning: note(str(warning))


STANDARD_INPUT = "-"
TAB = ("\\t", "tab")
"""The ways to write a tab, which is hard to type, on the command line."""


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file with a table, standard input, arrays, or rows in memory; and the format of a table."""

    path: Path | None
    """None is standard input, or no file."""
    form: CsvFormat
    memory: MemoryData | None = None
    """The rows, if they are in memory."""

    @classmethod
    def find(
        cls,
        data: str,
        model: SavedModel,
        *,
        setting: str,
        delimiter: str | None,
        encoding: str | None,
        part: TablePart = WHOLE_FILE,
        pipes: bool = True,
    ) -> Self:
        """The file that `data` names.

        Args:
            data: A path, or `-` for standard input.
            model: The delimiter and encoding are those of its training data by default.
            setting: The argument or option that `data` came from, for messages.
            delimiter, encoding: Only for a CSV file.
            part: Which table of a file of several; see `refuse_unused_part`.
            pipes: Whether a pipe is allowed; it cannot be read twice.

        Raises `InputError` if there is no such file, or if a delimiter or encoding is given for another kind.
        """
        form = _form(model)
        if delimiter is not None:
            form = replace(form, delimiter=_delimiter(delimiter))
        form = replace(form, encoding=encoding or form.encoding, part=part)
        if pipes and data == STANDARD_INPUT:
            return cls(None, form)
        path = find_file(data, Path(), setting=setting, folders=True, pipes=pipes)
        for option, value in {"--delimiter": delimiter, "--encoding": encoding}.items():
            if value is not None and (holds_arrays(path) or kind_of_table(path).has_types):
                kind = "contains arrays" if holds_arrays(path) else f"is {kind_of_table(path).noun}"
                raise UsageError(f"{option} applies to CSV files only, but {printable(data)} {kind}")
        return cls(path, form)

    @classmethod
    def of_memory(cls, memory: MemoryData, model: SavedModel) -> Self:
        """Rows in memory; the columns of an array are those of the training, in their order.

        Raises `DataError` if the array has another number of columns, or lacks what is no number.
        """
        form, features = _form(model), memory.features
        if isinstance(features, FeatureArray):
            exposure = model.description.table.exposure
            named_features = with_trained_names(
                features, model.predictor.preprocessor, form.formats, exposure
            )
            memory = replace(memory, features=named_features)
        return cls(None, form, memory)

    @property
    def name(self) -> str:
        """Its name in messages."""
        return self.memory.file if self.memory else displayed_name(self.path)

    @property
    def file(self) -> Path:
        """The path; raises ValueError for standard input, which has none."""
        if self.path is None:
            raise ValueError("standard input has no path")
        return self.path

    @property
    def source(self) -> str:
        """The absolute path, or what stands for one."""
        return self.memory.file if self.memory else str(self.file.resolve())

    @property
    def stem(self) -> str:
        """The file's name without its extensions."""
        if self.memory:
            return self.memory.file
        return Path(self.file.name.removesuffix(".gz")).stem

    @property
    def sha256(self) -> str:
        """The digest of the file's bytes, or of its rows, as in the manifest of a run trained on it."""
        if self.memory:
            return self.memory.sha256
        return table_sha256(self.file, self.form.part) or source_sha256(self.file)

    def format_changes(self, model: SavedModel) -> dict[str, str | None]:
        """The `delimiter` and `encoding` of `find`, each None unless it differs from the model's, and which
        table is meant.
        """
        table, form = model.description.table, self.form
        return {
            "delimiter": None if form.delimiter == table.delimiter else form.delimiter,
            "encoding": None if form.encoding == table.encoding else form.encoding,
            **form.part.settings,
        }

    def contains(self, file: Path) -> bool:
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
        warn: Warn,
        labelled: bool = False,
        keep: Keep = KEEP_NONE,
        keep_if_there: Sequence[str] = (),
        on_read: OnRead = UNREPORTED,
    ) -> Iterator[NewFile]:
        """The rows, block by block, with the columns to `keep`, and with those to `keep_if_there`.

        `note` is called with notes for the user.

        `warn` is called with what may make predictions worse; `on_read` is called as a table is read.
        """
        unseen, label_words = UnseenValues(model.predictor.preprocessor), model.description.table.label_words
        words = None if label_words is None else NewWords(label_words, model.description.target_names)
        with self._rows(model, labelled, words, keep, keep_if_there, on_read) as file:
            for text in file.notes:
                note(f"{self.name}: {text}")
            unused = [name for name in file.unused if name not in file.kept]
            if "" in unused:
                note(f"{self.name}: the first column has no name and is ignored")
            ignored = [name for name in unused if name]
            if ignored:
                note(ignored_columns(self.name, ignored))
            yield replace(file, blocks=unseen.count(file.blocks))
        for warning in (*unseen.warnings(self.name), *(words.warnings(self.name) if words else ())):
            warn(warning)

    def _rows(
        self,
        model: SavedModel,
        labelled: bool,
        words: NewWords | None,
        keep: Keep,
        keep_if_there: Sequence[str],
        on_read: OnRead,
    ) -> AbstractContextManager[NewFile]:
        preprocessor, targets = model.predictor.preprocessor, model.description.target_names
        source: Path | MemoryTable | FeatureArray | None = self.path
        if self.memory is not None:
            source = self.memory.features
            if labelled:
                source = self.memory.with_targets(self.memory.targets(targets))
        if isinstance(source, FeatureArray) or (isinstance(source, Path) and holds_arrays(source)):
            return nullcontext(
                open_new_arrays(
                    source,
                    preprocessor,
                    labelled=labelled,
                    label_format=self.form.formats.get(targets[0]),
                    missing=self.form.missing,
                    exposure=model.description.table.exposure,
                    keep=keep,
                    keep_if_there=keep_if_there,
                )
            )
        return open_new_rows(
            source,
            self.form,
            preprocessor,
            targets=targets,
            labelled=labelled,
            delimiter_setting="--delimiter",
            words=words,
            exposure=model.description.table.exposure,
            keep=keep,
            keep_if_there=keep_if_there,
            on_read=on_read,
        )


def refuse_unused_part(part: TablePart, files: Iterable[InputFile]) -> None:
    """Raise UsageError if an option names a table, and none of the files is of a kind with several."""
    files = [*files]
    for key in part.settings:
        if not any(file.path is not None and key in kind_of_table(file.path).parts for file in files):
            raise UsageError(f"--{key}: {part_reason(key)}, but this is {printable(files[0].name)}")


def ignored_columns(file: str, names: Sequence[str]) -> str:
    """The note about columns of new rows that the network was not trained with."""
    one = len(names) == 1
    which = "a column is" if one else f"{len(names):,} columns are"
    why = f"the network was not trained with {'it' if one else 'them'}"
    return f"{file}: {which} ignored, because {why}: {word_list([*map(quoted, names)])}"


def _form(model: SavedModel) -> CsvFormat:
    """The format of the model's training data."""
    table = model.description.table
    return CsvFormat(
        delimiter=table.delimiter,
        encoding=table.encoding,
        missing=missing_texts(table.missing_values),
        encoding_setting="--encoding",
        formats=table.formats,
    )


def _delimiter(text: str) -> str:
    delimiter = "\t" if text in TAB else text
    if not re.match(DELIMITER_PATTERN, delimiter):
        raise UsageError(f"--delimiter {quoted(text)}: write one character, or tab")
    return delimiter
