"""What a workbook says of its sheets, and what their cells are, before a library reads their values.

A workbook is a zip archive of XML. python-calamine, which is fast, keeps a sheet as a matrix: a cell in the
last row and column alone would take half a terabyte, and end the program. And it shows an error, a formula
without a value and an empty cell alike. So the XML is looked through first, with the parser of Python's
standard library, which needs little memory.
"""

from __future__ import annotations

import posixpath
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import IO, Final
from xml.parsers import expat

from fnnctl.config.other_files import LONGEST_MARK, other_file
from fnnctl.data.files import refuse_too_large
from fnnctl.errors import DataError, Problem

MOST_ROWS: Final = 2**20
"""The rows of a sheet of Excel."""
MOST_COLUMNS: Final = 2**14
"""Its columns."""
BYTES_PER_CELL: Final = 96
"""The memory that a cell of the matrix takes, and one with a value besides."""
BYTES_PER_TEXT: Final = 8
"""A byte of the file of shared texts takes at most so many, where it is a tag."""
LONGEST_TOKEN: Final = 2**24
"""The most bytes of a tag, and characters of a text, in XML."""
DEEPEST: Final = 64
"""The most tags within one another."""
CHUNK: Final = 2**16
_UNBOUNDED: Final = 2**60
_MISSING: Final = "#N/A"
"""The error that stands for a missing value."""
_WORKBOOK: Final = "/officeDocument"
_SHEET: Final = "/worksheet"
_STRINGS: Final = "/sharedStrings"
_STYLES: Final = "/styles"
Attributes = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of a workbook."""

    name: str
    member: str
    """Its file in the archive."""
    is_hidden: bool


@dataclass(slots=True)
class SheetCells:
    """What the cells of a sheet are; rows and columns are counted from 1."""

    rows: int = 0
    """The last row with such a cell, which may be in the library's matrix."""
    columns: int = 0
    """The last column with one."""
    filled: int = 0
    """How many cells have a value, a place for one, or a formula."""
    characters: int = 0
    """The length of the texts and formulas that stand in the sheet itself."""
    has_values: bool = False
    faults: dict[int, tuple[int, str]] = field(default_factory=dict)
    """By column: the row of the first cell that no table can have, and what is wrong with it."""
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    """First row and column, last row and column of cells that are one."""


class Workbook:
    """The archive of a workbook whose sheets are looked through."""

    def __init__(self, archive: zipfile.ZipFile, file: str) -> None:
        """Raises DataError for an archive that is no workbook of Excel, or that is damaged."""
        self._archive, self._file = archive, file
        self._members = {name.lower(): name for name in archive.namelist()}
        if len(self._members) < len(archive.namelist()):
            raise self._error("the Excel file is damaged: it has two parts of one name")
        self._part = next(iter(self._related("", _WORKBOOK).values()), None)
        if self._part is None:
            raise self._error("this is a zip archive, but no Excel workbook (.xlsx)")
        self.sheets = [*self._sheets(self._part)]
        """In their order."""

    def _sheets(self, part: str) -> Iterator[Sheet]:
        related = self._related(part, _SHEET)
        tags: list[Attributes] = []
        self._parse(part, lambda name, values: tags.append(values) if name == "sheet" else None)
        for values in tags:
            target = related.get(values.get("id", ""))
            if target is not None:  # else a sheet of a chart or of macros
                yield Sheet(values.get("name", ""), target, values.get("state", "visible") != "visible")

    def _related(self, part: str, kind: str) -> dict[str, str]:
        """The parts of a kind that a part refers to, by the id of the reference."""
        folder, name = posixpath.split(part)
        found: dict[str, str] = {}

        def start(tag: str, values: Attributes) -> None:
            if tag == "Relationship" and values.get("Type", "").endswith(kind):
                path = posixpath.normpath(posixpath.join("/", folder, values.get("Target", "")))
                found[values.get("Id", "")] = path.lstrip("/")

        member = posixpath.join(folder, "_rels", f"{name}.rels")
        if member.lower() in self._members:
            self._parse(member, start)
        return found

    def texts_bytes(self) -> int:
        """The size of the shared texts, which are kept in memory as a whole, and of the styles."""
        return sum(
            self._size(part)
            for kind in (_STRINGS, _STYLES)
            for part in self._related(self._part or "", kind).values()
        )

    def has_values(self, sheet: Sheet) -> bool:
        """Whether a sheet has a cell with a value."""
        return self.cells(sheet, until_value=True).has_values

    def cells(self, sheet: Sheet, *, until_value: bool = False) -> SheetCells:
        """Look through the cells of a sheet, or only up to the first value."""
        reader = _CellReader(self._error)
        self._parse(sheet.member, reader.start, reader, until_value=until_value)
        reader.finish_cell()
        return reader.cells

    def _size(self, member: str) -> int:
        """The bytes of a part, which are unpacked, because the archive may say another size."""
        with self._open(member) as stream:
            return sum(map(len, iter(lambda: stream.read(CHUNK), b"")))

    def _parse(
        self,
        member: str,
        start: Callable[[str, Attributes], None],
        cells: _CellReader | None = None,
        *,
        until_value: bool = False,
    ) -> None:
        """Call `start` for each tag of a part, with its name and its attributes without prefixes.

        With `cells`, names have their prefixes: a sheet has millions of tags.
        """

        def start_plain(name: str, values: dict[str, str]) -> None:
            start(_plain(name), {_plain(key): value for key, value in values.items()})

        def refuse(*_: object) -> None:
            raise self._error("the Excel file declares entities of XML, which Excel does not write")

        parser = expat.ParserCreate()
        parser.StartElementHandler = start_plain if cells is None else start
        parser.EntityDeclHandler = refuse
        parser.StartDoctypeDeclHandler = refuse
        if cells is not None:
            parser.EndElementHandler = cells.end
            parser.CharacterDataHandler = cells.text
        read = 0
        with self._open(member) as stream:
            while chunk := stream.read(CHUNK):
                read += len(chunk)
                parser.Parse(chunk, False)
                if read - parser.CurrentByteIndex > LONGEST_TOKEN:
                    raise self._error("the Excel file is damaged: its XML has a tag without end")
                if cells is not None and cells.depth > DEEPEST:
                    raise self._error("the Excel file is damaged: its XML is too deep")
                if until_value and cells is not None and cells.cells.has_values:
                    return
            parser.Parse(b"", True)

    @contextmanager
    def _open(self, member: str) -> Iterator[IO[bytes]]:
        """A part of the archive, to its true end."""
        name = self._members.get(member.lower())
        if name is None:
            raise self._error(f"the Excel file is damaged: it has no part {member}")
        info = self._archive.getinfo(name)
        info.file_size = _UNBOUNDED  # what the archive says may be too little
        with self._archive.open(info) as stream:
            yield stream

    def refuse_too_large(self, cells: SheetCells) -> None:
        """Raise DataError if a sheet would not fit into memory."""
        matrix = (cells.rows * cells.columns + cells.filled) * BYTES_PER_CELL
        texts = cells.characters + self.texts_bytes()
        refuse_too_large(matrix + texts * BYTES_PER_TEXT, self._file)

    def _error(self, message: str) -> DataError:
        return DataError(Problem(message, file=self._file))


class _CellReader:
    """Follows the tags of a sheet."""

    def __init__(self, error: Callable[[str], DataError]) -> None:
        self.cells = SheetCells()
        self.depth = 0
        """How many tags are open."""
        self._error = error
        self._row = self._column = 0
        self._type = ""
        self._is_cell = self._has_formula = self._has_place = self._has_value = self._is_value = False
        self._text = ""
        self._length = 0
        """Of the text since the last tag."""

    def start(self, name: str, values: Attributes) -> None:
        self.depth += 1
        self._length = 0
        tag = name[name.rfind(":") + 1 :]
        if tag == "c":
            if self._has_place or self._has_formula:
                self.finish_cell()
            if "r" in values:
                self._row, self._column = _position(values["r"])
            else:
                self._column += 1
            self._type = values.get("t", "n")
            self._is_cell = True
        elif tag == "v":
            self._is_value = self._has_place = self._is_cell
            self._text = ""
        elif tag == "is":
            self._has_value = self._has_place = self._is_cell
        elif tag == "f":
            self._has_formula = self._is_cell
        else:
            self.finish_cell()
            if tag == "row":
                self._start_row(values.get("r", ""))
            elif tag == "mergeCell":
                first, _, last = values.get("ref", "").partition(":")
                self.cells.merged.append((*_position(first), *_position(last or first)))

    def text(self, text: str) -> None:
        """A part of a text."""
        self.cells.characters += len(text)
        self._length += len(text)
        if self._length > LONGEST_TOKEN:
            raise self._error(f"the sheet has a text of more than {LONGEST_TOKEN:,} characters")
        if self._is_value:
            self._has_value = True
            if self._type == "e":
                self._text += text

    def end(self, _: str) -> None:
        """The end of a tag, such as that of a value, which has no others in it."""
        self.depth -= 1
        self._length = 0
        self._is_value = False

    def finish_cell(self) -> None:
        """Take note of the last cell: the next tag belongs to no cell, or to another one."""
        if self._has_place or self._has_formula:
            cells = self.cells
            if not 0 < self._column <= MOST_COLUMNS or not 0 < self._row <= MOST_ROWS:
                raise self._error("the Excel file is damaged: it has a cell outside of the sheet")
            cells.filled += 1
            cells.rows, cells.columns = max(cells.rows, self._row), max(cells.columns, self._column)
            cells.has_values |= self._has_value
            if self._type == "e" and self._has_value and self._text != _MISSING:
                self._note(f"the cell {self._name} has the error {self._text}: correct it")
            elif self._has_formula and not self._has_value and self._type != "str":
                self._note(
                    f"the formula in the cell {self._name} has no value, because no program has computed it: "
                    "save the file in Excel"
                )
        self._is_cell = self._has_formula = self._has_place = self._has_value = False

    def _start_row(self, number: str) -> None:
        self._row = int(number) if number.isdecimal() and len(number) < 9 else self._row + 1
        self._column = 0
        if self._row > MOST_ROWS:
            raise self._error(f"the sheet has more than {MOST_ROWS:,} rows, which Excel does not have")

    @property
    def _name(self) -> str:
        return cell_name(self._row, self._column)

    def _note(self, fault: str) -> None:
        self.cells.faults.setdefault(self._column, (self._row, fault))


def cell_name(row: int, column: int) -> str:
    """Such as `B3` for row 3 and column 2."""
    letters = ""
    while column:
        column, digit = divmod(column - 1, 26)
        letters = chr(ord("A") + digit) + letters
    return f"{letters}{row}"


def _position(reference: str) -> tuple[int, int]:
    """Row and column of a cell such as `B3`; 0 where the reference makes no sense."""
    letters = reference.rstrip("0123456789")
    digits = reference[len(letters) :]
    return int(digits) if 0 < len(digits) < 9 else 0, _column(letters)


@lru_cache(maxsize=MOST_COLUMNS)
def _column(letters: str) -> int:
    """The number of the column with these letters; 0 for other ones."""
    if not (letters.isascii() and letters.isalpha() and len(letters) < 4):
        return 0
    column = 0
    for letter in letters.upper():
        column = 26 * column + ord(letter) - ord("A") + 1
    return column


def _plain(name: str) -> str:
    """A name of XML without the prefix of its namespace."""
    return name[name.rfind(":") + 1 :]


_DAMAGE: Final = (
    zipfile.BadZipFile, zlib.error, EOFError, expat.ExpatError, NotImplementedError, RuntimeError
)  # fmt: skip
"""What damaged files raise; the last two are for compression or encryption that zipfile does not know."""


@contextmanager
def open_workbook(path: Path, file: str) -> Iterator[Workbook]:
    """Open a workbook; raises DataError if it is damaged, also while it is read."""
    try:
        if not zipfile.is_zipfile(path):
            with path.open("rb") as stream:
                content = other_file(stream.read(LONGEST_MARK), "")
            message = "this is no Excel file, although it is named so: name it .csv if it is one"
            if content is not None:
                message = f"this is {content}, not an .xlsx file: save it as one, without a password"
            raise DataError(Problem(message, file=file))
        with zipfile.ZipFile(path) as archive:
            yield Workbook(archive, file)
    except _DAMAGE as error:
        message = f"the Excel file is damaged ({error}): save or copy it again"
        raise DataError(Problem(message, file=file)) from error
