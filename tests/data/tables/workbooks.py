"""Writes workbooks of Excel, also with cells that no library writes."""

from __future__ import annotations

import zipfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape, quoteattr

MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_DOCUMENT: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_FIRST_DAY: Final = datetime(1899, 12, 30)
_FORMATS: Final = (0, 14, 22, 21, 46, 10)
"""The formats of the styles: general, date, date and time, time, duration, percent."""


@dataclass(frozen=True)
class Cell:
    """A cell as it is in XML: its attributes and its content."""

    attributes: str = ""
    content: str = ""


PERCENT: Final = 5
"""The style of percentages."""


def formula(text: str, value: str | None = None, kind: str = "n") -> Cell:
    """A formula, with the value that a program has computed."""
    stored = "" if value is None else f"<v>{escape(value)}</v>"
    return Cell(f't="{kind}"', f"<f>{escape(text)}</f>{stored}")


def _cell(value: Any) -> Cell:
    days = timedelta(days=1)
    match value:
        case Cell():
            return value
        case bool():
            return Cell('t="b"', f"<v>{int(value)}</v>")
        case int() | float():
            return Cell("", f"<v>{value!r}</v>")
        case datetime():
            return Cell('s="2"', f"<v>{(value - _FIRST_DAY) / days!r}</v>")
        case date():
            return Cell('s="1"', f"<v>{(datetime.combine(value, time()) - _FIRST_DAY).days}</v>")
        case time():
            moment = timedelta(hours=value.hour, minutes=value.minute, seconds=value.second)
            return Cell('s="3"', f"<v>{moment / days!r}</v>")
        case timedelta():
            return Cell('s="4"', f"<v>{value / days!r}</v>")
    return Cell('t="inlineStr"', f'<is><t xml:space="preserve">{escape(value)}</t></is>')


def column_letters(column: int) -> str:
    letters = ""
    while column:
        column, digit = divmod(column - 1, 26)
        letters = chr(ord("A") + digit) + letters
    return letters


def row_xml(row: int, values: Sequence[Any], first_column: int = 1) -> str:
    cells = [
        f'<c r="{column_letters(column)}{row}"{cell.attributes and f" {cell.attributes}"}>{cell.content}</c>'
        for column, value in enumerate(values, start=first_column)
        if value is not None
        for cell in [_cell(value)]
    ]
    return f'<row r="{row}">{"".join(cells)}</row>'


def sheet_xml(
    rows: Sequence[Sequence[Any]],
    *,
    first: tuple[int, int] = (1, 1),
    end: str = "",
    merged: Sequence[str] = (),
) -> str:
    """A sheet whose rows begin in this row and column; `end` follows them."""
    data = "".join(row_xml(row, values, first[1]) for row, values in enumerate(rows, start=first[0]))
    merges = "".join(f'<mergeCell ref="{ref}"/>' for ref in merged)
    return (
        f'<worksheet xmlns="{MAIN}"><sheetData>{data}{end}</sheetData>'
        f"{f'<mergeCells>{merges}</mergeCells>' if merges else ''}</worksheet>"
    )


def write_workbook(path: Path, sheets: Mapping[str, Any], *, hidden: Collection[str] = ()) -> Path:
    """Write sheets of these rows, or of this XML."""
    listed, related, types = [], [], []
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, (name, rows) in enumerate(sheets.items(), start=1):
            state = ' state="hidden"' if name in hidden else ""
            listed.append(f'<sheet name={quoteattr(name)} sheetId="{number}"{state} r:id="rId{number}"/>')
            part = f"worksheets/sheet{number}.xml"
            related.append(f'<Relationship Id="rId{number}" Type="{_DOCUMENT}/worksheet" Target="{part}"/>')
            kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
            types.append(f'<Override PartName="/xl/{part}" ContentType="{kind}"/>')
            archive.writestr(f"xl/{part}", rows if isinstance(rows, str) else sheet_xml(rows))
        main = "application/vnd.openxmlformats-officedocument.spreadsheetml"
        archive.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{main}.sheet.main+xml"/>'
            f'<Override PartName="/xl/styles.xml" ContentType="{main}.styles+xml"/>{"".join(types)}</Types>',
        )
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
            f'Type="{_DOCUMENT}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{MAIN}" xmlns:r="{_DOCUMENT}"><sheets>{"".join(listed)}</sheets></workbook>',
        )
        related.append(f'<Relationship Id="rIdS" Type="{_DOCUMENT}/styles" Target="styles.xml"/>')
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{_PACKAGE}/relationships">{"".join(related)}</Relationships>',
        )
        formats = "".join(f'<xf numFmtId="{number}" applyNumberFormat="1"/>' for number in _FORMATS)
        archive.writestr(
            "xl/styles.xml",
            f'<styleSheet xmlns="{MAIN}"><fonts count="1"><font/></fonts><fills count="1"><fill/></fills>'
            f'<borders count="1"><border/></borders><cellXfs count="{len(_FORMATS)}">{formats}</cellXfs>'
            "</styleSheet>",
        )
    return path
