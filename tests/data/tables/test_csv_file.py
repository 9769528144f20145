from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fnnctl.data.problems import Problems
from fnnctl.data.tables import csv_file as module
from fnnctl.data.tables import records as records_module
from fnnctl.data.tables.cells import CellRows
from fnnctl.data.tables.csv_file import CsvFile
from fnnctl.data.tables.records import Records

HEADERS = ["a,b\n", '"a\n",b\n', "\ufeffa,b\n", "sep=,\na,b\n", "a,b\r\n", "\n\na,b\n"]
LINES = [
    "1,2\n", "3,x y\n", '"4,\n5",6\n', '"3\n\n\n4","\n5\n"\n', '"say ""so""",\r\n', '5,"7"\n', "ä,8\n", "9\n",
    "\n", 'u"v,w\n', "10,11",
]  # fmt: skip


Row = tuple[int, tuple[str, ...]]
"""The line and the values of a record."""


def by_bytes(path: Path, encoding: str = "utf-8") -> tuple[list[Row], list[bool], str]:
    """The records, which blocks are cells, and problems."""
    problems, kinds = Problems("t.csv"), []
    records: list[Row] = []
    with path.open(encoding=encoding, newline="") as text:
        reader = CsvFile(text, problems, delimiter=",", encoding_setting="data.encoding")
        if reader.header:
            records.append((reader.header[0], tuple(reader.header[1])))
        for block in reader:
            kinds.append(isinstance(block, CellRows))
            if isinstance(block, CellRows):
                columns = (column.texts() for column in block.columns)
                records += zip(block.lines, zip(*columns, strict=True), strict=True)
            else:
                records += zip(block[0], map(tuple, block[1]), strict=True)
    return records, kinds, str(problems.error())


def by_csv(path: Path) -> tuple[list[Row], str]:
    problems = Problems("t.csv")
    records: list[Row] = []
    with path.open(encoding="utf-8", newline="") as text:
        for lines, rows in Records(text, problems, delimiter=",", encoding_setting="data.encoding"):
            records += zip(lines, map(tuple, rows), strict=True)
    return records, str(problems.error())


@pytest.fixture(autouse=True)
def no_file_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SMALL_BYTES", 0)


def read_in_chunks(path: Path, content: str, size: int) -> tuple[list[Row], list[bool], str]:
    """What `by_bytes` returns if a chunk has `size` bytes and the delimiter is detected from one line."""
    path.write_text(content, encoding="utf-8", newline="")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records_module, "SAMPLE_LINES", 1)
        patch.setattr(records_module, "BLOCK_VALUES", 8)
        patch.setattr(records_module, "MIN_BLOCK_ROWS", 1)
        patch.setattr(module, "CHUNK_BYTES", size)
        patch.setattr(module, "CHUNK_RECORDS", 1)
        result = by_bytes(path)
        assert (result[0], result[2]) == by_csv(path)
    return result


@given(
    st.sampled_from(HEADERS),
    st.lists(st.tuples(st.sampled_from(LINES), st.integers(1, 12)), max_size=12),
    st.integers(1, 80),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_records_are_those_of_csv_wherever_a_chunk_ends(
    tmp_path: Path, header: str, lines: list[tuple[str, int]], size: int
) -> None:
    content = header + "".join(line + "1,2\n" * count for line, count in lines)
    read_in_chunks(tmp_path / "t.csv", content, size)


def test_cells_are_read_again_after_what_is_irregular(tmp_path: Path) -> None:
    rows = "".join(f"{k},x\n" for k in range(20))
    content = "a,b\n" + rows + "\n" + rows + '"1\n\n2",3\n' + rows + '1,u"v\n' + rows
    _, kinds, _ = read_in_chunks(tmp_path / "t.csv", content, 30)
    changes = [kind for kind, before in zip(kinds, [None, *kinds], strict=False) if kind != before]
    assert (changes, kinds.count(True) > 8) == ([True, False, True, False, True], True)


def test_blank_lines_are_counted_in_all_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records_module, "MAX_BLANK_LINES", 100)
    _, _, problems = read_in_chunks(tmp_path / "t.csv", "a,b\n1,2\n" + "\n" * 101 + "3,4\n" * 50, 20)
    assert "blank lines in a row" in problems


def test_a_chunk_is_no_larger_than_its_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Although the delimiter was detected from more bytes."""
    sizes: list[int] = []
    of = CellRows.of

    def measured(chunk: bytes, **options: Any) -> CellRows | None:
        sizes.append(len(chunk))
        return of(chunk, **options)

    monkeypatch.setattr(CellRows, "of", measured)
    monkeypatch.setattr(module, "CHUNK_BYTES", 40)
    monkeypatch.setattr(module, "CHUNK_RECORDS", 1)
    (tmp_path / "t.csv").write_text("a,b\n" + "1,2\n" * 300, encoding="utf-8")
    by_bytes(tmp_path / "t.csv")
    assert sizes == [40] * 30


def test_a_long_row_that_does_not_end_is_left_to_csv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHUNK_BYTES", 100)
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + "1,2\n" * 100 + '"' + "3,4\n" * 100, encoding="utf-8")
    records, _, problems = by_bytes(path)
    assert (len(records), problems.count("a quote is opened")) == (101, 1)


def test_a_mark_at_the_start_of_an_irregular_chunk_is_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in files that were joined."""
    monkeypatch.setattr(module, "CHUNK_BYTES", 40)
    monkeypatch.setattr(module, "CHUNK_RECORDS", 1)
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + "1,2\n" * 10 + "\ufeffa,b\n\n" + "3,4\n" * 100, encoding="utf-8-sig")
    records, kinds, _ = by_bytes(path, "utf-8-sig")
    assert records[11] == (12, ("\ufeffa", "b"))
    assert kinds[:2] == [True, False]


def test_records_go_through_csv_if_a_byte_is_no_character(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + "1,2\n" * 500, encoding="utf-16")
    records, kinds, _ = by_bytes(path, "utf-16")
    assert (len(records), set(kinds)) == (501, {False})


def test_rows_of_a_pipe_need_not_wait_for_more() -> None:
    reading, writing = os.pipe()
    os.write(writing, b"a,b\n" + 200 * b"1,2\n" + b"3")
    with os.fdopen(reading, encoding="utf-8", newline="") as text:
        blocks = iter(CsvFile(text, Problems("-"), delimiter=None, encoding_setting="data.encoding"))
        first = next(blocks)
        assert isinstance(first, CellRows)
        assert len(first.lines) == 200
        os.write(writing, b',4\n5,"6\n')
        second = next(blocks)
        assert isinstance(second, CellRows)
        assert second.texts(1, slice(None)) == ["4"]
        os.write(writing, b'7"\n8,9')
        os.close(writing)
        rest = [block.texts(1, slice(None)) for block in blocks if isinstance(block, CellRows)]
        assert rest == [["6\n7"], ["9"]]
