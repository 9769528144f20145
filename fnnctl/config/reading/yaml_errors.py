"""Turns PyYAML's syntax errors into messages that say what to write instead."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import yaml

from fnnctl.errors import Problem

_TAB = "there is a tab here; YAML needs spaces"
_MISSING_COLON = "the key on this line lacks its colon, or the space after the colon"
_SECOND_COLON = (
    "there is a second colon on this line; put text that contains a colon in quotes, "
    "and each setting of a section on its own line"
)
_INDENTED = "this line is indented more than the one above, which already has a value"
_UNEVEN = "this line does not start in the same column as the other lines of its section or list"
_QUOTE_IT = "{} cannot start a value; put the text in quotes"

_UNEXPECTED_KEY = r"mapping values are not allowed|found '<block mapping start>'"
_KEY_WITHOUT_COLON = re.compile(r"[A-Za-z_][\w.]*(:\S+|\s[^:]*)?")

# PyYAML's message, the place of the cause, and our message; the first match counts. The place is where
# reading stopped ("here"), or where the element that was being read starts ("start").
_SENTENCES: Sequence[tuple[str, str, str]] = (
    (r"character '\\t' that cannot start", "here", _TAB),
    (r"character (?P<what>.+) that cannot start", "here", _QUOTE_IT),
    (r"expected alphabetic or numeric character", "start", _QUOTE_IT.replace("{}", "* or &")),
    (r"could not find expected ':'", "start", _MISSING_COLON),
    (r"expected ',' or '\]'", "start", "a list starts here, but a comma or the closing ] is missing"),
    (r"expected ',' or '\}'", "start", "a mapping starts here, but a comma or the closing } is missing"),
    (r"unexpected end of stream", "start", "a quote is opened here and never closed"),
    (r"unknown escape character (?P<what>.+)", "here", "\\ followed by {} is not an escape in double quotes; "
     "write \\\\ for a backslash, or use single quotes"),
    (r"expected escape sequence", "here", "an escape in double quotes is incomplete"),
    (r"expected the node content", "here", _QUOTE_IT.replace("{}", "a comma or a closing bracket")),
    (r"found '(?P<what>[\]\}])'", "here", "this {} has no opening bracket"),
    (r"found '<scalar>'", "here", "there is text after a quoted value; put the whole value in the quotes"),
    (r"sequence entries are not allowed", "here", "the first - of a list must start a new line"),
    (r"expected <block end>", "here", _UNEVEN),
    (r"incompatible YAML document", "here", "%YAML asks for a version other than 1.2; remove the line"),
)  # fmt: skip


def syntax_error(error: yaml.MarkedYAMLError, lines: Sequence[str]) -> Problem:
    """The problem behind a PyYAML error; `lines` are the lines of the text.

    A PyYAML message that is not listed above is passed on unchanged, with its line.
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
    """A key is where none is allowed: the cause may be a missing colon on the line above."""
    if ": " in before:
        return Problem(_SECOND_COLON, line=line + 1)
    above = next((number for number in range(line - 1, -1, -1) if _code(lines[number])), None)
    if above is not None and _KEY_WITHOUT_COLON.fullmatch(_code(lines[above])):
        return Problem(_MISSING_COLON, line=above + 1)
    return Problem(_UNEVEN if "expected" in problem else _INDENTED, line=line + 1)


def _code(line: str) -> str:
    """A line without its comment."""
    return line.partition("#")[0].strip()
