from __future__ import annotations

import sys
from types import FrameType

import numpy as np
import pytest

from fnnctl.data.tables.cells import CellRows


def cells(content: str | bytes, width: int = 2, *, delimiter: str = ",", encoding: str = "utf-8") -> CellRows:
    chunk = content.encode(encoding) if isinstance(content, str) else content
    rows = CellRows.of(chunk, delimiter=delimiter, width=width, encoding=encoding, line=2)
    assert rows is not None
    return rows


def texts(rows: CellRows) -> list[list[str]]:
    return [column.texts() for column in rows.columns]


def test_cells_are_what_csv_reads() -> None:
    rows = cells('a,  b \n"x, y",\n"",größe\n"say ""so""",""""\n')
    assert texts(rows) == [["a", "x, y", "", 'say "so"'], ["b ", "", "größe", '"']]
    assert list(rows.lines) == [2, 3, 4, 5]
    assert rows.texts(0, np.array([3])) == ['say "so"']
    assert cells("a;é\r\nb;\r\n", delimiter=";", encoding="cp1252").texts(1, slice(None)) == ["é", ""]


def test_rows_with_several_lines_have_the_line_where_they_start() -> None:
    assert list(cells('"1\n\n2",a\nb,c\n"\n",d\n').lines) == [2, 5, 6]


@pytest.mark.parametrize(
    "content",
    [
        b"a,b,c\n", b"a\nb,c,d\n", b"a,b\n\n", b"a,b\r", b"a,\rb\n", b"a,b\rc\r\n", b'a,b"c\n', b'"a"b,c\n',
        b'a,"b\n', b' "a",b\n', b"a,\0\n", b"a,\xff\n", b"a," + 200_000 * b"b" + b"\n",
    ],
)  # fmt: skip
def test_what_only_csv_understands_has_no_cells(content: bytes) -> None:
    assert CellRows.of(content, delimiter=",", width=2, encoding="utf-8", line=2) is None
    blank = CellRows.of(b"1\n  \n", delimiter=",", width=1, encoding="utf-8", line=2)
    assert blank is None


def test_many_blanks_before_a_cell_take_no_more_operations_than_few() -> None:
    def calls(blanks: int) -> int:
        count = 0

        def on_event(frame: FrameType, event: str, argument: object) -> None:
            nonlocal count
            count += event == "c_call"

        content = f"{blanks * ' '}a, b\n{blanks * ' '},  \n".encode()
        sys.setprofile(on_event)
        try:
            rows = CellRows.of(content, delimiter=",", width=2, encoding="utf-8", line=2)
        finally:
            sys.setprofile(None)
        assert rows is not None
        assert texts(rows) == [["a", ""], ["b", ""]]
        return count

    assert calls(100_000) < 2 * calls(10)  # a few are those of the garbage collector, at any time


def test_words_begin_at_any_byte() -> None:
    rows = cells("abcdefgh,ijklmnop\n")
    first = int(rows.starts[0, 0])
    words = rows.words(first + np.arange(9))
    assert words.astype("<u8").tobytes() == b"".join(b"abcdefgh,ijklmnop"[k : k + 8] for k in range(9))
