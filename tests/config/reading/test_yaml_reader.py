from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.config.reading import yaml_reader
from fnnctl.config.reading.yaml_reader import MAX_BYTES, MAX_DEPTH, decode, read_yaml, syntax_error
from fnnctl.errors import ConfigError, Problem


def refusal(text: str) -> Problem:
    with pytest.raises(ConfigError) as caught:
        read_yaml(text)
    return caught.value.problems[0]


SCALARS = {
    "1e-3": 0.001, "1E5": 100000.0, "1.": 1.0, ".5": 0.5, "-.5e+2": -50.0, "012": 12, "-7": -7, "+7": 7,
    "0o17": 15, "0x1f": 31, ".inf": math.inf, "-.INF": -math.inf, "~": None, "null": None, "": None,
    "true": True, "False": False,
}  # fmt: skip


@pytest.mark.parametrize("text", SCALARS)
def test_plain_scalars_are_those_of_yaml_1_2(text: str) -> None:
    read = read_yaml(f"a: {text}").value["a"]
    assert read == SCALARS[text]
    assert type(read) is type(SCALARS[text])


def test_nan_is_a_float() -> None:
    assert math.isnan(read_yaml("a: .nan").value["a"])


OTHER_SCALARS = """
    no yes on off y 1:30 1_000 1,000 0b11 08:15 2024-11-24 1e e5 0o8 0xg . + tRue None NaN inf ١٢
"""


@pytest.mark.parametrize("text", OTHER_SCALARS.split())
def test_other_plain_scalars_are_text(text: str) -> None:
    assert read_yaml(f"a: {text}").value == {"a": text}


@pytest.mark.parametrize("text", ["'12'", '"12"', "|-\n  12", ">-\n  12"])
def test_whatever_is_quoted_is_text(text: str) -> None:
    assert read_yaml(f"a: {text}").value == {"a": "12"}


@pytest.mark.parametrize("start", ["0x", "0o"])
def test_other_digits_than_decimal_ones_are_a_number_up_to_a_thousand(start: str) -> None:
    assert read_yaml(f"a: {start}{'7' * 1000}").value == {"a": int("7" * 1000, 16 if start == "0x" else 8)}
    assert read_yaml(f"a: {start}{'7' * 1001}").value == {"a": f"{start}{'7' * 1001}"}


def test_a_number_of_absurd_length_is_infinite_and_not_a_crash() -> None:
    assert read_yaml(f"a: {'9' * 5000}").value == {"a": math.inf}


def test_every_value_has_its_line() -> None:
    document = read_yaml("# a comment\na:\n  b: [1,\n    2]\n  'c': |\n    text\n\nd:\n- x\n- e: 1\n")
    assert document.value == {"a": {"b": [1, 2], "c": "text\n"}, "d": ["x", {"e": 1}]}
    assert document.lines == {
        (): 1,
        ("a",): 2,
        ("a", "b"): 3,
        ("a", "b", 0): 3,
        ("a", "b", 1): 4,
        ("a", "c"): 5,
        ("d",): 8,
        ("d", 0): 9,
        ("d", 1): 10,
        ("d", 1, "e"): 10,
    }


def test_windows_line_ends_and_document_marks_are_nothing_special() -> None:
    document = read_yaml("%YAML 1.2\r\n---\r\na: 1\r\nb: 2\r\n...\r\n")
    assert (document.value, document.lines["b",], document.problems) == ({"a": 1, "b": 2}, 4, [])


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing\n", "---\n", "---\n...\n"])
def test_nothing_is_null(text: str) -> None:
    assert read_yaml(text).value is None


def test_what_is_refused_is_left_out_of_the_value() -> None:
    """Of a key that is given twice, the first value is kept."""
    text = "a:\n  b: 1\n  c: 2\n  b: [3]\nd: 4\n'd': 5\n1: x\n~: x\n{a: b}: x\n"
    document = read_yaml(text)
    assert len(document.problems) == 5
    assert document.value == {"a": {"b": 1, "c": 2}, "d": 4}


def test_a_billion_laughs_are_not_expanded() -> None:
    levels = [f"l{i}: &l{i} [{', '.join([f'*l{i - 1}'] * 10)}]" for i in range(1, 40)]
    assert len(read_yaml("\n".join(["l0: &l0 ha", *levels])).problems) == 40 + 39 * 10


def test_a_quoted_key_is_text() -> None:
    assert read_yaml("'1': a\n'<<': b\n").value == {"1": "a", "<<": "b"}


@pytest.mark.parametrize("opened", ["[", "{a: ", "- ", "? - ", "<<: ["])
def test_deep_nesting_is_refused_before_it_hurts(opened: str) -> None:
    """Also in what is left out."""
    assert refusal(opened * 10_000).message == f"is nested more than {MAX_DEPTH} levels deep"


def test_nesting_up_to_the_bound_is_read() -> None:
    value = read_yaml("a: " + "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1)).value
    for _ in range(MAX_DEPTH - 2):
        (value,) = value.values() if isinstance(value, dict) else value
    assert value == [[]]


@pytest.mark.parametrize("character", "\x00\x1b\x7f\x85\u2028\ufeff\uffff\udc80")
def test_control_characters_are_refused_with_their_line(character: str) -> None:
    problem = Problem(f"contains the control character U+{ord(character):04X}; remove it", line=2)
    assert refusal(f"a: 1\nb: x{character}y\n") == problem
    assert read_yaml('a: "\\t"').value == {"a": "\t"}


def test_what_json_writes_as_two_escapes_is_one_character() -> None:
    """A config may be JSON, whose escapes have four digits."""
    config = {"name": "\U0001f600 and \U0010ffff", "weights": {"\U0001f600": 2}}
    text = json.dumps(config)
    assert "\\ud83d\\ude00" in text
    assert read_yaml(text).value == config
    assert read_yaml(text).problems == []


def test_text_is_utf_8_with_or_without_a_mark() -> None:
    assert decode("a: ü".encode()) == "a: ü"
    assert decode(b"\xef\xbb\xbfa: 1") == "a: 1"


@pytest.mark.parametrize(
    ("data", "finding"),
    [
        (b"a: 1\nb: \xfc\n", Problem("byte 0xfc is not UTF-8; save the file as UTF-8", line=2)),
        (b"\nb: \xfc\n", Problem("byte 0xfc is not UTF-8; save the file as UTF-8", line=2)),
        ("a: 1".encode("utf-16"), Problem("is UTF-16; save it as UTF-8", line=1)),
        (b"#" * (MAX_BYTES + 1), Problem("is larger than 1,000,000 bytes, the limit for a config")),
    ],
)
def test_other_bytes_are_refused(data: bytes, finding: Problem) -> None:
    with pytest.raises(ConfigError) as caught:
        decode(data)
    assert caught.value.problems == (finding,)


def test_a_file_of_just_the_largest_size_is_read() -> None:
    assert read_yaml(decode(b"a: 1\n#" + b"x" * (MAX_BYTES - 6))).value == {"a": 1}


@given(st.text(st.sampled_from("ab01 \n\t:-[]{},'\"\\#&*!|>%@?~.<=eox\x00é"), max_size=40))
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    try:
        document: Any = read_yaml(text)
    except ConfigError as error:
        assert error.problems[0].message  # noqa: PT017
    else:
        assert set(document.lines) >= {()}


@pytest.mark.parametrize(
    ("problem", "message"),
    [
        ("something PyYAML has never said", "this is not YAML: something PyYAML has never said"),
        (None, "this is not YAML: while parsing a block mapping"),
        ("", "this is not YAML: while parsing a block mapping"),
    ],
)
def test_a_sentence_that_is_not_known_is_passed_on_with_its_line(problem: str | None, message: str) -> None:
    mark = yaml.Mark("<text>", 0, 2, 5, None, 0)
    error = yaml.MarkedYAMLError("while parsing a block mapping", None, problem, mark)
    finding = syntax_error(error, ["a: 1", "b: 2", "c: 3 4"])
    assert (finding.line, finding.message) == (3, message)


def test_a_key_on_the_first_line_has_none_above_it() -> None:
    """Its line is not compared with the last one, which lacks its colon."""
    assert refusal("--- seed: 1\nname").line == 1


def test_a_sentence_without_a_place_is_passed_on() -> None:
    finding = syntax_error(yaml.MarkedYAMLError(problem="no place"), [])
    assert (finding.line, finding.message) == (None, "this is not YAML: no place")


@pytest.mark.parametrize("problem", ["found unexpected end of stream", "unheard of"])
def test_a_missing_mark_is_replaced_by_the_other_one(problem: str) -> None:
    mark = yaml.Mark("<text>", 0, 2, 5, None, 0)
    for error in (
        yaml.MarkedYAMLError(problem=problem, problem_mark=mark),
        yaml.MarkedYAMLError(problem=problem, context_mark=mark),
    ):
        assert syntax_error(error, ["a", "b", "c"]).line == 3


PARTS = (
    "a", "b: ", ": ", "- ", "\n", "\n  ", "\n    ", "[", "]", "{", "}", ", ", " #x", "'", '"', "1e-3", "---",
    "...", "${X}", "true", "~", "k: v\n", "- 1\n", "k: [1, 2]\n", "  k: {a: 1}\n", "é", "<<: ", "\r\n",
    '"a":1', "\xa0", "&x ", "*x", "!", "|\n  t", "\t", "\\",
    "# Read by `x`?\n",
    "- '?'\n", "missing_values:\n- x\n- '?'\n",
)  # fmt: skip


@given(parts=st.lists(st.sampled_from(PARTS), max_size=10))
def test_libyaml_changes_neither_values_nor_lines_nor_messages(parts: list[str]) -> None:
    text = "".join(parts)

    def outcome() -> object:
        try:
            return read_yaml(text)
        except ConfigError as error:
            return error.problems

    quick = outcome()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yaml_reader, "_QuickLoader", None)
        assert quick == outcome()


def test_plain_text_is_read_by_libyaml(monkeypatch: pytest.MonkeyPatch) -> None:
    if yaml.__with_libyaml__:
        monkeypatch.delattr(yaml_reader, "_composed")
    assert read_yaml("a: [1, 'b c']  # d\ne:\n- {f: ~}\n").value == {"a": [1, "b c"], "e": [{"f": None}]}


def test_a_complete_config_is_read_by_libyaml(monkeypatch: pytest.MonkeyPatch) -> None:
    resolved = Path(__file__).parents[2] / "former_runs" / "0.13.0" / "default" / "resolved.yaml"
    if yaml.__with_libyaml__:
        monkeypatch.delattr(yaml_reader, "_composed")
    document = read_yaml(resolved.read_text(encoding="utf-8"))
    assert document.value["data"]["missing_values"] == ["", "NA", "N/A", "NaN", "nan", "null", "NULL", "?"]
    assert document.lines["data", "missing_values", 7] == 27
