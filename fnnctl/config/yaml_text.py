"""Values as YAML text: read by YAML 1.2's core schema, and written so that YAML 1.1 reads the same values.

PyYAML reads YAML 1.1, where `1e-3` is text, `no` is false, `012` is ten and `1:30` is ninety.
"""

from __future__ import annotations

import re
import sys
from functools import lru_cache
from io import StringIO
from typing import Any, Final

import yaml

from fnnctl.text import printable

MAX_DIGITS: Final = 1000
"""The most digits of an integer; Python refuses to print one of more than 4,300."""
_TAG = "tag:yaml.org,2002:"
_CORE_SCHEMA = {
    "null": r"~|null|Null|NULL|",
    "bool": r"true|True|TRUE|false|False|FALSE",
    "int": rf"[-+]?[0-9]{{1,{MAX_DIGITS}}}|0o[0-7]{{1,{MAX_DIGITS}}}|0x[0-9a-fA-F]{{1,{MAX_DIGITS}}}",
    "float": r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"
    r"|[-+]?(\.inf|\.Inf|\.INF)|\.nan|\.NaN|\.NAN",
}
"""The plain scalars that are not text.

A decimal integer with more digits is read as a float, and so becomes infinite; an octal or hexadecimal one is
read as text.
"""


CONTROL: Final = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
"""The control characters but those of white space, for a set in a regular expression."""
FORBIDDEN_IN_VALUE: Final = re.compile(f"[{CONTROL}\ud800-\udfff]")
"""What no value of a config contains."""


def is_allowed_value(text: str) -> bool:
    """Whether a config can contain this text as a value."""
    return FORBIDDEN_IN_VALUE.search(text) is None


class CoreLoader(yaml.SafeLoader):
    """A loader that reads plain scalars by the core schema of YAML 1.2."""

    yaml_implicit_resolvers = {}  # noqa: RUF012 (PyYAML's own form)


def _integer(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> int:
    return int(node.value, {"0o": 8, "0x": 16}.get(node.value[:2], 10))


for _kind, _pattern in _CORE_SCHEMA.items():
    CoreLoader.add_implicit_resolver(_TAG + _kind, re.compile(rf"({_pattern})\Z"), None)
CoreLoader.add_constructor(f"{_TAG}int", _integer)
_RESOLVER: Any = CoreLoader("")


def plain_scalar(text: str) -> Any:
    """The value of an unquoted scalar."""
    node = yaml.ScalarNode(_RESOLVER.resolve(yaml.ScalarNode, text, (True, False)), text)
    return _RESOLVER.construct_document(node)


def block_yaml(value: Any) -> str:
    """Write a value on several lines. Floats are written so that they are read back exactly."""
    return _dumped(value, flow=False)


def flow_yaml(value: Any) -> str:
    """Write a value on one line, as `--set` accepts it: `{name: sgd, learning_rate: 0.1}`."""
    return _flow_word(value) if type(value) in _WORDS else _flow(value)


_WORDS: Final = (str, int, bool, type(None))
"""The types of the values that are equal only if their texts are; 0.0 equals -0.0."""


@lru_cache(maxsize=4_096, typed=True)
def _flow_word(value: str | int | bool | None) -> str:
    """Comparisons of runs and notes on trials write the same words thousands of times."""
    return _flow(value)


def _flow(value: Any) -> str:
    return _dumped(value, flow=True).removesuffix("\n").removesuffix("\n...")


class _Dumper(yaml.SafeDumper):
    """Writes text that YAML 1.1 and YAML 1.2 read alike."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def analyze_scalar(self, scalar: str) -> Any:
        return _analysis(scalar)


@lru_cache(maxsize=4_096)
def _analysis(scalar: str) -> Any:
    """PyYAML's analysis of a text, which depends on nothing else; most names and values are written often."""
    emitter: Any = yaml.SafeDumper(StringIO(), allow_unicode=True)
    return emitter.analyze_scalar(scalar)


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar(f"{_TAG}str", text, style=_style(text))


@lru_cache(maxsize=4_096)
def _style(text: str) -> str | None:
    """Quotes for text that YAML 1.2 would read as another type; PyYAML knows those of YAML 1.1 only.

    Text with non-printable characters is quoted, so that they can be escaped.
    """
    return None if text.isprintable() and isinstance(plain_scalar(text), str) else '"'


_Dumper.add_representer(str, _text)


def _dumped(value: Any, *, flow: bool) -> str:
    """Dump with PyYAML, then escape bidirectional control characters, which PyYAML writes unescaped."""
    text: str = yaml.dump(
        value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=flow, width=sys.maxsize
    )
    return "\n".join(map(printable, text.split("\n")))
