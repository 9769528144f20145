from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.cli.columns import column_names
from fnnctl.errors import UsageError

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), min_size=1).map(str.strip)


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ([], ()),
        (["id"], ("id",)),
        (["id, full name", "x"], ("id", "full name", "x")),
        (['"price, net",id'], ("price, net", "id")),
        (["id", "all"], None),
        (['"all"'], ("all",)),
        (["all,id"], ("all", "id")),
    ],
)
def test_names(words: list[str], names: tuple[str, ...] | None) -> None:
    assert column_names("--keep", words) == names


@given(st.lists(NAMES.filter(bool), min_size=1, max_size=4))
def test_a_csv_header_is_read_back(names: list[str]) -> None:
    line = io.StringIO()
    csv.writer(line, lineterminator="", quoting=csv.QUOTE_ALL).writerow(names)
    assert column_names("--keep", [line.getvalue()]) == tuple(names)


@pytest.mark.parametrize("word", ["", " ", "a,", ",a", '"a', '"a"b', "a\nb"])
def test_blank_names_and_open_quotes(word: str) -> None:
    with pytest.raises(UsageError, match=r"^--keep '.*': write names with commas between them, or all; "):
        column_names("--keep", ["id", word])
