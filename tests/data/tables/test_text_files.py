from __future__ import annotations

import codecs
import gzip
from pathlib import Path
from typing import Any

import pytest

from fnnctl.data.tables.text_files import open_text, wrong_byte
from fnnctl.errors import DataError
from tests.memory import load_file
from tests.messages import Messages

PACKED = gzip.compress(bytes(range(256)) * 8, mtime=0)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(PACKED[:-9], id="cut"),
        pytest.param(PACKED[:-6] + bytes([PACKED[-6] ^ 255]) + PACKED[-5:], id="changed"),
        pytest.param(PACKED[:12] + b"\xff" * 28 + PACKED[40:], id="broken"),
        pytest.param(b"a,y\n1,p\n", id="not packed"),
    ],
)
def test_a_damaged_gzip_file_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "rows.csv.gz"
    path.write_bytes(content)
    with (
        pytest.raises(DataError, match=r"rows\.csv\.gz: the gzip file is damaged"),
        open_text(path, "latin-1") as text,
    ):
        text.read()


REFUSED = [
    (b"a\n", "uft-8"),
    (b"a\n", "klingon"),
    (b"a\n", "base64"),
    (b"a\n", "utf\0"),
    (b"PK\x03\x04" + b"\0" * 30, "utf-8"),
    (b"BZh9" + b"\0" * 30, "utf-8"),
    (gzip.compress(b"PAR1..."), "utf-8"),
    ("a,y\n".encode("utf-32"), "latin-1"),
    ("a,y\n".encode("utf-32"), "utf-16"),
    (codecs.BOM_UTF16_BE + "a,y\n".encode("utf-16-be"), "utf-16-le"),
    (codecs.BOM_UTF8 + b"a,y\n", "cp1252"),
]


def test_wrong_encodings_and_formats_are_named(tmp_path: Path, messages: Messages) -> None:
    for content, encoding in REFUSED:
        (tmp_path / "rows").write_bytes(content)
        with pytest.raises(DataError) as error, open_text(tmp_path / "rows", encoding):
            pass
        messages.check(error.value)


WIDE = {
    "utf-16": "a,y\n".encode("utf-16"),
    "utf-32": "a,y\n".encode("utf-32"),
    "utf-16-le": codecs.BOM_UTF16_LE + "a,y\n".encode("utf-16-le"),
    "utf-16-be": codecs.BOM_UTF16_BE + "a,y\n".encode("utf-16-be"),
    "utf-32-be": codecs.BOM_UTF32_BE + "a,y\n".encode("utf-32-be"),
}


@pytest.mark.parametrize("encoding", WIDE)
def test_a_mark_of_a_wide_encoding_decides(tmp_path: Path, encoding: str) -> None:
    """Unless another one is given; without a name of its own it is packed, whatever the file's name."""
    path = tmp_path / "rows.csv"
    for content in (WIDE[encoding], gzip.compress(WIDE[encoding])):
        path.write_bytes(content)
        for setting in ("utf-8", "UTF8", "utf-8-sig", encoding, encoding[:6]):
            with open_text(path, setting) as text:
                assert text.read().removeprefix("\ufeff") == "a,y\n"


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (b"city,y\nZ\xfcrich,1\n", "utf-8"),
        (b"\x80 5;\xe9t\xe9", "ascii"),
        (b"a,y\n\x8d\xfc,1\n", "utf-8"),  # 0x8d is not cp1252
        (b"a,y\n\xac,1\n", "utf-8"),  # '¬' is no text
        (b"a,y\n\x8d,1\n", "windows-1252"),
        (b"x" * 30 + b"\xfc" + b"y" * 30, "utf-8"),
    ],
)
def test_a_wrong_byte_and_the_word_it_may_belong_to(
    messages: Messages, content: bytes, encoding: str
) -> None:
    with pytest.raises(UnicodeDecodeError) as error:
        content.decode(encoding)
    messages.check(wrong_byte(error.value, encoding, "data.encoding"))


@pytest.mark.parametrize("open_file", [open, gzip.open])
def test_a_word_between_two_parts_of_a_file_is_marked(tmp_path: Path, open_file: Any) -> None:
    """Text is decoded 8 KiB at a time."""
    for shift, shown in enumerate(["Züri…", "Zür…", "Zü…", "…ürich", "…Zürich", "Zürich"]):
        content = b"a,y\n" + b"x,1\n" * 2046 + b" " * shift + b"Z\xfcrich,2\n" + b"x,1\n" * 3000
        with open_file(tmp_path / "rows.csv", "wb") as written:
            written.write(content)
        with pytest.raises(DataError, match=f"if the text is '{shown}',"):
            load_file(tmp_path / "rows.csv", target="y")
