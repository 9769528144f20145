from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fnnctl.data.problems import Problems
from fnnctl.data.tables import records as module
from fnnctl.data.tables.rows import CsvFormat, open_rows
from fnnctl.errors import DataError

FORM = CsvFormat(None, "utf-8", frozenset({""}))


def read(
    folder: Path, content: str | bytes, form: CsvFormat = FORM
) -> tuple[tuple[str, ...], list[tuple[int, tuple[str, ...]]], list[str]]:
    """Return header, (line, values) of each row, and problems."""
    path = folder / "t.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    problems = Problems("t.csv")
    found: list[tuple[int, tuple[str, ...]]] = []
    with open_rows(path, form, problems) as file:
        for block in file.blocks:
            columns = [block.column(position) for position in range(len(file.names))]
            found += zip(block.lines, zip(*columns, strict=True), strict=True)
    return file.names, found, str(problems.error()).splitlines()


def test_header_and_rows_with_the_lines_they_begin_at(tmp_path: Path) -> None:
    content = 'a , b\n1,2\n\n"two\nlines",4\n5,"say ""so"""\n'
    names, found, problems = read(tmp_path, content)
    assert names == ("a", "b")
    assert found == [(2, ("1", "2")), (4, ("two\nlines", "4")), (6, ("5", 'say "so"'))]
    assert problems == []


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end(tmp_path: Path, end: str) -> None:
    assert read(tmp_path, end.join(["a,b", "1,2", "3,4"]))[1] == [(2, ("1", "2")), (3, ("3", "4"))]


def test_blanks_before_a_quote_and_a_blank_as_the_delimiter(tmp_path: Path) -> None:
    assert read(tmp_path, 'a, b\n1, "x, y"\n')[1] == [(2, ("1", "x, y"))]
    form = CsvFormat(" ", "utf-8", frozenset())
    assert read(tmp_path, "a b\n1 2\n", form)[1] == [(2, ("1", "2"))]


def test_blocks_join_without_a_seam(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLOCK_VALUES", 6)
    monkeypatch.setattr(module, "FEWEST_BLOCK_ROWS", 1)
    content = "a,b\n" + "".join(f"{i},x\n" for i in range(10))
    assert read(tmp_path, content)[1] == [(i + 2, (str(i), "x")) for i in range(10)]


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
        patch.setattr(module, "FEWEST_BLOCK_ROWS", 1)
        patch.setattr(module, "SAMPLE_LINES", size)
        _, found, told = read(tmp_path, content, CsvFormat(",", "utf-8", frozenset()))
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


@pytest.mark.parametrize(
    ("repeated", "problem"),
    [
        ("1", "t.csv:3: a row of more than 1,000 characters: this is not a CSV file, or"),
        (",", "t.csv:3: a row of more than 1,000 characters"),
        ('","\n', "t.csv:351: a row of more than 1,000 characters"),
        ("\0", "t.csv:3: a NUL byte"),
        ("\n", "t.csv:103: more than 100 blank lines in a row: remove them"),
    ],
)
def test_what_has_no_end_is_not_read_to_its_end(
    repeated: str, problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LONGEST_RECORD", 1_000)
    monkeypatch.setattr(module, "MOST_BLANK_LINES", 100)
    text, problems = Endless(["a,b\n", '"\n' if '"' in repeated else "1,2\n"], repeated), Problems("t.csv")
    list(module.Records(text, problems, delimiter=",", encoding_setting="data.encoding"))
    assert str(problems.error()).startswith(problem)
    assert text.characters < 3_000


def test_blocks_of_wide_tables_have_fewer_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row of ten values is a block if a block may have ten values, also if the header has two names."""
    monkeypatch.setattr(module, "MOST_BLOCK_VALUES", 10)
    text, problems = io.StringIO("a,b\n" + "1,2,3,4,5,6,7,8,9,10\n" * 5), Problems("t.csv")
    blocks = list(module.Records(text, problems, delimiter=",", encoding_setting="data.encoding"))
    assert [len(rows) for _, rows in blocks] == [1, 1, 1, 1, 1, 1]


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    assert read(tmp_path, b"\xef\xbb\xbfa,b\n1,2\n")[0] == ("a", "b")
    wide = CsvFormat(None, "utf-16-le", frozenset())
    assert read(tmp_path, "\ufeffa,b\n1,2\n".encode("utf-16-le"), wide)[0] == ("a", "b")


@pytest.mark.parametrize("content", ["", "\n\n", " \n\n"])
def test_an_empty_file(tmp_path: Path, content: str) -> None:
    with pytest.raises(DataError, match=r"^t\.csv: the file is empty$"):
        read(tmp_path, content)


def test_ragged_rows_are_all_named_and_left_out(tmp_path: Path) -> None:
    _, found, problems = read(tmp_path, "a,b,c\n1,2\n3,4,5\n6,7,8,9\n")
    assert found == [(3, ("3", "4", "5"))]
    assert problems == [
        "t.csv:2: the row has 2 values, but the header has 3 names",
        "t.csv:4: the row has 4 values, but the header has 3 names",
    ]


def test_the_header_must_name_every_column_once(tmp_path: Path) -> None:
    assert read(tmp_path, "a,,a,b, \n1,2,3,4,5\n")[2] == [
        "t.csv:1: column 2 has no name in the header: give it one, or remove the column",
        "t.csv:1: columns 1 and 3 have the same name 'a': rename one",
        "t.csv:2: '5' is in column 5, which has no name in the header: give it one, or remove the column",
    ]
    assert read(tmp_path, "1,2.5\n3,4\n")[2] == [
        "t.csv:1: the first line must name the columns, but it has only numbers"
    ]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ('a,b\n1,2\n3,"4\n5,6\n', "t.csv:3: a quote is opened in this row and not closed before the end"),
        ('a,b\n1,2\n3,"4\n5,6"x\n', "t.csv:3: a quote is not closed in this row"),
        ("a,b\n1,2\n" + "x" * 131_073 + ",2\n", "t.csv:3: a value is longer than 131,072 characters"),
        ("a,b\n1,2\n3,\0\n", "t.csv:3: a NUL byte"),
        (b"a,b\n1,2\n3,\xe9\n", "t.csv:3: the byte 0xe9 is not utf-8: set data.encoding"),
        ("a,b\n" + "1,2\n" * 5000 + "3,\ud800\n", "t.csv:5002: the byte 0xed is not utf-8"),
    ],
)
def test_what_ends_the_reading_is_named_with_its_line(
    tmp_path: Path, content: str | bytes, problem: str
) -> None:
    if isinstance(content, str):
        content = content.encode("utf-8", "surrogatepass")
    try:
        (found,) = read(tmp_path, content)[2]
    except DataError as error:
        found = str(error)
    assert found.startswith(problem)


def test_utf_16_without_a_mark(tmp_path: Path) -> None:
    wide = "a,b\n1,2\n".encode("utf-16-be")
    with pytest.raises(DataError, match="NUL byte: this is not a CSV file, or it is UTF-16"):
        read(tmp_path, wide)
    with pytest.raises(DataError, match="the file is not utf-16"):
        read(tmp_path, wide, CsvFormat(None, "utf-16", frozenset()))


class TestExcel:
    """Files as Excel writes and reads them."""

    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
    def test_a_first_line_with_the_delimiter_is_no_row_but_counts(
        self, tmp_path: Path, encoding: str, end: str
    ) -> None:
        content = end.join(["sep=;", "a,b;c,d", "1,5;2", "3;4;5", ""]).encode(encoding)
        assert read(tmp_path, content) == (
            ("a,b", "c,d"),
            [(3, ("1,5", "2"))],
            ["t.csv:4: the row has 3 values, but the header has 2 names"],
        )

    def test_faults_in_the_header_have_its_line(self, tmp_path: Path) -> None:
        assert read(tmp_path, "sep=,\na,a\n1,2\n")[2] == [
            "t.csv:2: columns 1 and 2 have the same name 'a': rename one"
        ]

    def test_a_given_delimiter_wins(self, tmp_path: Path) -> None:
        form = CsvFormat("|", "utf-8", frozenset())
        assert read(tmp_path, "sep=;\na;|b\n1;|2\n", form)[0] == ("a;", "b")

    def test_nothing_but_the_delimiter_is_an_empty_file(self, tmp_path: Path) -> None:
        with pytest.raises(DataError, match="the file is empty"):
            read(tmp_path, "sep=;\n")

    def test_unicode_text_has_tabs_and_utf_16(self, tmp_path: Path) -> None:
        content = 'größe\tname\r\n1,5\t"a\tb"\r\n'.encode("utf-16")
        assert read(tmp_path, content)[:2] == (("größe", "name"), [(2, ("1,5", "a\tb"))])

    def test_the_line_of_a_wrong_byte_after_old_line_ends(self, tmp_path: Path) -> None:
        with pytest.raises(DataError, match=r"^t\.csv:3: the byte 0xfc is not utf-8"):
            read(tmp_path, b"a,b\r1,2\rZ\xfcrich,3\r")

    def test_a_wrong_half_of_a_sign_is_called_what_the_mark_says(self, tmp_path: Path) -> None:
        with pytest.raises(DataError, match="is not utf-16"):
            read(tmp_path, "a,b\n1,2\n".encode("utf-16") + b"\x00\xdc")


def test_a_delimiter_at_the_end_of_every_line_is_no_column(tmp_path: Path) -> None:
    names, found, problems = read(tmp_path, "a,b,,\n1,2,,\n3,4, ,\n")
    assert names == ("a", "b")
    assert found == [(2, ("1", "2")), (3, ("3", "4"))]
    assert problems == []
    _, found, problems = read(tmp_path, "a,b,\n1,2,\n3,4,x\n5,6,y\n")
    assert problems == [
        "t.csv:3: 'x' is in column 3, which has no name in the header: give it one, or remove the column"
    ]


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        (
            "a,b\n1,2,\n3,4,\n",
            "have 3 values, but the header has 2 names: each row ends with a delimiter; end",
        ),
        (
            "Sales\n\na,b\n1,2\n",
            "have 2 values, but the header has 1 name: if the header stands further down,",
        ),
        ("a,b,c\n1,2\n3,4\n", "have 2 values, but the header has 3 names: name as many columns as there are"),
    ],
)
def test_rows_that_all_differ_from_the_header_are_told_once(tmp_path: Path, content: str, wrong: str) -> None:
    (problem,) = read(tmp_path, content)[2]
    assert wrong in problem
