from __future__ import annotations

import json
import math
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.config.paths import parse_path
from fnnctl.config.reading.yaml_reader import MAX_BYTES, MAX_DEPTH, decode, read_yaml, syntax_error
from fnnctl.errors import ConfigError, Problem


def findings(text: str) -> list[tuple[int | None, tuple[str | int, ...], str]]:
    return [
        (found.line, parse_path(found.path) if found.path else (), found.message)
        for found in read_yaml(text).problems
    ]


def refusal(text: str) -> Problem:
    with pytest.raises(ConfigError) as caught:
        read_yaml(text)
    return caught.value.problems[0]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("1E5", 100000.0),
        ("1.", 1.0),
        (".5", 0.5),
        ("-.5e+2", -50.0),
        ("012", 12),
        ("-7", -7),
        ("+7", 7),
        ("0o17", 15),
        ("0x1f", 31),
        (".inf", math.inf),
        ("-.INF", -math.inf),
        ("~", None),
        ("null", None),
        ("", None),
        ("true", True),
        ("False", False),
    ],
)
def test_plain_scalars_are_those_of_yaml_1_2(text: str, value: object) -> None:
    read = read_yaml(f"a: {text}").value["a"]
    assert read == value
    assert type(read) is type(value)


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


def test_a_key_given_twice_is_refused_and_both_lines_are_named() -> None:
    text = "a:\n  b: 1\n  c: 2\n  b: [3]\nd: 4\n'd': 5\n"
    assert findings(text) == [
        (4, ("a", "b"), "is given twice, first on line 2; remove one of the two"),
        (6, ("d",), "is given twice, first on line 5; remove one of the two"),
    ]
    assert read_yaml(text).value == {"a": {"b": 1, "c": 2}, "d": 4}


def test_anchors_aliases_merge_keys_and_tags_are_refused() -> None:
    text = "a: &x 1\nb: *x\nc:\n  <<: *x\nd: !!python/object:os.system {}\ne: !mine 3\n&k f: 1\n"
    assert findings(text) == [
        (1, ("a",), "has the anchor &x; anchors are not supported"),
        (2, ("b",), "is the alias *x; write the value out"),
        (4, ("c",), "merge keys (<<) are not supported; write the settings out"),
        (5, ("d",), "has the tag 'tag:yaml.org,2002:python/object:os.system'; tags are not supported"),
        (6, ("e",), "has the tag '!mine'; tags are not supported"),
        (7, (), "has the anchor &k; anchors are not supported"),
    ]


def test_a_billion_laughs_are_not_expanded() -> None:
    levels = [f"l{i}: &l{i} [{', '.join([f'*l{i - 1}'] * 10)}]" for i in range(1, 40)]
    assert len(findings("\n".join(["l0: &l0 ha", *levels]))) == 40 + 39 * 10


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("1: x", "a key must be a word, not 1 (if it is a name, put it in quotes: '1')"),
        ("true: x", "a key must be a word, not true (if it is a name, put it in quotes: 'true')"),
        ("~: x", "a key must be a word, not ~"),
        ("? \n: x", "a key must be a word, not null"),
        ("[a, [b]]: x", "a key must be a word, not a list, a mapping or an alias"),
        ("? {a: b}\n: {c: d}", "a key must be a word, not a list, a mapping or an alias"),
        ('"a\\nb": x', "a key must be a word, not 'a\\nb'"),
        ('"\\e[31m": x', "a key must be a word, not '\\x1b[31m'"),
        ("*a : x", "a key must be a word, not a list, a mapping or an alias"),
    ],
)
def test_keys_that_are_no_text_are_refused_with_their_values(text: str, shown: str) -> None:
    document = read_yaml(f"{text}\nnext: 1\n")
    assert [found.message for found in document.problems] == [shown]
    assert document.value == {"next": 1}


def test_a_quoted_key_is_text() -> None:
    assert read_yaml("'1': a\n'<<': b\n").value == {"1": "a", "<<": "b"}


def test_a_second_document_is_refused() -> None:
    message = "a second document starts here (---); a config must be a single document"
    assert findings("a: 1\n---\nb: 2\n") == [(2, (), message)]


@pytest.mark.parametrize("opened", ["[", "{a: ", "- ", "? - "])
def test_deep_nesting_is_refused_before_it_hurts(opened: str) -> None:
    assert refusal(opened * 100_000).message == f"is nested more than {MAX_DEPTH} levels deep"


def test_nesting_up_to_the_bound_is_read() -> None:
    value = read_yaml("a: " + "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1)).value
    for _ in range(MAX_DEPTH - 2):
        (value,) = value.values() if isinstance(value, dict) else value
    assert value == [[]]


def test_deep_nesting_in_what_is_left_out_is_refused_too() -> None:
    assert refusal("<<: " + "[" * 100_000).message == f"is nested more than {MAX_DEPTH} levels deep"


@pytest.mark.parametrize(
    ("character", "code"),
    [
        ("\x00", "U+0000"),
        ("\x1b", "U+001B"),
        ("\x7f", "U+007F"),
        ("\x85", "U+0085"),
        ("\u2028", "U+2028"),
        ("\ufeff", "U+FEFF"),
        ("\uffff", "U+FFFF"),
        ("\udc80", "U+DC80"),
    ],
)
def test_control_characters_are_refused_with_their_line(character: str, code: str) -> None:
    assert refusal(f"a: 1\nb: x{character}y\n") == Problem(
        f"contains the control character {code}; remove it", line=2
    )


def test_control_characters_are_refused_behind_escapes_too() -> None:
    assert findings('a: "x\\0"\nb: ["\\e[31m"]\n') == [
        (1, ("a",), "contains the control character U+0000; remove it"),
        (2, ("b", 0), "contains the control character U+001B; remove it"),
    ]
    assert read_yaml('a: "\\t"').value == {"a": "\t"}


def test_what_json_writes_as_two_escapes_is_one_character() -> None:
    """A config may be JSON, whose escapes have four digits."""
    config = {"name": "\U0001f600 and \U0010ffff", "weights": {"\U0001f600": 2}}
    text = json.dumps(config)
    assert "\\ud83d\\ude00" in text
    assert read_yaml(text).value == config
    assert read_yaml(text).problems == []


@pytest.mark.parametrize("half", ["\\ud83d", "\\ude00", "\\ude00\\ud83d", "\\ud83d \\ude00"])
def test_half_a_character_is_refused(half: str) -> None:
    ((line, path, message),) = findings(f'a: "{half}"')
    assert (line, path) == (1, ("a",))
    assert message.startswith("contains the control character U+D")


def test_text_is_utf_8_with_or_without_a_mark() -> None:
    assert decode("a: ü".encode()) == "a: ü"
    assert decode(b"\xef\xbb\xbfa: 1") == "a: 1"


@pytest.mark.parametrize(
    ("data", "finding"),
    [
        (b"a: 1\nb: \xfc\n", Problem("byte 0xfc is not UTF-8; save the file as UTF-8", line=2)),
        ("a: 1".encode("utf-16"), Problem("is UTF-16; save it as UTF-8", line=1)),
        (b"#" * (MAX_BYTES + 1), Problem("is larger than 1000000 bytes, the limit for a config")),
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


TAB = "there is a tab here; YAML needs spaces"
MISSING_COLON = "the key on this line lacks its colon, or the space after the colon"
SECOND_COLON = (
    "there is a second colon on this line; put text that contains a colon in quotes, "
    "and each setting of a section on its own line"
)
INDENTED = "this line is indented more than the one above, which already has a value"
UNEVEN = "this line does not start in the same column as the other lines of its section or list"
LIST_OPEN = "a list starts here, but a comma or the closing ] is missing"
MAPPING_OPEN = "a mapping starts here, but a comma or the closing } is missing"
OPEN_AT_THE_END = "the text ends within a list or a mapping, whose closing ] or } is missing"
QUOTE_OPEN = "a quote is opened here and never closed"


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("data:\n\tsource: iris\n", 2, TAB),
        ("data:\n  source: iris\n\ttarget: x\n", 3, TAB),
        ("data:\n  source:\tiris\n", 2, TAB),
        ("data\n  source: iris\n", 1, MISSING_COLON),
        ("data:\n  source iris\n  # comment: this\n\n  target: x\n", 2, MISSING_COLON),
        ("data:\n  source:iris  # or wine: too\n  target: x\n", 2, MISSING_COLON),
        ("data:\n  target: x\n  source iris\nmodel: {}\n", 3, MISSING_COLON),
        ("data: source: iris\n", 1, SECOND_COLON),
        ("data:\n  source: C: my file\n", 2, SECOND_COLON),
        ("data:\n  source: iris\n   target: x\n", 3, INDENTED),
        ("data:\n    source: iris\n  target: x\n", 3, UNEVEN),
        ("  data:\n    source: iris\nmodel: {}\n", 3, UNEVEN),
        ("a:\n  - 1\n  b: 2\n", 3, UNEVEN),
        ("a: [1,\n  2]\n   b: 3\n", 3, UNEVEN),
        ("a: 1\nb: [1, 2\nc: 3\n", 2, LIST_OPEN),
        ("a: 1\nb: {c: 1\nd: 2\n", 2, MAPPING_OPEN),
        ("a: 1\nb: [\n", 3, OPEN_AT_THE_END),
        ("a: 1\nb: {c: [2],", 2, OPEN_AT_THE_END),
        ("a: [1]]\n", 1, "this ] has no opening bracket"),
        ("a: {b: 1}}\n", 1, "this } has no opening bracket"),
        ("a: 1\nb: 'x\nc: 3\n", 2, QUOTE_OPEN),
        ('a: 1\nb: "x\nc: 3\n', 2, QUOTE_OPEN),
        ("a: 'x'y\n", 1, "there is text after a quoted value; put the whole value in the quotes"),
        (
            'a: "C:\\data"\n',
            1,
            "\\ followed by 'd' is not an escape in double quotes; "
            "write \\\\ for a backslash, or use single quotes",
        ),
        ('a: "\\xzz"\n', 1, "an escape in double quotes is incomplete"),
        ('\na: "\\U00110000"\n', 2, "an escape in double quotes names a character that does not exist"),
        ("a: @x\n", 1, "'@' cannot start a value; put the text in quotes"),
        ("a: %x\n", 1, "'%' cannot start a value; put the text in quotes"),
        ("a: *.csv\n", 1, "* or & cannot start a value; put the text in quotes"),
        ("a: ,\n", 1, "a comma or a closing bracket cannot start a value; put the text in quotes"),
        ("a: - 1\n", 1, "the first - of a list must start a new line"),
        ("%YAML 2.0\n---\na: 1\n", 1, "%YAML asks for a version other than 1.2; remove the line"),
        ("a: | b\n", 1, "this is not YAML: expected a comment or a line break, but found 'b'"),
    ],
)
def test_a_broken_form_is_reported_in_words_with_its_line(text: str, line: int, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_yaml(text)
    assert (caught.value.problems[0].line, caught.value.problems[0].message) == (line, message)


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
