"""Reads a config's YAML text into plain values, records the line of each, and explains syntax errors.

YAML features that make a config hard to read or dangerous to load (anchors, aliases, merge keys, tags,
several documents, duplicate keys) are refused. PyYAML's syntax errors become messages that say what to write
instead.

libyaml reads plain text several times as fast. Whatever it refuses, and text with characters that it may read
in another way, is read by PyYAML itself, whose messages are known.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import yaml
from yaml.composer import Composer

from fnnctl.config.paths import ConfigPath, problem_at
from fnnctl.config.reading.variables import MARK, VariableError, Variables, literal_key
from fnnctl.config.yaml_text import CONTROL, FORBIDDEN_IN_VALUE, CoreLoader, plain_scalar
from fnnctl.errors import ConfigError, Problem

_TAB = "there is a tab here; YAML needs spaces"
_MISSING_COLON = "the key on this line lacks its colon, or the space after the colon"
_SECOND_COLON = (
    "there is a second colon on this line; put text that contains a colon in quotes, "
    "and each setting of a section on its own line"
)
_INDENTED = "this line is indented more than the one above, which already has a value"
_AFTER_START = "no setting can stand on the line of ---; start it on the next line"
_UNEVEN = "this line does not start in the same column as the other lines of its section or list"
_QUOTE_IT = "{} cannot start a value; put the text in quotes"

_UNEXPECTED_KEY = r"mapping values are not allowed|found '<block mapping start>'"
_KEY_WITHOUT_COLON = re.compile(r"[A-Za-z_][\w.]*(:\S+|\s[^:]*)?")

# PyYAML's message, the line of the cause, and our message; the first match counts. The line is that where
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
    (r"expected the node content, but found '<stream end>'", "here",
     "the text ends within a list or a mapping, whose closing ] or } is missing"),
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
    for pattern, place, sentence in _SENTENCES:
        match = re.search(pattern, problem)
        if match:
            message = sentence.replace("{}", match.groupdict().get("what", ""))
            return Problem(message, line=_line_of_mark((place == "start" and error.context_mark) or mark))
    return Problem(f"this is not YAML: {problem or error.context}", line=_line_of_mark(mark))


def _line_of_mark(mark: Any) -> int | None:
    return None if mark is None else mark.line + 1


def _unexpected_key(problem: str, line: int, before: str, lines: Sequence[str]) -> Problem:
    """A key is where none is allowed: the cause may be a missing colon on the line above."""
    if before.startswith("--- "):
        return Problem(_AFTER_START, line=line + 1)
    if ": " in before:
        return Problem(_SECOND_COLON, line=line + 1)
    above = next((number for number in range(line - 1, -1, -1) if _code(lines[number])), None)
    if above is not None and _KEY_WITHOUT_COLON.fullmatch(_code(lines[above])):
        return Problem(_MISSING_COLON, line=above + 1)
    return Problem(_UNEVEN if "expected" in problem else _INDENTED, line=line + 1)


def _code(line: str) -> str:
    """A line without its comment."""
    return line.partition("#")[0].strip()


MAX_BYTES: Final = 1_000_000
MAX_DEPTH: Final = 50

# Beside control characters, line ends and marks that YAML 1.2 does not define; nobody types them on purpose.
_FORBIDDEN_IN_TEXT = re.compile(f"[{CONTROL}\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
_SURROGATE_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_LINE_END = re.compile("\r\n|\r|\n")
_PECULIAR = re.compile(r"[\t\\&*!?|>%@`]")
"""A character of a text that libyaml may read in another way than PyYAML, which also explains it better."""
_COMPLETE_CONFIG = re.compile(
    r"""\A\#\ [^\t\r\n]*\n | ^(\ *)missing_values:\n (?:\1-\ [\w/"']*\n)* \1-\ '\?'$""",
    re.MULTILINE | re.VERBOSE,
)
"""Lines of a `resolved.yaml` in which such characters mean nothing: the first, and missing values."""


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML document as plain values, with the line of each value and the problems of the refused ones."""

    value: Any
    lines: dict[ConfigPath, int]
    problems: list[Problem]
    variables: dict[ConfigPath, tuple[str, ...]] = field(default_factory=dict)
    """The names of the environment variables in the values that have any."""


def decode(data: bytes) -> str:
    """Turn a file's bytes into text; raise `ConfigError` if they are too many or not UTF-8."""
    if len(data) > MAX_BYTES:
        raise ConfigError(Problem(f"is larger than {MAX_BYTES:,} bytes, the limit for a config"))
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ConfigError(Problem("is UTF-16; save it as UTF-8", line=1))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"byte 0x{data[error.start]:02x} is not UTF-8; save the file as UTF-8"
        raise ConfigError(Problem(message, line=line)) from None


def read_yaml(text: str, path: ConfigPath = (), variables: Variables | None = None) -> Document:
    """Read one YAML document as the value at a path; raise `ConfigError` if the syntax is invalid.

    Without `variables`, and in a complete config, `${` is text.
    """
    forbidden = _FORBIDDEN_IN_TEXT.search(text)
    if forbidden:
        line = text.count("\n", 0, forbidden.start()) + 1
        raise ConfigError(Problem(_control_character(forbidden), line=line))
    loader, root = _quickly_composed(text) or _composed(text, has_variables=variables is not None)
    reader = _Reader(loader, {path: 1}, None if _is_complete(root) else variables)
    value = None if root is None else reader.value(root, path)
    return Document(value, reader.lines, [*reader.problems, *loader.problems], reader.variables_at)


def _quickly_composed(text: str) -> tuple[_Composer, yaml.Node | None] | None:
    """The root of the document by libyaml; None for what PyYAML has to look at."""
    if _QuickLoader is None or _PECULIAR.search(_COMPLETE_CONFIG.sub("", text)):
        return None
    loader = _QuickLoader(text)
    try:
        return loader, loader.document()
    except (yaml.YAMLError, ConfigError, ValueError):
        return None


def _composed(text: str, *, has_variables: bool) -> tuple[_Composer, yaml.Node | None]:
    """The root of the document; raises `ConfigError`."""
    loader = _Loader(text)
    try:
        return loader, loader.document()
    except yaml.MarkedYAMLError as error:
        lines = _LINE_END.split(text)
        in_brackets = _variable_in_brackets(error, lines) if has_variables else None
        raise ConfigError(in_brackets or syntax_error(error, lines)) from None
    except ValueError:
        # PyYAML passes the number of an escape such as "\U00110000" to chr() unchecked.
        message = "an escape in double quotes names a character that does not exist"
        raise ConfigError(Problem(message, line=loader.line + 1)) from None


def _variable_in_brackets(error: yaml.MarkedYAMLError, lines: Sequence[str]) -> Problem | None:
    """The problem, if reading stopped at the brace of a variable."""
    mark = error.problem_mark
    if mark is None or lines[mark.line][max(mark.column - 1, 0) : mark.column + 1] != MARK:
        return None
    advice = "write one entry per line, or put it in quotes if it is text"
    text = "a variable without quotes cannot stand in brackets or braces"
    return Problem(text, line=mark.line + 1, advice=advice)


def _is_complete(root: yaml.Node | None) -> bool:
    """Whether a document has `complete: true`: in a `resolved.yaml`, variables have their values."""
    settings = root.value if isinstance(root, yaml.MappingNode) else []
    return any(key.value == "complete" and plain_scalar(str(value.value)) is True for key, value in settings)


def _control_character(match: re.Match[str], origin: str = "") -> str:
    return f"contains the control character U+{ord(match[0]):04X}{origin}; remove it"


def _one_character(pair: re.Match[str]) -> str:
    r"""The character that JSON writes as two escapes: `\ud83d\ude00` is an emoji."""
    return pair[0].encode("utf-16", "surrogatepass").decode("utf-16")


def _line(marked: Any) -> int:
    """The line of a node or an event."""
    return int(marked.start_mark.line) + 1


class _AliasNode(yaml.Node):
    """An alias that is not resolved, so that a small text cannot expand into a huge value."""


class _Composer(Composer):
    """Composes nodes to a limited depth, without resolving aliases or tags."""

    def __init__(self) -> None:
        Composer.__init__(self)
        self.depth = 0
        self.refused: dict[yaml.Node, list[str]] = {}
        """What is wrong with a node's anchor, tag or alias."""
        self.problems: list[Problem] = []

    def document(self) -> yaml.Node | None:
        """The root of the only document; None if there is none."""
        parser: Any = self
        parser.get_event()
        root = None if parser.check_event(yaml.StreamEndEvent) else self.compose_document()
        if not parser.check_event(yaml.StreamEndEvent):
            message = "a second document starts here (---); a config must be a single document"
            self.problems.append(Problem(message, line=_line(parser.peek_event())))
        return root

    def compose_node(self, parent: Any, index: Any) -> yaml.Node | None:
        parser: Any = self
        event = parser.peek_event()
        if self.depth > MAX_DEPTH:
            raise ConfigError(Problem(f"is nested more than {MAX_DEPTH} levels deep", line=_line(event)))
        if parser.check_event(yaml.AliasEvent):
            parser.get_event()
            alias = _AliasNode("", event.anchor, event.start_mark, event.end_mark)
            self.refused[alias] = [f"is the alias *{event.anchor}; write the value out"]
            return alias
        refused = []
        if event.anchor is not None:
            refused.append(f"has the anchor &{event.anchor}; anchors are not supported")
        if event.tag is not None:
            refused.append(f"has the tag {event.tag!r}; tags are not supported")
            event.implicit = (not getattr(event, "style", None), True)  # read it as if it had no tag
        event.anchor = event.tag = None
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        if isinstance(node, yaml.ScalarNode):
            node.value = _SURROGATE_PAIR.sub(_one_character, node.value)
        if node is not None:
            self.refused[node] = refused
        return node


class _Loader(_Composer, CoreLoader):
    """Reads all texts."""

    def __init__(self, text: str) -> None:
        CoreLoader.__init__(self, text)
        _Composer.__init__(self)


def _quick_loader() -> type[Any] | None:
    """A loader of the same values by libyaml; None if PyYAML was built without it."""
    if not yaml.__with_libyaml__:
        return None

    class QuickLoader(_Composer, yaml.CSafeLoader):
        yaml_implicit_resolvers = CoreLoader.yaml_implicit_resolvers
        yaml_constructors = CoreLoader.yaml_constructors

        def __init__(self, text: str) -> None:
            yaml.CSafeLoader.__init__(self, text)
            _Composer.__init__(self)

    return QuickLoader


_QuickLoader: Final = _quick_loader()


class _Reader:
    """Turns nodes into values, and collects lines and problems."""

    def __init__(self, loader: Any, lines: dict[ConfigPath, int], variables: Variables | None) -> None:
        self.loader = loader
        self.lines = lines
        self.variables = variables
        self.variables_at: dict[ConfigPath, tuple[str, ...]] = {}
        self.problems: list[Problem] = []

    def value(self, node: yaml.Node, path: ConfigPath) -> Any:
        """The value of a node; None for an alias."""
        self.lines.setdefault(path, _line(node))
        self._refuse(node, path, *self.loader.refused[node])
        match node:
            case yaml.SequenceNode():
                return [self.value(entry, (*path, index)) for index, entry in enumerate(node.value)]
            case yaml.MappingNode():
                return self._mapping(node, path)
            case yaml.ScalarNode():
                return self._scalar(node, path)
        return None

    def _scalar(self, node: yaml.ScalarNode, path: ConfigPath) -> Any:
        origin = ""
        if self.variables is None or MARK not in node.value:
            value = self.loader.construct_object(node)
        else:
            try:
                expanded = self.variables.expanded(node.value, is_plain=not node.style)
            except VariableError as error:
                self._refuse(node, path, str(error))
                return None
            value, self.variables_at[path] = expanded.value, expanded.variables
            origin = "".join(f" (from ${{{name}}})" for name in expanded.variables)
        forbidden = FORBIDDEN_IN_VALUE.search(value if isinstance(value, str) else node.value)
        if forbidden:
            self._refuse(node, path, _control_character(forbidden, origin))
        return value

    def _refuse(self, node: yaml.Node, path: ConfigPath, *messages: str) -> None:
        self.problems += [problem_at(path, message, _line(node)) for message in messages]

    def _mapping(self, mapping: yaml.MappingNode, path: ConfigPath) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for node, inner in mapping.value:
            key = self._key(node, path)
            if key in values:
                first = self.lines[*path, key]
                message = f"is given twice, first on line {first}; remove one of the two"
                self._refuse(node, (*path, key), message)
            elif key is not None:
                self.lines[*path, key] = _line(node)
                values[key] = self.value(inner, (*path, key))
        return values

    def _key(self, node: yaml.Node, path: ConfigPath) -> str | None:
        """The key of a mapping; None if it is refused, and its value with it."""
        if not isinstance(node, yaml.ScalarNode):
            self._refuse(node, path, "a key must be a word, not a list, a mapping or an alias")
            return None
        self._refuse(node, path, *self.loader.refused[node])
        key = self.loader.construct_object(node)
        if not isinstance(key, str):
            suggestion = "" if key is None else f" (if it is a name, put it in quotes: {node.value!r})"
            self._refuse(node, path, f"a key must be a word, not {node.value or 'null'}{suggestion}")
        elif not key.isprintable():
            self._refuse(node, path, f"a key must be a word, not {key!r}")
        elif key == "<<" and not node.style:
            self._refuse(node, path, "merge keys (<<) are not supported; write the settings out")
        else:
            return self._without_variable(node, key, path)
        return None

    def _without_variable(self, node: yaml.Node, key: str, path: ConfigPath) -> str | None:
        """The key; None if a variable is in it."""
        if self.variables is None or MARK not in key:
            return key
        try:
            return literal_key(key)
        except VariableError as error:
            self._refuse(node, path, str(error))
            return None
