from __future__ import annotations

import sys
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from fnnctl.config.table_files import TablePart
from fnnctl.data.problems import Problems
from fnnctl.data.tables.open_table import CsvFormat, missing_texts
from fnnctl.data.tables.readers import table_sha256
from fnnctl.data.tables.table import Kind, Table, read_table
from fnnctl.errors import DataError
from tests.data.tables.workbooks import PERCENT, Cell, formula, row_xml, sheet_xml, write_workbook
from tests.messages import Messages


def read(
    path: Path, kinds: dict[str, Kind] | None = None, sheet: str | None = None
) -> tuple[Table, list[str]]:
    form = CsvFormat(None, "utf-8", missing_texts(["", "NA"]), part=TablePart(sheet=sheet))
    problems = Problems("t.xlsx")
    table = read_table(path, form, kinds or {}, problems)
    return table, str(problems.error()).splitlines()


def texts(table: Table, name: str) -> list[str | None]:
    column = table.categorical[name]
    return [None if code < 0 else column.texts[code] for code in column.codes.tolist()]


def test_a_missing_library_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    with pytest.raises(DataError, match=r"an Excel file needs python-calamine: .*pip install"):
        read(write_workbook(tmp_path / "t.xlsx", {"one": [["a"], [1]]}))


@pytest.mark.extra
class TestExcel:
    @pytest.fixture(autouse=True)
    def _library(self) -> None:
        pytest.importorskip("python_calamine")

    def test_values_have_types(self, tmp_path: Path) -> None:
        rows: list[list[Any]] = [
            ["n", "code", "b", "day", "moment", "clock", "share", "computed", "text"],
            [1, 7, True, date(2024, 1, 31), datetime(2024, 1, 31, 12), time(9, 30),
             Cell(f's="{PERCENT}"', "<v>0.5</v>"), formula("A2", "3"), "1,250"],
            [2.5, 7.5, False, date(2024, 2, 1), datetime(2024, 2, 1), time(10, 0),
             Cell(f's="{PERCENT}"', "<v>0.25</v>"), formula("A3", "4"), "größe"],
            [None, 1e300, None, None, datetime(2024, 2, 2, 6, 30), None,
             Cell('t="e"', "<v>#N/A</v>"), formula("A4", "5"), " NA "],
        ]  # fmt: skip
        path = write_workbook(tmp_path / "t.xlsx", {"one": rows})
        table, problems = read(path, {"code": "categorical", "text": "categorical", "clock": "categorical"})
        assert problems == []
        assert table.names == tuple(rows[0])
        assert table.numeric["n"][:2].tolist() == [1, 2.5]
        assert table.numeric.missing("n") == 1
        assert texts(table, "code") == ["7", "7.5", "1e+300"]
        assert texts(table, "b") == ["true", "false", None]
        assert texts(table, "clock") == ["09:30:00", "10:00:00", None]
        assert table.numeric["share"][:2].tolist() == [0.5, 0.25]
        assert table.numeric["computed"].tolist() == [3, 4, 5]
        assert texts(table, "text") == ["1,250", "größe", None]
        assert table.types["day"].kind == table.types["moment"].kind == "date"

    def test_a_table_may_begin_anywhere_and_have_blank_rows(self, tmp_path: Path) -> None:
        xml = sheet_xml([["a", "b"], [1, "x"], [None, None], [2, "y"]], first=(4, 3))
        table, problems = read(write_workbook(tmp_path / "t.xlsx", {"one": xml}))
        assert (table.names, table.rows, problems) == (("a", "b"), 2, [])
        index = [[None, "a"], [0, 1.5], [1, 2.5]]  # as pandas writes it
        table, problems = read(write_workbook(tmp_path / "t.xlsx", {"one": index}))
        assert (table.names, problems) == (("", "a"), [])
        assert [*table.numeric] == ["a"]

    def test_empty_rows_after_the_table_cost_nothing(self, tmp_path: Path) -> None:
        end = "".join(row_xml(row, [Cell('s="1"')]) for row in range(3, 5000))
        table, problems = read(write_workbook(tmp_path / "t.xlsx", {"one": sheet_xml([["a"], [1]], end=end)}))
        assert (table.rows, problems) == (1, [])

    def test_the_only_visible_sheet_with_values_is_read(self, tmp_path: Path, messages: Messages) -> None:
        first, other = [["a"], [1]], [["b"], [2]]
        path = write_workbook(
            tmp_path / "t.xlsx", {"one": first, "hidden": other, "empty": [[Cell()]]}, hidden=["hidden"]
        )
        assert read(path)[0].names == ("a",)
        assert read(path, sheet="hidden")[0].names == ("b",)
        for sheet in ("One", "empty"):
            with pytest.raises(DataError) as error:
                read(path, sheet=sheet)
            messages.check(error.value)
        with pytest.raises(DataError) as error:
            read(write_workbook(tmp_path / "t.xlsx", {"one": first, "two": other}))
        messages.check(error.value)
        with pytest.raises(DataError) as error:
            read(write_workbook(tmp_path / "t.xlsx", {"one": first, "empty": [[]]}, hidden=["one"]))
        messages.check(error.value)

    def test_what_no_table_has_is_an_error_with_its_cell(self, tmp_path: Path, messages: Messages) -> None:
        rows: list[list[Any]] = [
            ["a", "error", "formula", "merged", "length"],
            [1, Cell('t="e"', "<v>#DIV/0!</v>"), formula("A2"), "x", timedelta(hours=30)],
            [2, 3, 4, None, 5],
            [None, None, None, "y", None],
        ]
        xml = sheet_xml(rows, merged=["D2:D3", "D4:D5"])
        path = write_workbook(tmp_path / "t.xlsx", {"one": xml})
        with pytest.raises(DataError) as error:
            read(path)
        messages.check(error.value)
        ignored: dict[str, Kind] = dict.fromkeys(("error", "formula", "merged", "length"), "ignore")
        table, problems = read(path, ignored)
        assert (table.rows, problems) == (3, [])

    def test_a_row_with_an_error_alone_is_no_blank_row(self, tmp_path: Path) -> None:
        rows = [["a"], [1], [Cell('t="e"', "<v>#REF!</v>")], [3]]
        with pytest.raises(DataError, match="A3 has the error #REF!"):
            read(write_workbook(tmp_path / "t.xlsx", {"one": rows}))

    def test_the_first_row_names_the_columns(self, tmp_path: Path, messages: Messages) -> None:
        for rows in (
            [["Sales of 2024"], [], ["a", "b"], [1, 2]],
            [["a", None, "c"], [1, 2, 3]],
            [["a", "a"], [1, 2]],
            [["a", Cell('t="e"', "<v>#REF!</v>")], [1, 2]],
            [[formula("A2")], ["a", "b"], [1, 2]],
        ):
            try:
                problems = read(write_workbook(tmp_path / "t.xlsx", {"one": rows}))[1]
            except DataError as error:
                problems = [str(error)]
            messages.check("\n".join(problems))

    def test_a_sheet_may_have_no_values_although_cells_have_a_place(
        self, tmp_path: Path, messages: Messages
    ) -> None:
        missing = Cell('t="e"', "<v>#N/A</v>")
        empty = Cell('t="inlineStr"', "<is><t></t></is>")
        comment = "<!-- " + row_xml(1, [1]) + " -->"
        for rows in ([[missing]], [[empty, empty]], sheet_xml([], end=comment), [[Cell('s="1"')]]):
            with pytest.raises(DataError) as error:
                read(write_workbook(tmp_path / "t.xlsx", {"one": rows}))
            messages.check(str(error.value).replace(str(tmp_path), ""))
        table, problems = read(
            write_workbook(tmp_path / "t.xlsx", {"one": [[missing], [empty, "a"], [1, "x"]]})
        )
        assert (table.names, table.header_line, problems) == (("", "a"), None, [])

    def test_messages_name_the_rows_of_the_sheet(self, tmp_path: Path) -> None:
        rows = [[], [Cell('t="e"', "<v>#N/A</v>")], ["a"], [1], [], [timedelta(hours=30)]]
        with pytest.raises(DataError, match=r"t\.xlsx:6: the column 'a' has the type 'duration'"):
            read(write_workbook(tmp_path / "t.xlsx", {"one": rows}))

    def test_the_digest_is_of_the_rows_of_the_sheet(self, tmp_path: Path) -> None:
        path = write_workbook(tmp_path / "t.xlsx", {"one": [["a"], [1]], "two": [["a"], [2]]})
        digests = [table_sha256(path, TablePart(sheet=name)) for name in ("one", "two")]
        other = write_workbook(tmp_path / "u.xlsx", {"two": [["a"], [1.0]]})
        assert table_sha256(other, TablePart()) == digests[0] != digests[1]

    def test_a_workbook_with_macros_is_read(self, tmp_path: Path) -> None:
        assert read(write_workbook(tmp_path / "T.XLSM", {"one": [["a"], [1]]}))[0].names == ("a",)
