from __future__ import annotations

import pytest
import yaml

from fnnctl.config.reading.yaml_errors import syntax_error
from fnnctl.config.reading.yaml_reader import read_yaml
from fnnctl.errors import ConfigError

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
