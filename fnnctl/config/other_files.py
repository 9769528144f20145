"""Says what a file is that was given as an experiment or as a table, and is neither."""

from __future__ import annotations

from typing import Final

from fnnctl.config.table_files import TABLE_FILES

LONGEST_MARK: Final = 64
"""So many bytes tell what a file is."""
JSON: Final = "a JSON file"
_PNG: Final = "a PNG picture"
_JPEG: Final = "a JPEG picture"
_GIF: Final = "a GIF picture"
_ARROW: Final = "an Arrow/Feather file"
_TOML: Final = "a TOML file"
_PYTHON: Final = "a Python program"
_EXPERIMENT: Final = "an experiment (YAML)"
_ZIP: Final = "an Excel workbook or a zip archive"
_OLD_EXCEL: Final = "an old or encrypted Excel workbook"
_MARKS: Final = (
    (b"PK\x03\x04", _ZIP),
    (b"\xd0\xcf\x11\xe0", _OLD_EXCEL),
    (b"BZh", "compressed with bzip2"),
    (b"\xfd7zXZ", "compressed with xz"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd"),
    (b"\x1f\x8b", "compressed with gzip"),
    *((kind.mark, kind.noun) for kind in TABLE_FILES if kind.mark),
    (b"ARROW1", _ARROW),
    (b"FEA1", _ARROW),
    (b"\x93NUMPY", "a NumPy array"),
    (b"\x89PNG", _PNG),
    (b"\xff\xd8\xff", _JPEG),
    (b"GIF8", _GIF),
    (b"%PDF", "a PDF document"),
    (b"\x89HDF", "an HDF5 file"),
    *((bytes([0x80, protocol]), "a Python pickle") for protocol in range(2, 6)),
)
_BEGINNINGS: Final = (
    ("<!doctype html", "an HTML page"),
    ("<html", "an HTML page"),
    ("<?xml", "an XML file"),
    ('{"', JSON),
    ("[{", JSON),
    ("[[", JSON),
)
_SPREADSHEETS: Final = {
    ".xls": _OLD_EXCEL, ".xlsb": "a binary Excel workbook", ".ods": "an OpenDocument spreadsheet",
}  # fmt: skip
_ENDINGS: Final = {
    **_SPREADSHEETS,
    ".toml": _TOML, ".json": JSON, ".jsonl": JSON, ".ndjson": JSON,
    ".py": _PYTHON, ".ipynb": "a notebook", ".feather": _ARROW, ".arrow": _ARROW,
}  # fmt: skip


BINARY: Final = "binary data"
_CONTROLS: Final = frozenset(range(32)) - frozenset(b"\t\n\v\f\r\x1a\x1b")
"""Bytes that no text has, apart from those of wide characters."""
_MIN_CONTROLS: Final = 5
"""With fewer different ones a file may be UTF-16, or a text with a few damaged places."""
_OF_SPREADSHEETS: Final = frozenset(_SPREADSHEETS.values())
_WITHOUT_TABLE: Final = frozenset({_PNG, _JPEG, _GIF, _TOML, _PYTHON, _EXPERIMENT})


def no_table(start: bytes, ending: str) -> str | None:
    """Why a file that begins with these bytes and has this ending is no table; None if it may be one."""
    content = _EXPERIMENT if ending in {".yaml", ".yml"} else other_file(start, ending)
    if content is None:
        return None
    if content in _WITHOUT_TABLE:
        return f"{content}, not a table"
    other = ""
    if content == JSON:
        other = ", or as JSON Lines (.jsonl) with one object per line"
    elif content == _ZIP:
        other = "; a workbook is read if it is named .xlsx"
    elif content in _OF_SPREADSHEETS:
        other = ", or as .xlsx without a password"
    return f"{content}, not a CSV file: save it as CSV{other}"


def other_file(start: bytes, ending: str) -> str | None:
    """What a file is that begins with these bytes and has this ending; None if neither says it."""
    for mark, content in _MARKS:
        if start.startswith(mark):
            return _SPREADSHEETS.get(ending.lower(), content)
    text = start[:LONGEST_MARK].decode("utf-8", "replace").lstrip("\ufeff \t\r\n").lower()
    by_text = next((content for beginning, content in _BEGINNINGS if text.startswith(beginning)), None)
    return _ENDINGS.get(ending.lower()) or by_text


def is_binary(content: bytes) -> bool:
    """Whether a content that cannot be decoded is no text in any encoding."""
    return len(_CONTROLS.intersection(content)) >= _MIN_CONTROLS
