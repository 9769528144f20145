from __future__ import annotations

import codecs
import gzip
from pathlib import Path

import pytest

from fnnctl.data.tables.text_files import open_text, wrong_byte
from fnnctl.errors import DataError
from tests.memory import load_file


@pytest.mark.parametrize("name", ["rows.csv", "rows.csv.gz"])
def test_gzip_is_recognized_by_its_bytes(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(gzip.compress(b"a\r\nb"))
    with open_text(path, "utf-8") as text:
        assert text.read() == "a\r\nb"


def damaged_gzip(how: str) -> bytes:
    packed = bytearray(gzip.compress(bytes(range(256)) * 8, mtime=0))
    if how == "cut":
        return bytes(packed[:-9])
    if how == "changed":
        packed[-6] ^= 255
        return bytes(packed)
    if how == "broken":
        packed[12:40] = b"\xff" * 28
        return bytes(packed)
    return b"a,y\n1,p\n"


@pytest.mark.parametrize("how", ["cut", "changed", "broken", "not packed"])
def test_a_damaged_gzip_file_is_named(tmp_path: Path, how: str) -> None:
    path = tmp_path / "rows.csv.gz"
    path.write_bytes(damaged_gzip(how))
    with (
        pytest.raises(DataError, match=r"rows\.csv\.gz: the gzip file is damaged"),
        open_text(path, "latin-1") as text,
    ):
        text.read()


@pytest.mark.parametrize(
    ("encoding", "words"),
    [
        ("uft-8", "'uft-8' is not an encoding (did you mean 'utf-8'?)"),
        ("klingon", "'klingon' is not an encoding"),
        ("base64", "'base64' is not an encoding"),
        ("utf\0", "'utf\\x00' is not an encoding"),
    ],
)
def test_an_unknown_encoding(tmp_path: Path, encoding: str, words: str) -> None:
    (tmp_path / "rows.csv").write_text("a\n")
    with pytest.raises(DataError) as caught, open_text(tmp_path / "rows.csv", encoding):
        pass
    (problem,) = caught.value.problems
    assert problem.path == "data.encoding"
    assert problem.message.startswith(words)


WIDE = {
    "utf-16": "a,y\n".encode("utf-16"),
    "utf-32": "a,y\n".encode("utf-32"),
    "utf-16-le": codecs.BOM_UTF16_LE + "a,y\n".encode("utf-16-le"),
    "utf-16-be": codecs.BOM_UTF16_BE + "a,y\n".encode("utf-16-be"),
    "utf-32-be": codecs.BOM_UTF32_BE + "a,y\n".encode("utf-32-be"),
}


@pytest.mark.parametrize("encoding", WIDE)
@pytest.mark.parametrize("setting", ["utf-8", "UTF8", "utf-8-sig"])
@pytest.mark.parametrize("packed", [False, True])
def test_a_mark_of_a_wide_encoding_decides(tmp_path: Path, encoding: str, setting: str, packed: bool) -> None:
    content = WIDE[encoding]
    (tmp_path / "rows.csv").write_bytes(gzip.compress(content) if packed else content)
    with open_text(tmp_path / "rows.csv", setting) as text:
        assert text.read() == "a,y\n"


@pytest.mark.parametrize("encoding", WIDE)
def test_a_wide_encoding_may_be_given(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "rows.csv").write_bytes(WIDE[encoding])
    for setting in {encoding, encoding[:6]}:
        with open_text(tmp_path / "rows.csv", setting) as text:
            assert text.read().removeprefix("\ufeff") == "a,y\n"


@pytest.mark.parametrize(
    ("content", "given", "meant"),
    [
        (WIDE["utf-16"], "cp1252", "utf-16"),
        (WIDE["utf-32"], "latin-1", "utf-32"),
        (WIDE["utf-32"], "utf-16", "utf-32"),
        (WIDE["utf-16-be"], "utf-16-le", "utf-16"),
        (codecs.BOM_UTF8 + b"a,y\n", "cp1252", "utf-8"),
    ],
)
def test_another_encoding_contradicts_the_mark(
    tmp_path: Path, content: bytes, given: str, meant: str
) -> None:
    (tmp_path / "rows.csv").write_bytes(content)
    words = f"the file is {meant.upper()}, not {given}: set data.encoding to {meant}$"
    with pytest.raises(DataError, match=words), open_text(tmp_path / "rows.csv", given):
        pass


@pytest.mark.parametrize(
    ("content", "encoding", "advice"),
    [
        (b"city,y\nZ\xfcrich,1\n", "utf-8", "cp1252 if the text is 'Zürich', else to the encoding"),
        (b"\x80 5;\xe9t\xe9", "ascii", "cp1252 if the text is '€', else to the encoding"),
        (b"a,y\n\x8d\xfc,1\n", "utf-8", "the encoding the file was saved in"),  # 0x8d is not cp1252
        (b"a,y\n\xac,1\n", "utf-8", "the encoding the file was saved in"),  # '¬' is no text
        (b"a,y\n\x8d,1\n", "windows-1252", "the encoding the file was saved in"),
        (b"x" * 30 + b"\xfc" + b"y" * 30, "utf-8", f"cp1252 if the text is '…{'x' * 20}ü{'y' * 20}…', else"),
    ],
)
def test_a_wrong_byte_and_the_word_it_may_belong_to(content: bytes, encoding: str, advice: str) -> None:
    with pytest.raises(UnicodeDecodeError) as caught:
        content.decode(encoding)
    told = wrong_byte(caught.value, encoding, "data.encoding")
    place = f"the byte 0x{content[caught.value.start]:02x} is not {encoding}"
    assert told.startswith(f"{place}: set data.encoding to {advice}")


@pytest.mark.parametrize("name", ["rows.csv", "rows.csv.gz"])
@pytest.mark.parametrize("shift", range(8))
def test_a_word_between_two_parts_of_a_file_is_marked(tmp_path: Path, shift: int, name: str) -> None:
    """Text is decoded 8 KiB at a time."""
    content = b"a,y\n" + b"x,1\n" * 2046 + b" " * shift + b"Z\xfcrich,2\n" + b"x,1\n" * 3000
    with (gzip.open if name.endswith("gz") else open)(tmp_path / name, "wb") as written:
        written.write(content)
    with pytest.raises(DataError) as caught:
        load_file(tmp_path / name, target="y")
    _, _, word = str(caught.value).partition("if the text is ")
    words = ["Züri…", "Zür…", "Zü…", "…ürich", "…Zürich", *["Zürich"] * 3]
    assert word.partition(",")[0] == f"'{words[shift]}'"


@pytest.mark.parametrize(
    ("start", "named"),
    [(b"PK\x03\x04", "an Excel workbook or a zip archive"), (b"BZh9", "bzip2")],
)
def test_another_format_is_named(tmp_path: Path, start: bytes, named: str) -> None:
    (tmp_path / "rows.csv").write_bytes(start + b"\0" * 30)
    with (
        pytest.raises(DataError, match=f"{named}, not a CSV file"),
        open_text(tmp_path / "rows.csv", "utf-8"),
    ):
        pass


def test_a_parquet_file_cannot_be_unpacked_on_the_way(tmp_path: Path) -> None:
    (tmp_path / "rows.parquet.gz").write_bytes(gzip.compress(b"PAR1..."))
    with (
        pytest.raises(DataError, match="cannot be read from standard input, from a pipe, or inside a gzip"),
        open_text(tmp_path / "rows.parquet.gz", "utf-8"),
    ):
        pass
