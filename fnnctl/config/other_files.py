"""Says what a file is that was given as an experiment or as a table, and is neither."""

from __future__ import annotations

from typing import Final

LONGEST_MARK: Final = 64
"""So many bytes tell what a file is."""
JSON: Final = "a JSON file"
_MARKS: Final = (
    (b"PK\x03\x04", "an Excel workbook or a zip archive"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"BZh", "compressed with bzip2"),
    (b"\xfd7zXZ", "compressed with xz"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd"),
    (b"\x1f\x8b", "compressed with gzip"),
    (b"PAR1", "a Parquet file"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"%PDF", "a PDF document"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"\x89HDF", "an HDF5 file"),
    (b"\x80\x04\x95", "a Python pickle"),
    (b"\x80\x05\x95", "a Python pickle"),
)
_BEGINNINGS: Final = (
    ("<!doctype html", "an HTML page"),
    ("<html", "an HTML page"),
    ("<?xml", "an XML file"),
    ('{"', JSON),
    ("[{", JSON),
    ("[[", JSON),
)
_ENDINGS: Final = {
    ".toml": "a TOML file", ".json": JSON, ".jsonl": JSON, ".ndjson": JSON,
    ".py": "a Python program", ".ipynb": "a notebook",
}  # fmt: skip


def other_file(start: bytes, ending: str) -> str | None:
    """What a file is that begins with these bytes and has this ending; None if neither says it."""
    for mark, what in _MARKS:
        if start.startswith(mark):
            return what
    text = start[:LONGEST_MARK].decode("utf-8", "replace").lstrip("\ufeff \t\r\n").lower()
    by_text = next((what for beginning, what in _BEGINNINGS if text.startswith(beginning)), None)
    return _ENDINGS.get(ending.lower()) or by_text
