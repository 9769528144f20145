from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fnnctl.data.problems import Problems
from fnnctl.data.tables import records as module
from fnnctl.data.tables.open_table import CsvFormat
from fnnctl.data.tables.readers import open_table
from tests.messages import Messages

FORM = CsvFormat(None, "utf-8", frozenset({""}))


def read(
    folder: Path, content: str | bytes, form: CsvFormat = FORM
) -> tuple[tuple[str, ...], list[tuple[int, tuple[str, ...]]], list[str]]:
    """Return header, (line, values) of each row, and problems."""
    path = folder / "t.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    problems = Problems("t.csv")
    found: list[tuple[int, tuple[str, ...]]] = []
    with open_table(path, form, problems) as file:
        for block in file.blocks:
            texts = [column.texts() for column in block.columns]
            found += zip(block.lines, zip(*texts, strict=True), strict=True)
    return file.names, found, str(problems.error()).splitlines()


def test_header_and_rows_with_the_lines_they_begin_at(tmp_path: Path) -> None:
    content = 'a , b\n1,2\n\n"two\nlines",4\n5,"say ""so"""\n'
    rows = [(2, ("1", "2")), (4, ("two\nlines", "4")), (6, ("5", 'say "so"'))]
    assert read(tmp_path, content) == (("a", "b"), rows, [])


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_first_line_with_the_delimiter_is_no_row_but_counts(
    tmp_path: Path, encoding: str, end: str
) -> None:
    """As Excel writes it."""
    content = end.join(["sep=;", "a,b;c,d", "1,5;2", "3;4;5", ""]).encode(encoding)
    assert read(tmp_path, content) == (
        ("a,b", "c,d"),
        [(3, ("1,5", "2"))],
        ["t.csv:4: the row has 3 values, but the header has 2 names"],
    )


def test_a_given_delimiter_wins(tmp_path: Path) -> None:
    form = CsvFormat("|", "utf-8", frozenset())
    assert read(tmp_path, "sep=;\na;|b\n1;|2\n", form)[0] == ("a;", "b")


def test_blanks_before_a_quote_and_a_blank_as_the_delimiter(tmp_path: Path) -> None:
    assert read(tmp_path, 'a, b\n1, "x, y"\n')[1] == [(2, ("1", "x, y"))]
    form = CsvFormat(" ", "utf-8", frozenset())
    assert read(tmp_path, "a b\n1 2\n", form)[1] == [(2, ("1", "2"))]


VALUES = st.sampled_from(["1", "", "a b", "two\nlines", "x\r\ny", "\r", '"', ",", "\n\n"])
RECORDS = st.lists(st.lists(VALUES, max_size=3), max_size=12)


@given(RECORDS, st.sampled_from(["\n", "\r\n"]), st.sampled_from(["", '1,"', '1,"2"3,']), st.integers(1, 4))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_records_are_read_as_if_one_by_one(
    tmp_path: Path, records: list[list[str]], end: str, fault: str, size: int
) -> None:
    """Ragged, blank and many-lined records, with an open quote at the end or not, in blocks of any size."""
    file = io.StringIO(newline="")
    csv.writer(file, lineterminator=end).writerows([["a", "b"], *records])
    content = file.getvalue() + fault
    reader = csv.reader(io.StringIO(content, newline=""), strict=True)
    line, expected, problems = 1, [], []
    try:
        for record in reader:
            if len(record) == 2 and line > 1:
                expected.append((line, tuple(record)))
            elif record and record != [""] and line > 1:
                problems.append(f"t.csv:{line}: the row has {len(record)} value")
            line = reader.line_num + 1
    except csv.Error:
        problems.append(f"t.csv:{line}: a quote is ")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BLOCK_VALUES", 2 * size)
        patch.setattr(module, "MIN_BLOCK_ROWS", 1)
        patch.setattr(module, "SAMPLE_LINES", size)
        _, found, told = read(tmp_path, content, CsvFormat(",", "utf-8", frozenset()))
    if told and ": the rows have " in told[0]:  # all rows of the first block have another width: one message
        filled = [len(record) for record in records if record not in ([], [""])]
        assert (found, len(told), filled[0] != 2) == ([], 1, True)
        return
    assert found == expected
    assert [text.startswith(start) for text, start in zip(told, problems, strict=True)] == [True] * len(told)


class Endless(io.StringIO):
    """A text that repeats without end; it counts what is read."""

    def __init__(self, start: list[str], repeated: str) -> None:
        super().__init__()
        self._start, self._repeated, self.characters = start, repeated, 0

    def readline(self, size: int | None = -1) -> str:  # type: ignore[override]
        limit = 2**30 if size is None or size < 0 else size
        if self._start:
            line = self._start.pop(0)
        elif "\n" in self._repeated:
            line = self._repeated
        else:
            line = self._repeated * (limit // len(self._repeated))
        self.characters += len(line)
        return line


@pytest.mark.parametrize("repeated", ["1", ",", '","\n', "\0", "\n"])
def test_what_has_no_end_is_not_read_to_its_end(
    repeated: str, messages: Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LONGEST_RECORD", 1_000)
    monkeypatch.setattr(module, "MAX_BLANK_LINES", 100)
    text, problems = Endless(["a,b\n", '"\n' if '"' in repeated else "1,2\n"], repeated), Problems("t.csv")
    list(module.Records(text, problems, delimiter=",", encoding_setting="data.encoding"))
    messages.check(problems.error())
    assert text.characters < 3_000


def test_as_many_blank_lines_as_are_allowed_are_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_BLANK_LINES", 100)
    blank = "\n" * 100
    assert read(tmp_path, f"{blank}a,b\n{blank}1,2\n") == (("a", "b"), [(202, ("1", "2"))], [])


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    assert read(tmp_path, b"\xef\xbb\xbfa,b\n1,2\n")[0] == ("a", "b")
    wide = CsvFormat(None, "utf-16-le", frozenset())
    assert read(tmp_path, "\ufeffa,b\n1,2\n".encode("utf-16-le"), wide)[0] == ("a", "b")


def test_a_delimiter_at_the_end_of_every_line_is_no_column(tmp_path: Path) -> None:
    rows = [(2, ("1", "2")), (3, ("3", "4"))]
    assert read(tmp_path, "a,b,,\n1,2,,\n3,4, ,\n") == (("a", "b"), rows, [])
