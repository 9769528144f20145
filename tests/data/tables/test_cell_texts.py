from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.data.tables.cells import CellRows
from fnnctl.data.tables.column_readers import TextColumn

CELLS = st.lists(
    st.one_of(
        st.sampled_from(["a", "b", "NA", "", "Elm 11, Riverside", "größe"]),
        st.text("ab", max_size=40),
        st.integers(0, 3000).map(str),
    ),
    min_size=1,
    max_size=200,
)


def add(column: TextColumn, texts: list[str], line: int) -> None:
    chunk = "".join(f'"{text}",\n' for text in texts).encode()
    block = CellRows.of(chunk, delimiter=",", width=2, encoding="utf-8", line=line)
    assert block is not None
    column.add(block.columns[0], block.lines)


@given(CELLS, CELLS, CELLS)
def test_codes_are_those_of_the_strings(first: list[str], second: list[str], third: list[str]) -> None:
    by_bytes, by_strings = (TextColumn(frozenset(["", "NA"])) for _ in range(2))
    line = 2
    for texts in (first, second, third):
        add(by_bytes, texts, line)
        by_strings.add_values(texts, range(line, line + len(texts)))
        line += len(texts)
    ours, theirs = by_bytes.finish(), by_strings.finish()
    assert (ours.texts, ours.lines) == (theirs.texts, theirs.lines)
    np.testing.assert_array_equal(ours.codes, theirs.codes)


def test_texts_that_were_strings_at_first_are_found_by_their_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """After an irregular chunk, cells are read again."""
    column = TextColumn(frozenset(["-"]))
    column.add_values(["a", "b", "-"], range(2, 5))
    add(column, ["b", "-", "c", "a"], 5)
    monkeypatch.setattr(CellRows, "texts", None)
    add(column, ["c", "b", "a", "-"], 9)
    assert column.finish().codes.tolist() == [0, 1, -1, 1, -1, 2, 0, 2, 1, 0, -1]


def test_more_texts_than_are_looked_up() -> None:
    column = TextColumn(frozenset())
    texts = [f"text {number}" for number in range(40_000)]
    for _ in range(2):
        add(column, texts, 2)
    np.testing.assert_array_equal(column.finish().codes, [*range(40_000)] * 2)
