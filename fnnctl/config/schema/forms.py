"""The forms that the value of a setting may take, read from the annotations of the sections' fields.

Messages, completion and the page of settings describe values by them. The JSON Schema says the same to
editors; a test compares the two.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, TypeAlias, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from fnnctl.config.schema.plugin_choice import PluginChoice
from fnnctl.config.schema.section import AsWritten, OneOf, Section, Shorthand
from fnnctl.plugins import Plugin, PluginKind, current

Kind: TypeAlias = Literal[
    "section", "mapping", "list", "words", "integer", "number", "text", "boolean", "null", "any"
]

_KINDS: Final[dict[Any, Kind]] = {
    int: "integer",
    float: "number",
    str: "text",
    bool: "boolean",
    NoneType: "null",
    Any: "any",
}
_LIMITS: Final = ("ge", "gt", "le", "lt", "pattern", "min_length", "max_length")
"""The attributes of pydantic's constraints that a form has, too."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """One form of a value: `auto`, a whole number of at least 1, a mapping with certain keys."""

    kind: Kind
    """`words` is a choice between words. A `mapping` has keys that the user chooses; those of a `section` are
    fixed."""
    words: tuple[str, ...] = ()
    further: str = ""
    """What messages call texts that are no words of the choice and may be chosen, too."""
    section: type[Section] | None = None
    entries: tuple[Form, ...] = ()
    """The forms of a list's entries, or of a mapping's values."""
    ge: float | None = None
    """The lowest number; `gt` is a bound that is excluded."""
    gt: float | None = None
    le: float | None = None
    """The highest number; `lt` is a bound that is excluded."""
    lt: float | None = None
    min_length: int | None = None
    """The length of a list or a text."""
    max_length: int | None = None
    pattern: str | None = None
    """The regular expression that a text must match."""
    is_short: bool = False
    """Whether the form is the only short one of a section in the same setting."""
    plugins: PluginKind | None = None
    """The kind of plug-ins that may add further sections to those of its union."""

    @property
    def keys(self) -> Sequence[str]:
        """The keys of a section; none for other forms."""
        return list(self.section.model_fields) if self.section else []

    @property
    def has_free_keys(self) -> bool:
        """Whether it is a mapping whose keys the user chooses and whose values have certain forms."""
        return self.kind == "mapping" and self.entries[0].kind != "any"

    def includes(self, value: object) -> bool:
        """Whether a value is a number of this form: whole numbers are of both kinds."""
        if self.kind not in ("integer", "number") or not isinstance(value, int | float):
            return False
        low, high = -math.inf if self.ge is None else self.ge, math.inf if self.le is None else self.le
        above, below = -math.inf if self.gt is None else self.gt, math.inf if self.lt is None else self.lt
        is_of_kind = self.kind == "number" or isinstance(value, int)
        return is_of_kind and low <= value <= high and above < value < below


def field_forms(section: type[Section], key: str) -> tuple[Form, ...]:
    """The forms of a section's field; unions are split into their choices, with those of plug-ins in use."""
    return _field_forms(section, key, current().used)


@cache
def _field_forms(section: type[Section], key: str, _: tuple[Plugin, ...]) -> tuple[Form, ...]:
    info = section.model_fields[key]
    return tuple(_forms(info.annotation, [info, *info.metadata]))


def sections_of(forms: Sequence[Form]) -> list[type[Section]]:
    """The sections among forms: one, or one per choice of a union."""
    return [form.section for form in forms if form.section]


def names_of(section: type[Section]) -> tuple[str, ...]:
    """The values of `name` that choose this section of a union; empty if there is no choice."""
    forms = field_forms(section, "name") if "name" in section.model_fields else ()
    return tuple(name for form in forms for name in form.words)


def choice_names(forms: Sequence[Form]) -> tuple[str, ...]:
    """The names of all choices among forms; empty if the forms are no union with names."""
    return tuple(name for section in sections_of(forms) for name in names_of(section))


def required_keys(section: type[Section]) -> list[str]:
    """The keys that a section cannot do without."""
    return [key for key, info in section.model_fields.items() if info.is_required()]


def distinguishing_keys(section: type[Section]) -> list[str]:
    """The keys by which a mapping chooses this section of a union; empty if it has a name instead."""
    return [] if names_of(section) else required_keys(section)


def _forms(annotation: Any, metadata: Sequence[Any] = ()) -> Iterator[Form]:
    forms = list(_plain_forms(annotation))
    for part in metadata:
        match part:
            case FieldInfo() if limits := _limits(part.metadata):
                forms = [replace(form, **limits) for form in forms]
            case Shorthand():
                forms = [*_short_forms(part, forms), *forms]
            case PluginChoice():
                forms += [Form(kind="section", section=section) for section in part.in_use()]
                forms = [replace(form, plugins=part.kind) for form in forms]
            case OneOf():
                forms = [Form(kind="words", words=tuple(part.words()), further=part.others_in_words)]
            case AsWritten():
                forms = [*_forms(part.kind)]
    yield from forms


def _limits(constraints: Sequence[Any]) -> dict[str, Any]:
    return {name: getattr(part, name) for part in constraints for name in _LIMITS if hasattr(part, name)}


def _plain_forms(annotation: Any) -> Iterator[Form]:
    """The forms of a type without its metadata."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield from _forms(arguments[0], arguments[1:])
    elif origin in (Union, UnionType):
        for choice in arguments:
            yield from _forms(choice)
    elif origin is Literal:
        yield Form(kind="words", words=arguments)
    elif origin is dict:
        yield Form(kind="mapping", entries=tuple(_forms(arguments[1])))
    elif origin in (list, tuple):
        length = None if origin is list or arguments[1:] == (...,) else len(arguments)
        yield Form(kind="list", entries=tuple(_forms(arguments[0])), min_length=length, max_length=length)
    elif annotation in _KINDS:
        yield Form(kind=_KINDS[annotation])
    else:
        yield Form(kind="section", section=annotation)


def _short_forms(shorthand: Shorthand, forms: Sequence[Form]) -> list[Form]:
    """What may stand for one of these sections."""
    sections = sections_of(forms)
    words = choice_names(forms) if sections[1:] else shorthand.words
    if words:
        return [Form(kind="words", words=words, is_short=True)]
    short = field_forms(sections[0], shorthand.key)
    return [replace(form, is_short=len(short) == 1) for form in short]
