"""Reads YAML as people expect it to be read, and remembers where everything stood.

PyYAML reads YAML 1.1, in which `1e-3` is text, `no` is false, `012` is ten and `1:30` is ninety. Here
its parser's events become values by the core rules of YAML 1.2. What makes a config hard to read or
dangerous to load (anchors, aliases, merge keys, tags, several documents, the same key twice) is refused.
"""

from __future__ import annotations

import codecs
import math
import re
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml import events

from fnnctl.config.paths import ConfigPath
from fnnctl.config.reading.yaml_errors import Finding, FindingError, syntax_error

MAX_BYTES = 1_000_000
MAX_DEPTH = 50
MAX_DIGITS = 1000

_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
}
_DECIMAL = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")

# Control characters, and line ends and marks that YAML 1.2 does not know; no editor writes them on purpose.
_CONTROL = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
_FORBIDDEN_IN_TEXT = re.compile(f"[{_CONTROL}\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
_FORBIDDEN_IN_VALUE = re.compile(f"[{_CONTROL}\ud800-\udfff]")
_LINE_END = re.compile("\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Document:
    """What a YAML text says: the value, the line of everything in it, and what was refused and left out."""

    value: Any
    lines: dict[ConfigPath, int]
    findings: list[Finding]


def decode(data: bytes) -> str:
    """Turn a file's bytes into text, or raise `FindingError` where they are too many or no UTF-8."""
    if len(data) > MAX_BYTES:
        raise FindingError(f"is larger than {MAX_BYTES} bytes, which no config needs to be")
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise FindingError("is UTF-16; save it as UTF-8", line=1)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"byte 0x{data[error.start]:02x} is not UTF-8; save the file as UTF-8"
        raise FindingError(message, line=line) from None


def read_yaml(text: str) -> Document:
    """Read one YAML document; raise `FindingError` where its form is broken."""
    forbidden = _FORBIDDEN_IN_TEXT.search(text)
    if forbidden:
        line = text.count("\n", 0, forbidden.start()) + 1
        raise FindingError(_control_character(forbidden), line=line)
    return _Reader(text).document()


def plain_scalar(text: str) -> Any:
    """Give an unquoted text the value that YAML 1.2's core schema gives it."""
    if text in _WORDS:
        return _WORDS[text]
    if _DECIMAL.fullmatch(text) and len(text) <= MAX_DIGITS:
        return int(text)
    if _OCTAL.fullmatch(text):
        return int(text[2:], 8)
    if _HEXADECIMAL.fullmatch(text):
        return int(text[2:], 16)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text


def _control_character(found: re.Match[str]) -> str:
    return f"holds the control character U+{ord(found[0]):04X}; remove it"


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _refuse_depth(event: Any, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise FindingError(f"is nested more than {MAX_DEPTH} deep", line=_line(event))


@dataclass(slots=True)
class _Reader:
    """Turns the parser's events into values, one recursive step for each level of nesting."""

    text: str
    lines: dict[ConfigPath, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    loader: yaml.SafeLoader = field(init=False)

    def __post_init__(self) -> None:
        self.loader = yaml.SafeLoader(self.text)

    def document(self) -> Document:
        value = None
        self.lines[()] = 1
        while not isinstance(event := self._next(), events.StreamEndEvent):
            if isinstance(event, events.DocumentStartEvent):
                value = self._value(self._next(), ())
                self._next()
                self._refuse_second_document()
                break
        return Document(value, self.lines, self.findings)

    def _refuse_second_document(self) -> None:
        event = self._next()
        if isinstance(event, events.DocumentStartEvent):
            self._refuse(event, (), "a second document begins here (---); a config is one document")

    def _next(self) -> Any:
        try:
            return self.loader.get_event()  # type: ignore[no-untyped-call]
        except yaml.MarkedYAMLError as error:
            raise syntax_error(error, _LINE_END.split(self.text)) from None
        except ValueError:
            # PyYAML gives the number of an escape such as "\U00110000" to chr() unchecked.
            message = "an escape in double quotes names a character that does not exist"
            raise FindingError(message, line=self.loader.line + 1) from None

    def _refuse(self, event: Any, path: ConfigPath, message: str) -> None:
        self.findings.append(Finding(message, line=_line(event), path=path))

    def _refuse_marks(self, event: Any, path: ConfigPath) -> None:
        if event.anchor is not None:
            self._refuse(event, path, f"has the anchor &{event.anchor}; anchors are not used here")
        if event.tag is not None:
            self._refuse(event, path, f"has the tag {event.tag!r}; tags are not used here")

    def _value(self, event: Any, path: ConfigPath) -> Any:
        self.lines.setdefault(path, _line(event))
        _refuse_depth(event, len(path))
        if isinstance(event, events.AliasEvent):
            self._refuse(event, path, f"is the alias *{event.anchor}; write the value out")
            return None
        self._refuse_marks(event, path)
        if isinstance(event, events.SequenceStartEvent):
            return self._list(path)
        if isinstance(event, events.MappingStartEvent):
            return self._mapping(path)
        return self._scalar(event, path)

    def _scalar(self, event: Any, path: ConfigPath) -> Any:
        forbidden = _FORBIDDEN_IN_VALUE.search(event.value)
        if forbidden:
            self._refuse(event, path, _control_character(forbidden))
        return event.value if event.style else plain_scalar(event.value)

    def _list(self, path: ConfigPath) -> list[Any]:
        values: list[Any] = []
        while not isinstance(event := self._next(), events.SequenceEndEvent):
            values.append(self._value(event, (*path, len(values))))
        return values

    def _mapping(self, path: ConfigPath) -> dict[str, Any]:
        values: dict[str, Any] = {}
        while not isinstance(event := self._next(), events.MappingEndEvent):
            key = self._key(event, path, values)
            if key is None:
                self._skip(self._next())
            else:
                self.lines[*path, key] = _line(event)
                values[key] = self._value(self._next(), (*path, key))
        return values

    def _key(self, event: Any, path: ConfigPath, earlier: dict[str, Any]) -> str | None:
        """Return a mapping's key, or None where it is refused and its value is to be left out."""
        if not isinstance(event, events.ScalarEvent):
            self._refuse(event, path, "a key must be a word, not a list, a mapping or an alias")
            self._skip(event)
            return None
        self._refuse_marks(event, path)
        key = event.value if event.style else plain_scalar(event.value)
        if not isinstance(key, str):
            advice = "" if key is None else f" (if it is a name, put it in quotes: {event.value!r})"
            self._refuse(event, path, f"a key must be a word, not {event.value or 'null'}{advice}")
        elif not key.isprintable():
            self._refuse(event, path, f"a key must be a word, not {key!r}")
        elif key == "<<" and not event.style:
            self._refuse(event, path, "merge keys (<<) are not used here; write the settings out")
        elif key in earlier:
            first = self.lines[*path, key]
            self._refuse(event, (*path, key), f"is given twice, first on line {first}; remove one of the two")
        else:
            return key
        return None

    def _skip(self, event: Any) -> None:
        """Read on to the end of a value that is left out."""
        depth = 0
        while True:
            depth += isinstance(event, events.CollectionStartEvent)
            depth -= isinstance(event, events.CollectionEndEvent)
            if depth == 0:
                return
            _refuse_depth(event, depth)
            event = self._next()
