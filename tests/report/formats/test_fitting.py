from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from fnnctl.report.formats.fitting import (
    FittingLines,
    aligned,
    allotted,
    fit_columns,
    fit_name,
    fit_names,
    fit_sentence,
    narrowed,
    shortened,
    wrapped,
)


def test_the_middle_of_a_long_name_is_left_out() -> None:
    assert fit_name("short", 5) == "short"
    assert fit_name("sensor_17_left", 10) == "senso…left"
    assert fit_name("sensor_17_left", 1) == "…"
    assert fit_name("日本語日本語", 8) == "日本…語"
    assert fit_name("\x1b[31mred\nline", 20) == "[31mred line"


def test_the_end_of_a_long_sentence_is_left_out() -> None:
    assert fit_sentence("4 columns have the same value", 16) == "4 columns have …"
    assert fit_sentence("4 columns have the same value", 15) == "4 columns …"
    assert fit_sentence("4 columns", 12) == "4 columns"
    assert fit_sentence("a  table", 8) == "a  table"
    assert fit_sentence("columns", 4) == "co…s"


def test_a_list_is_cut_after_an_item() -> None:
    text = "l2 0.001, hidden [16, 16], learning_rate 0.01; 60 epochs"
    assert shortened(text, 1, 60, by_items=True) == [text]
    assert shortened(text, 1, 47, by_items=True) == ["l2 0.001, hidden [16, 16], …"]
    assert shortened(text, 1, 25, by_items=True) == ["l2 0.001, …"], "not in the brackets"
    assert shortened(text, 2, 24, by_items=True) == ["l2 0.001, hidden [16,", "16], …"]
    assert shortened(text, 1, 8, by_items=True) == ["l2 …"], "no item fits"
    assert shortened(text, 1, 25) == ["l2 0.001, hidden [16, …"], "after a word"


@given(st.text(alphabet="ab,; ([日\n/", max_size=80), st.integers(1, 4), st.integers(2, 30))
def test_a_shortened_text_says_so(text: str, count: int, width: int) -> None:
    lines = shortened(text, count, width, by_items=True)
    assert len(lines) <= count
    assert all(cell_len(line) <= width for line in lines)
    if len(" ".join(lines).split()) < len(text.split()):
        assert lines[-1].endswith("…")


@given(st.text(max_size=60), st.integers(1, 40))
def test_whatever_the_text_it_fits_on_one_line(text: str, width: int) -> None:
    for cut in (
        fit_name(text, width),
        fit_sentence(text, width),
        *fit_names((text, f"{text}…{text}"), width),
    ):
        assert cell_len(cut) <= width
        assert "\n" not in cut


def test_names_that_differ_in_their_middle_still_differ() -> None:
    names = [f"temperature_of_sensor_{number}_in_the_reactor" for number in (7, 18, 19)]
    rows = fit_columns([("column", "1"), *((name, "2") for name in names), ("a" * 30, "3")], {0: 20})
    assert rows == [
        ("column", "1"), ("tempe…7_in_th…eactor", "2"), ("tempe…18_in_t…eactor", "2"),
        ("tempe…19_in_t…eactor", "2"), ("aaaaaaaaaa…aaaaaaaaa", "3"),
    ]  # fmt: skip
    assert fit_names((names[0], *names), 20)[:2] == [rows[1][0]] * 2


def test_words_are_kept_whole_when_lines_are_broken() -> None:
    assert wrapped("one two three", 8) == ["one two", "three"]
    assert wrapped("see runs/a-very-long-path now", 8) == ["see", "runs/a-very-long-path", "now"]
    assert wrapped("a-very-long-name 日本語 日本", 8) == ["a-ve…ame", "日本語", "日本"]
    assert wrapped("", 8) == [""]


def test_texts_are_aligned_to_the_left_and_numbers_to_the_right() -> None:
    assert aligned([("class", "F1"), ("日本", "0.5")], texts=(0,)) == ["class   F1", "日本   0.5"]


def block(full: int, least: int = 1) -> FittingLines:
    return FittingLines(full, lambda count: [""] * count, least)


def test_a_table_without_room_for_a_row_stays_out() -> None:
    blocks, growth = [block(9), block(3, least=2)], [(2, 2, 9), (0, 4)]
    assert allotted(blocks, growth, 4, gaps=[0, 1]) == [4, 0]
    assert allotted(blocks, growth, 5, gaps=[0, 1]) == [2, 2]
    for room, lines in ((2, 0), (3, 2), (9, 3)):
        assert allotted([block(3, least=2)], [(3,)], room, gaps=[1]) == [lines]


def test_the_first_rounds_get_the_lines() -> None:
    blocks, growth, gaps = [block(5), block(2), block(9)], [(2, 4, 9), (9,), (0, 3)], [0, 1, 1]
    assert allotted(blocks, growth, 20, gaps=gaps) == [5, 2, 3]
    assert allotted(blocks, growth, 7, gaps=gaps) == [4, 2, 0]
    assert allotted(blocks, growth, 3, gaps=gaps) == [3, 0, 0], "a gap alone is of no use"


def test_texts_share_what_numbers_leave_of_the_width() -> None:
    rows = [("name", "n" * 30, "0.5", "e" * 10), ("class", "m", "1.25", "error")]
    narrow = narrowed(rows, 31, texts=(0, 1, 3))
    assert narrow[0] == ("name", "nnnn…nnn", "0.5", "eeee…eee")
    assert narrowed(rows, 99, texts=(0, 1, 3)) == rows
    assert max(map(cell_len, aligned(narrow, texts=(0, 1, 3)))) == 31
