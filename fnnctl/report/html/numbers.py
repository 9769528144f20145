"""The numbers of a CSV file in a page, behind a line that opens them: few enough rows to read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from fnnctl.report.html.markup import EMPTY, Markup, content, element, joined
from fnnctl.report.html.tables import table
from fnnctl.report.sections import NOTHING
from fnnctl.store.folder import RunFolder
from fnnctl.text import counted

MOST_ROWS: Final = 60
MOST_COLUMNS: Final = 40
DIGITS: Final = 4
LONGEST: Final = len("-0.1234")
"""Longer numbers are shortened. A shorter one may be the name of a class, such as `1.10`."""
CURVES, OF_CLASS, MOST_CURVES = "kind", "class", 12
"""Files of curves begin with their kind. Of more curves, only the averages over the classes are shown."""


def thinned_table(run: RunFolder, name: str, *, most: int = MOST_ROWS) -> Markup:
    """The table of one of the run's CSV files: at most `most` rows, evenly chosen; empty without rows.

    The file is read twice and never held as a whole.
    """
    rows = run.read_rows(name)
    if rows is None:
        return EMPTY
    header, count, averages = next(rows), 0, 0
    has_curves = header[0] == CURVES
    curves: set[tuple[str, ...]] = set()
    for row in rows:
        count += 1
        if has_curves:
            averages += row[0] != OF_CLASS
            curves.add(tuple(row[:2]))
    rows = run.read_rows(name)
    if rows is None or not count:
        return EMPTY
    next(rows)
    only_averages = len(curves) > MOST_CURVES
    if only_averages:
        rows = (row for row in rows if row[0] != OF_CLASS)
    chosen = list(_chosen(rows, averages if only_averages else count, most))
    return numbers_table(header, chosen, source=name, count=count)


def numbers_table(
    header: Sequence[str], rows: Sequence[Sequence[str]], *, source: str, count: int | None = None
) -> Markup:
    """Rows of a file behind a line that opens them.

    `count` is the number of rows in the file if these are only some of them. Numbers are shortened.
    """
    total = len(rows) if count is None else count
    some = counted(total, "row") if len(rows) == total else f"{len(rows):,} of {counted(total, 'row')}"
    more = len(header) - MOST_COLUMNS
    columns = f", {MOST_COLUMNS} of {len(header):,} columns" if more > 0 else ""
    shown = [list(map(_short, row[:MOST_COLUMNS])) for row in rows]
    header = header[:MOST_COLUMNS]
    texts = [place for place in range(len(header)) if any(_is_text(row[place]) for row in shown)]
    summary = element(
        "summary", joined((content("Numbers"), element("small", content(f" {some}{columns} of {source}"))))
    )
    return element("details", summary, table(header, shown, texts=texts, label=f"Numbers of {source}"))


def _chosen(rows: Iterator[list[str]], count: int, most: int) -> Iterator[list[str]]:
    """At most `most` of the rows, evenly spaced, with the first and the last."""
    most = min(most, count)
    wanted = {round(place * (count - 1) / max(1, most - 1)) for place in range(most)}
    return (row for number, row in enumerate(rows) if number in wanted)


def _short(text: str) -> str:
    """A long number with few digits; another text unchanged."""
    if not text:
        return NOTHING
    if len(text) <= LONGEST:
        return text.removesuffix(".0")
    try:
        value = float(text)
    except ValueError:
        return text
    return text if "." not in text and "e" not in text.lower() else f"{value:.{DIGITS}g}"


def _is_text(text: str) -> bool:
    if text == NOTHING:
        return False
    try:
        float(text)
    except ValueError:
        return True
    return False
