from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from fnnctl.report.formats.fitting import FittingLines, aligned, allotted, fit_name, fit_sentence, wrapped


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("short", 5, "short"),
        ("sensor_17_left", 10, "senso…left"),
        ("sensor_17_left", 1, "…"),
        ("日本語日本語", 8, "日本…語"),
        ("\x1b[31mred\nline", 20, "[31mred line"),
    ],
)
def test_the_middle_of_a_long_name_is_left_out(text: str, width: int, expected: str) -> None:
    assert fit_name(text, width) == expected


def test_the_end_of_a_long_sentence_is_left_out() -> None:
    assert fit_sentence("4 columns have the same value", 12) == "4 columns h…"
    assert fit_sentence("4 columns", 12) == "4 columns"


@given(st.text(max_size=60), st.integers(1, 40))
def test_whatever_the_text_it_fits_on_one_line(text: str, width: int) -> None:
    for cut in (fit_name(text, width), fit_sentence(text, width)):
        assert cell_len(cut) <= width
        assert "\n" not in cut


def test_words_are_kept_whole_when_lines_are_broken() -> None:
    assert wrapped("one two three", 8) == ["one two", "three"]
    assert wrapped("see runs/a-very-long-path now", 8) == ["see", "runs/a-very-long-path", "now"]
    assert wrapped("a-very-long-name 日本語 日本", 8) == ["a-ve…ame", "日本語", "日本"]
    assert wrapped("", 8) == [""]


def test_texts_are_aligned_to_the_left_and_numbers_to_the_right() -> None:
    assert aligned([("class", "F1"), ("日本", "0.5")], texts=(0,)) == ["class   F1", "日本   0.5"]


def test_a_table_without_room_for_a_row_stays_out() -> None:
    table = FittingLines(3, lambda count: [""] * count, least=2)
    text = FittingLines(9, lambda count: [""] * count)
    steps = (("text", 2), ("table", 4), ("text", 9))
    assert allotted({"text": text, "table": table}, steps, 4, gaps={"table": 1}) == {"text": 4, "table": 0}
    assert allotted({"text": text, "table": table}, steps, 5, gaps={"table": 1}) == {"text": 2, "table": 2}


def test_the_first_steps_get_the_lines() -> None:
    blocks = {
        name: FittingLines(full, lambda count: [""] * count)
        for name, full in {"a": 5, "b": 2, "c": 9}.items()
    }
    steps = [("a", 2), ("b", 9), ("missing", 3), ("a", 4), ("c", 3), ("a", 9)]
    gaps = {"b": 1, "c": 1}
    assert allotted(blocks, steps, 20, gaps=gaps) == {"a": 5, "b": 2, "c": 3}
    assert allotted(blocks, steps, 7, gaps=gaps) == {"a": 4, "b": 2, "c": 0}
    assert allotted(blocks, steps, 3, gaps=gaps) == {"a": 3, "b": 0, "c": 0}  # a gap alone is of no use


def test_a_table_is_shown_with_a_row_or_not_at_all() -> None:
    blocks = {"a": FittingLines(3, lambda count: [""] * count, least=2)}
    for room, lines in ((2, 0), (3, 2), (9, 3)):
        assert allotted(blocks, [("a", 3)], room, gaps={"a": 1}) == {"a": lines}
