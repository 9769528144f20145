"""Opens CSV files as text, whatever their compression and their kind of Unicode.

A file may be compressed with gzip (recognized by its first bytes or by `.gz`), and is never read into memory
as a whole. A byte-order mark says that it is UTF-16 or UTF-32, as Excel's "Unicode text" is.
"""

from __future__ import annotations

import codecs
import gzip
import io
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from fnnctl.config.other_files import BINARY, LONGEST_MARK, is_binary, no_table
from fnnctl.config.table_files import CSV
from fnnctl.config.table_kinds import kind_by_mark, kind_by_name
from fnnctl.data.files import displayed_name, file_errors
from fnnctl.errors import DataError, Problem
from fnnctl.text import did_you_mean, quoted

_COMMON_ENCODINGS = ("utf-8", "utf-16", "latin-1", "cp1250", "cp1251", "cp1252", "gb18030", "shift_jis")
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, ("utf-8", "utf-8-sig")),
    (codecs.BOM_UTF32_LE, ("utf-32", "utf-32-le")),
    (codecs.BOM_UTF32_BE, ("utf-32", "utf-32-be")),
    (codecs.BOM_UTF16_LE, ("utf-16", "utf-16-le")),
    (codecs.BOM_UTF16_BE, ("utf-16", "utf-16-be")),
)
"""The marks, and the encodings of a file that begins with one; the longest that fits comes first."""
_DETECTED = ("utf-8", "utf-8-sig")
"""With these encodings, a mark of another one decides."""
_GZIP = b"\x1f\x8b"
_WINDOWS: Final = "cp1252"
_SIGNS: Final = frozenset("€‚„…‘’“”–—•™§©«»®°±²³´µ·¹º¼½¾ß¿¡£×÷")
"""Signs of cp1252 that occur in texts and tables, besides letters."""
_NEARBY: Final = 20
"""The bytes before and after a wrong one that are shown, up to the ends of the word."""
_SEPARATORS: Final = re.compile(r"[\s,;|\"]")


@contextmanager
def open_text(path: Path | None, encoding: str, setting: str = "data.encoding") -> Iterator[io.TextIOWrapper]:
    """Open a plain or gzip file, or standard input (None), as text with its line ends unchanged.

    With UTF-8, the default, a byte-order mark of UTF-16 or UTF-32 decides. Raises DataError for an unknown
    encoding, a mark that contradicts the encoding, a damaged gzip file (also while reading), and formats that
    are not text; MachineError if the system cannot read. `setting` is what the user changes if the encoding
    is wrong.
    """
    file = displayed_name(path)
    with open_bytes(path) as plain:
        start = plain.peek(LONGEST_MARK)
        _refuse_other_formats(start, path, file)
        with io.TextIOWrapper(plain, _encoding(start, encoding, setting, file), newline="") as text:
            yield text


@contextmanager
def open_bytes(path: Path | None) -> Iterator[io.BufferedReader]:
    """Open a plain or gzip file, or standard input (None), as bytes; errors while reading name the file."""
    with (
        file_errors(displayed_name(path)),
        open(0, "rb", closefd=False) if path is None else path.open("rb") as raw,
    ):
        packed = (path is not None and path.suffix.lower() == ".gz") or raw.peek(2).startswith(_GZIP)
        yield io.BufferedReader(gzip.GzipFile(fileobj=raw)) if packed else raw


def share_read(descriptor: int) -> float:
    """The share of an open file that has been read, in compressed bytes; 0 for a pipe."""
    try:
        return os.lseek(descriptor, 0, os.SEEK_CUR) / max(1, os.fstat(descriptor).st_size)
    except OSError:
        return 0.0


def _encoding(start: bytes, encoding: str, setting: str, file: str) -> str:
    """The encoding of a file that begins with these bytes."""
    name = _codec(encoding, setting)
    for mark, meant in _BYTE_ORDER_MARKS:
        if start.startswith(mark):
            if name in meant:
                break
            if name in _DETECTED:
                return meant[0]
            message = f"the file is {meant[0].upper()}, not {encoding}: set {setting} to {meant[0]}"
            raise DataError(Problem(message, file=file))
    return encoding


def _codec(encoding: str, setting: str) -> str:
    """The name that Python has for an encoding; raises DataError if it has none for text."""
    try:
        io.TextIOWrapper(io.BytesIO(), encoding=encoding)
        return codecs.lookup(encoding).name
    except (LookupError, ValueError) as error:
        suggestion = did_you_mean(encoding, _COMMON_ENCODINGS)
        raise DataError(
            Problem(f"{quoted(encoding)} is not an encoding{suggestion}", path=setting)
        ) from error


def _refuse_other_formats(start: bytes, path: Path | None, file: str) -> None:
    if kind := kind_by_mark(start):
        way = "from standard input, from a pipe, or inside a gzip file"
        message = f"{kind.noun} cannot be read {way}: name the {kind.label} file"
        raise DataError(Problem(message, file=file))
    names = [] if path is None else [suffix.lower() for suffix in path.suffixes]
    if other := no_table(start, names[-1] if names else ""):
        raise DataError(Problem(f"this is {other}", file=file))
    if (named := kind_by_name(names[-1] if names else "")) is not CSV:
        message = f"this is no {named.label} file, although it is named so: name it .csv if it is one"
        raise DataError(Problem(message if start else "the file is empty", file=file))


def wrong_byte(
    error: UnicodeDecodeError,
    encoding: str,
    setting: str,
    *,
    starts_file: bool = True,
    ends_file: bool = True,
) -> str:
    """Say which byte is wrong, and what to write in `setting`: cp1252 if the text makes sense in it.

    The bytes of the error may be a part of the file; a word that may go on before or after them is marked.
    """
    start, data = error.start, error.object
    if is_binary(data):
        return f"this is {BINARY}, not text"
    problem = f"the byte 0x{data[start]:02x} is not {encoding}"
    saved = "the encoding the file was saved in"
    first, last = max(0, start - _NEARBY), start + _NEARBY
    try:
        text = data[first : last + 1].decode(_WINDOWS)
    except UnicodeDecodeError:
        return f"{problem}: set {setting} to {saved}"
    index = start - first
    sign = text[index]
    if codecs.lookup(encoding).name == _WINDOWS or not (sign.isalpha() or sign in _SIGNS):
        return f"{problem}: set {setting} to {saved}"
    before, after = _SEPARATORS.split(text[:index])[-1], _SEPARATORS.split(text[index + 1 :])[0]
    if len(before) == index and (first > 0 or not starts_file):
        before = f"…{before}"
    if index + 1 + len(after) == len(text) and (last + 1 < len(data) or not ends_file):
        after = f"{after}…"
    word = quoted(before + sign + after)
    return f"{problem}: set {setting} to {_WINDOWS} if the text is {word}, else to {saved}"
