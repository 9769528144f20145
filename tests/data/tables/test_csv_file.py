from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fnnctl.data.problems import Problems
from fnnctl.data.tables import csv_file as module
from fnnctl.data.tables.cells import CellRows
from fnnctl.data.tables.csv_file import CsvFile
from fnnctl.data.tables.records import Records

HEADERS = ["a,b\n", '"a\n",b\n', "\ufeffa,b\n", "sep=,\na,b\n", "a,b\r\n", "\n\na,b\n"]
LINES = [
    "1,2\n",
    "3,x y\n",
    '"4,\n5",6\n',
    '"say ""so""",\r\n',
    '5,"7"\n',
    "ä,8\n",
    "9\n",
    "\n",
    'u"v,w\n',
    "10,11",
]


def by_bytes(path: Path) -> tuple[list[tuple[int, tuple[str, ...]]], list[bool], str]:
    """Line and values of each record, which blocks are cells, and problems."""
    problems, kinds = Problems("t.csv"), []
    records: list[tuple[int, tuple[str, ...]]] = []
    with path.open(encoding="utf-8", newline="") as text:
        reader = CsvFile(text, problems, delimiter=",", encoding_setting="data.encoding")
        if reader.header:
            records.append((reader.header[0], tuple(reader.header[1])))
        for block in reader:
            kinds.append(isinstance(block, CellRows))
            if isinstance(block, CellRows):
                columns = map(block.column, range(len(block.starts)))
                records += zip(block.lines, zip(*columns, strict=True), strict=True)
            else:
                records += zip(block[0], map(tuple, block[1]), strict=True)
    return records, kinds, str(problems.error())


def by_csv(path: Path) -> tuple[list[tuple[int, tuple[str, ...]]], str]:
    problems = Problems("t.csv")
    records: list[tuple[int, tuple[str, ...]]] = []
    with path.open(encoding="utf-8", newline="") as text:
        for lines, rows in Records(text, problems, delimiter=",", encoding_setting="data.encoding"):
            records += zip(lines, map(tuple, rows), strict=True)
    return records, str(problems.error())


@given(st.sampled_from(HEADERS), st.lists(st.sampled_from(LINES), max_size=30), st.integers(1, 200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_records_are_those_of_csv_wherever_a_chunk_ends(
    tmp_path: Path, header: str, lines: list[str], size: int
) -> None:
    path = tmp_path / "t.csv"
    path.write_text(header + "".join(lines), encoding="utf-8", newline="")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "CHUNK_BYTES", size)
        patch.setattr(module, "CHUNK_RECORDS", 1)
        records, _, problems = by_bytes(path)
    assert (records, problems) == by_csv(path)


def test_regular_records_are_read_as_cells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHUNK_BYTES", 1000)
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + '1,"x, y"\n' * 500, encoding="utf-8")
    assert set(by_bytes(path)[1]) == {True}
    with path.open("a", encoding="utf-8") as file:
        file.write('2,3\nirregular"\n' + "4,5\n" * 1000)
    kinds = by_bytes(path)[1]
    assert kinds == sorted(kinds, reverse=True)
    assert len(set(kinds)) == 2


def test_a_long_row_that_does_not_end_is_left_to_csv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHUNK_BYTES", 100)
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + "1,2\n" * 100 + '"' + "3,4\n" * 100, encoding="utf-8")
    records, _, problems = by_bytes(path)
    assert (len(records), problems.count("a quote is opened")) == (101, 1)
