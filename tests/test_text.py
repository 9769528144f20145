from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.text import (
    bound_prefix,
    bytes_text,
    capitalized,
    counted,
    cut,
    did_you_mean,
    install_command,
    joined_words,
    natural_key,
    nearest_file,
    p_text,
    plain_text,
    printable,
    printable_lines,
    quoted,
    truncate_end,
    truncate_middle,
    word_list,
)

NASTY = "a\x1b[31m\u202eb\n"
WRITTEN_OUT = "a\\x1b[31m\\u202eb\\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Iris setosa", "Iris setosa"),
        ("\x1b[31mred\x1b[0m", "[31mred[0m"),
        ("two\nlines\tand a tab", "two lines and a tab"),
        ("\x9b31m", "31m"),
        ("evil\u202etxt", "eviltxt"),
        ("lone \udcff surrogate", "lone \N{REPLACEMENT CHARACTER} surrogate"),
        ("日本 🐧", "日本 🐧"),
        ("$a_b$ [/] <b> \\n", "$a_b$ [/] <b> \\n"),
        ("carriage\r\nreturn", "carriage  return"),
    ],
)
def test_plain_text(text: str, expected: str) -> None:
    assert plain_text(text) == expected


@given(st.text(st.characters(categories=["Cc", "Cs", "Cf", "Zl", "Zp", "L"])))
def test_plain_text_is_one_line_that_any_terminal_can_show(text: str) -> None:
    plain = plain_text(text)
    assert plain.splitlines() in ([plain], [])
    assert all(unicodedata.category(character) not in {"Cc", "Cs"} for character in plain)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain, é and 雪", "plain, é and 雪"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("two\nlines", "two\\nlines"),
        ("right\u202eleft", "right\\u202eleft"),
        ("C:\\data", "C:\\data"),
    ],
)
def test_only_what_does_not_print_is_written_out(text: str, expected: str) -> None:
    assert printable(text) == expected


def test_lines_stay_lines() -> None:
    assert printable_lines("one\n\x1btwo\r\n") == "one\n\\x1btwo\\r\n"


def test_a_shown_value_is_quoted_and_cut_to_sixty_characters() -> None:
    assert quoted("a" * 60) == "'" + "a" * 60 + "'"
    assert quoted("a" * 61) == "'" + "a" * 59 + "…'"
    assert quoted("\a") == cut("'\a'") == "'\\x07'"
    assert cut("\u202e" * 61) == "\\u202e" * 59 + "…"


@pytest.mark.parametrize(
    ("text", "width", "end", "middle"),
    [
        ("short", 5, "short", "short"),
        ("abcdefghij", 7, "abcdef…", "abc…hij"),
        ("abcdefghij", 6, "abcde…", "abc…ij"),
        ("one two three", 9, "one two…", "one…hree"),
        ("one two three", 1, "…", "…"),
    ],
)
def test_long_text_loses_its_end_or_its_middle(text: str, width: int, end: str, middle: str) -> None:
    assert truncate_end(text, width) == end
    assert truncate_middle(text, width) == middle


def test_the_width_of_a_text_may_be_another_than_its_length() -> None:
    def width(character: str) -> int:
        return 2 if character.isupper() else 1

    assert truncate_end("ABcd", 5, width) == "AB…"
    assert truncate_middle("ABCde", 7, width) == "AB…de"
    assert truncate_middle("ABcd", 6, width) == "ABcd"


@pytest.mark.parametrize(("text", "expected"), [("", ""), ("a", "A"), ("the AUC", "The AUC"), ("éa", "Éa")])
def test_only_the_first_letter_becomes_a_capital(text: str, expected: str) -> None:
    assert capitalized(text) == expected


@pytest.mark.parametrize(("words", "text"), [("", ""), ("a", "a"), ("ab", "a and b"), ("abc", "a, b and c")])
def test_words_are_joined_as_in_a_sentence(words: str, text: str) -> None:
    assert joined_words([*words]) == text
    assert joined_words([*words], "or") == text.replace(" and ", " or ")


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (0.0004, "p < 0.001"),
        (0.0212, "p = 0.021"),
        (0.0499, "p = 0.0499"),
        (0.0501, "p = 0.050"),
        (1, "p = 1.000"),
    ],
)
def test_p_never_looks_on_the_other_side_of_the_level(p: float, text: str) -> None:
    assert p_text(p) == text


@pytest.mark.parametrize(("number", "expected"), [(0, "0 rows"), (1, "1 row"), (1234, "1,234 rows")])
def test_a_count_has_its_plural(number: int, expected: str) -> None:
    assert counted(number, "row") == expected


def test_only_a_lower_bound_is_written_before_a_planned_amount() -> None:
    assert [bound_prefix(bound) for bound in ("at least", "at most", None)] == ["at least ", "", ""]


@pytest.mark.parametrize(
    "texts",
    [
        ["class 1", "class 2", "class 10"],
        ["a9b1", "a9b10", "a10b1"],
        ["", "2", "10", "a"],
        ["v1.9", "v1.10"],
        ["01", "1", "2"],
        ["x" + "9" * 5000, "x1" + "0" * 5000],
        ["A", "B2", "B10", "a"],
        ["²", "³"],
    ],
)
def test_the_natural_order_has_numbers_by_value(texts: list[str]) -> None:
    backwards = texts[::-1]
    assert sorted(backwards, key=natural_key) == texts


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=5), unique=True))
def test_any_texts_have_one_natural_order(texts: list[str]) -> None:
    backwards = texts[::-1]
    assert sorted(texts, key=natural_key) == sorted(backwards, key=natural_key)


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (12_345, "12.3 kB"), (999_949, "999.9 kB"),
        (999_950, "1.0 MB"), (2_500_000_000, "2.5 GB"), (3 * 10**15, "3,000.0 TB"),
    ],
)  # fmt: skip
def test_sizes(size: int, text: str) -> None:
    assert bytes_text(size) == text


def test_words_of_the_input_print() -> None:
    assert word_list([NASTY, "b"]) == f"{WRITTEN_OUT}, b"
    assert did_you_mean("a\x1b[31mb", [NASTY]) == f" (did you mean '{WRITTEN_OUT}'?)"


def test_a_word_is_taken_for_the_shortest_one_that_it_begins() -> None:
    options = ["test.mae", "test.accuracy_ci95", "test.accuracy"]
    assert did_you_mean("Test.acc", options) == " (did you mean 'test.accuracy'?)"
    assert did_you_mean("te", options) == ""
    assert did_you_mean("test.mea", options) == " (did you mean 'test.mae'?)"


@pytest.mark.parametrize(
    ("name", "others", "found"),
    [
        ("xyz.yaml", ["n.yaml", "abc.yaml"], ""),
        ("unknwon.yaml", ["n.yaml", "unknown.yaml"], " (did you mean 'unknown.yaml'?)"),
        ("iris.csv", ["iris", "wine"], " (did you mean 'iris'?)"),
        (".yaml", ["a.yaml"], ""),
    ],
)
def test_equal_endings_make_no_files_close(name: str, others: list[str], found: str) -> None:
    assert nearest_file(name, others) == found


@pytest.mark.parametrize(
    ("has_pip", "expected"),
    [
        (True, "'/my env/python' -m pip install onnx"),
        (False, "uv pip install --python '/my env/python' onnx"),  # an environment that uv has made
    ],
)
def test_a_library_is_installed_for_this_python(
    monkeypatch: pytest.MonkeyPatch, has_pip: bool, expected: str
) -> None:
    monkeypatch.setattr("sys.executable", "/my env/python")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name if has_pip else None)
    assert install_command("onnx") == expected
