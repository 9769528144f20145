"""What can be wrong with a YAML text's form, told in words that say what to write instead."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import yaml

from fnnctl.errors import Problem

_TAB = "a tab stands here; YAML is written with spaces only"
_MISSING_COLON = "the key on this line lacks its colon, or the space after the colon"
_SECOND_COLON = (
    "a second colon stands on this line; put a text with a colon in quotes, "
    "and a setting of a section on a line of its own"
)
_INDENTED = "this line is indented more than the one above, which has a value already"
_UNEVEN = "this line does not begin in the same column as the others of its section or list"
_QUOTE_IT = "{} cannot begin a value; put the text in quotes"

_UNEXPECTED_KEY = r"mapping values are not allowed|found '<block mapping start>'"
_KEY_WITHOUT_COLON = re.compile(r"[A-Za-z_][\w.]*(:\S+|\s[^:]*)?")

# What PyYAML says, and what is said here; the first that is found counts. The second column says where
# the cause is: at the point where reading stopped ("here"), or where what was being read began ("start").
_SENTENCES: Sequence[tuple[str, str, str]] = (
    (r"character '\\t' that cannot start", "here", _TAB),
    (r"character (?P<what>.+) that cannot start", "here", _QUOTE_IT),
    (r"expected alphabetic or numeric character", "start", _QUOTE_IT.replace("{}", "* or &")),
    (r"could not find expected ':'", "start", _MISSING_COLON),
    (r"expected ',' or '\]'", "start", "a list begins here, and a comma or the closing ] is missing"),
    (r"expected ',' or '\}'", "start", "a mapping begins here, and a comma or the closing } is missing"),
    (r"unexpected end of stream", "start", "a quote is opened here and never closed"),
    (r"unknown escape character (?P<what>.+)", "here", "\\ followed by {} means nothing in double quotes; "
     "write \\\\ for a backslash, or use single quotes"),
    (r"expected escape sequence", "here", "an escape in double quotes is incomplete"),
    (r"expected the node content", "here", _QUOTE_IT.replace("{}", "a comma or a closing bracket")),
    (r"found '(?P<what>[\]\}])'", "here", "{} closes nothing"),
    (r"found '<scalar>'", "here", "text follows a value that has ended; put the whole value in the quotes"),
    (r"sequence entries are not allowed", "here", "a list's first - must stand on a line of its own"),
    (r"expected <block end>", "here", _UNEVEN),
    (r"incompatible YAML document", "here", "%YAML asks for a version other than 1.2; remove the line"),
)  # fmt: skip


def syntax_error(error: yaml.MarkedYAMLError, lines: Sequence[str]) -> Problem:
    """Say in words what PyYAML stumbled over; `lines` are the text's.

    A sentence of PyYAML's that is not among those known here is passed on as it is, with its line.
    """
    problem, mark = error.problem or "", error.problem_mark or error.context_mark
    if mark and re.search(_UNEXPECTED_KEY, problem):
        return _unexpected_key(problem, mark.line, lines[mark.line][: mark.column], lines)
    for pattern, where, sentence in _SENTENCES:
        found = re.search(pattern, problem)
        if found:
            message = sentence.replace("{}", found.groupdict().get("what", ""))
            return Problem(message, line=_line((where == "start" and error.context_mark) or mark))
    return Problem(f"this is not YAML: {problem or error.context}", line=_line(mark))


def _line(mark: Any) -> int | None:
    return None if mark is None else mark.line + 1


def _unexpected_key(problem: str, line: int, before: str, lines: Sequence[str]) -> Problem:
    """A key stands where none can: the cause may be on the line above, which lacks its own colon."""
    if ": " in before:
        return Problem(_SECOND_COLON, line=line + 1)
    above = next((number for number in range(line - 1, -1, -1) if _code(lines[number])), None)
    if above is not None and _KEY_WITHOUT_COLON.fullmatch(_code(lines[above])):
        return Problem(_MISSING_COLON, line=above + 1)
    return Problem(_UNEVEN if "expected" in problem else _INDENTED, line=line + 1)


def _code(line: str) -> str:
    """A line without its comment."""
    return line.partition("#")[0].strip()
