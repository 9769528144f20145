from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest

from fnnctl.data.tables import workbook
from fnnctl.data.tables.workbook import SheetCells, cell_name, open_workbook
from fnnctl.errors import DataError
from tests.data.tables.workbooks import Cell, formula, row_xml, sheet_xml, write_workbook
from tests.messages import Messages


def cells(path: Path) -> SheetCells:
    with open_workbook(path, "t.xlsx") as opened:
        found = opened.cells(opened.sheets[0])
        opened.refuse_too_large(found)
        return found


def test_sheets_and_the_extent_of_their_cells(tmp_path: Path) -> None:
    far = Cell('s="1"')
    rows: list[list[Any]] = [["a", "b", far], [1, None, far], [None, 2, far], [far, far, far]]
    path = write_workbook(
        tmp_path / "t.xlsx",
        {"one": sheet_xml(rows, first=(3, 2), merged=["B4:C5"]), "none": [[far]], "hidden": [[1]]},
        hidden=["hidden"],
    )
    with open_workbook(path, "t.xlsx") as opened:
        assert [(sheet.name, sheet.is_hidden) for sheet in opened.sheets] == [
            ("one", False), ("none", False), ("hidden", True)
        ]  # fmt: skip
        assert [opened.has_values(sheet) for sheet in opened.sheets] == [True, False, True]
        found = opened.cells(opened.sheets[0])
    assert (found.rows, found.columns, found.filled) == (5, 3, 4)
    assert found.merged == [(4, 2, 5, 3)]
    assert found.faults == {}


def test_cells_without_references_follow_one_another(tmp_path: Path) -> None:
    data = "<row><c><v>1</v></c></row><row r='4'><c/><c><v>2</v></c></row><row><c><f>1</f></c></row>"
    found = cells(write_workbook(tmp_path / "t.xlsx", {"one": sheet_xml([], end=data)}))
    assert (found.rows, found.columns, found.filled) == (5, 2, 3)
    assert [*found.faults] == [1]
    assert found.faults[1][0] == 5


def test_the_first_wrong_cell_of_each_column_is_named(tmp_path: Path, messages: Messages) -> None:
    rows = [
        [formula("A2", "7"), formula("A2"), Cell('t="e"', "<v>#N/A</v>"), formula("1/0", "#DIV/0!", "e")],
        [Cell('t="e"', "<v>#REF!</v>"), formula("A3"), formula("B2", "", "str"), Cell('t="e"', "<v>#X</v>")],
    ]
    end = '<ext xmlns="x"><f>A1</f><v/><other/></ext>'
    found = cells(write_workbook(tmp_path / "t.xlsx", {"one": sheet_xml(rows, end=end)}))
    assert {column: row for column, (row, _) in found.faults.items()} == {1: 2, 2: 1, 4: 1}
    for _, fault in found.faults.values():
        messages.check(fault)


@pytest.mark.parametrize(
    ("row", "column", "name"), [(1, 1, "A1"), (3, 26, "Z3"), (7, 27, "AA7"), (9, 16384, "XFD9")]
)
def test_the_name_of_a_cell(row: int, column: int, name: str) -> None:
    assert cell_name(row, column) == name


HOSTILE = {
    "far": sheet_xml([[1]], end='<row r="1048576"><c r="XFD1048576" t="str"><v></v></c></row>'),
    "low": sheet_xml([[1]], end='<row r="1048577"><c><v>1</v></c></row>'),
    "wide": sheet_xml([[1]], end='<row r="2"><c r="XFE2"><v>1</v></c></row>'),
    "nowhere": sheet_xml([[1]], end='<row r="2"><c r="2B"><v>1</v></c></row>'),
    "deep": sheet_xml([[1]], end="<x>" * 100 + "</x>" * 100),
    "entities": '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + sheet_xml([["&b;"]]),
    "no XML": "<worksheet",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_sheets_are_refused(
    tmp_path: Path, name: str, messages: Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fnnctl.data.files.available_bytes", lambda: 10**9)
    monkeypatch.setattr(workbook, "CHUNK", 100)
    with pytest.raises(DataError) as error:
        cells(write_workbook(tmp_path / "t.xlsx", {"one": HOSTILE[name]}))
    messages.check(error.value)


def test_a_long_tag_is_refused(tmp_path: Path, messages: Messages, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "LONGEST_TOKEN", 1000)
    monkeypatch.setattr(workbook, "CHUNK", 100)
    with pytest.raises(DataError) as error:
        cells(write_workbook(tmp_path / "t.xlsx", {"one": sheet_xml([[1]], end=f'<x y="{2000 * "z"}"/>')}))
    messages.check(error.value)


def test_long_texts_are_refused(tmp_path: Path, messages: Messages, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is longer than a row may be, in a cell or between the tags, and many that do not fit."""
    monkeypatch.setattr(workbook, "CHUNK", 100)
    monkeypatch.setattr("fnnctl.data.files.available_bytes", lambda: 10**6)
    assert cells(write_workbook(tmp_path / "t.xlsx", {"one": [[1500 * "z"] for _ in range(60)]})).filled == 60
    with pytest.raises(DataError) as error:
        cells(write_workbook(tmp_path / "t.xlsx", {"one": [[1500 * "z"] for _ in range(100)]}))
    messages.check(error.value)
    monkeypatch.setattr(workbook, "LONGEST_TOKEN", 1400)
    for sheet in (sheet_xml([[1500 * "z"]]), sheet_xml([[1]], end=1500 * "z")):
        with pytest.raises(DataError) as error:
            cells(write_workbook(tmp_path / "t.xlsx", {"one": sheet}))
        messages.check(error.value)


def test_what_the_archive_says_of_a_size_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shared texts are read to their end, whatever their entry in the archive says."""
    path = write_workbook(tmp_path / "t.xlsx", {"one": [[1]]})
    relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    related = parts["xl/_rels/workbook.xml.rels"].decode()
    added = f'<Relationship Id="t" Type="{relation}" Target="texts.xml"/></Relationships>'
    parts["xl/_rels/workbook.xml.rels"] = related.replace("</Relationships>", added).encode()
    parts["xl/texts.xml"] = b"<sst>" + 100_000 * b"<si/>" + b"</sst>"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    content = path.read_bytes()
    size = len(parts["xl/texts.xml"]).to_bytes(4, "little")
    assert content.count(size) == 2
    path.write_bytes(content.replace(size, (5).to_bytes(4, "little")))
    with open_workbook(path, "t.xlsx") as opened:
        assert opened.texts_bytes() == 500_011 + len(parts["xl/styles.xml"])
    monkeypatch.setattr("fnnctl.data.files.available_bytes", lambda: 10**6)
    with pytest.raises(DataError, match="would need"):
        cells(path)


def test_what_is_no_workbook_is_named(tmp_path: Path, messages: Messages) -> None:
    path = tmp_path / "t.xlsx"
    for content in (b"a,b\n1,2\n", b"\xd0\xcf\x11\xe0" + bytes(600)):
        path.write_bytes(content)
        with pytest.raises(DataError) as error:
            cells(path)
        messages.check(error.value)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("notes.txt", "no workbook")
    with pytest.raises(DataError) as error:
        cells(path)
    messages.check(error.value)
    write_workbook(path, {"one": row_xml(1, [1])})
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("XL/workbook.xml", "<workbook/>")
    with pytest.raises(DataError) as error:
        cells(path)
    messages.check(error.value)
