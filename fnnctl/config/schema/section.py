"""The base class of all sections: types are strict, unknown keys are errors, and instances are immutable.

A choice with hyperparameters (an activation, an optimizer) is a mapping with a `name`. The name alone is
enough if the defaults will do: `activation: relu` is short for `activation: {name: relu}`. Likewise, a number
of units is short for a hidden layer, and a number of members for an ensemble.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

SHORT_FORMS: Final[Mapping[type, tuple[str, ...]]] = {str: ("name", "text", "run"), int: ("units", "members")}
"""The settings that a bare text or a bare whole number may stand for; a section has at most one of them."""
MAX_SEED: Final = 2**64 - 1


class Section(BaseModel):
    """A mapping of the YAML file. Unknown keys are errors; nothing is converted silently.

    Only the experiment's validator is used, so those of its sections are not built: a default is made by
    `model_construct`, which needs none. A test validates all defaults.

    `synonyms` are the names that other tools use for the choice that a section is, in lower case.
    """

    synonyms: ClassVar[tuple[str, ...]] = ()
    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        allow_inf_nan=False,
        protected_namespaces=(),
        defer_build=True,
    )


def written_out(value: Any, known: Collection[str] = ("name", "units")) -> Any:
    """Expand a short form of a section with the `known` settings; return anything else unchanged.

    By default it is that of a choice or of a hidden layer.
    """
    key = next((key for key in SHORT_FORMS.get(type(value), ()) if key in known), None)
    return value if key is None else {key: value}


def plain(value: Any, *, nulls: bool = False) -> Any:
    """Turn sections into dicts, without `nulls` that are the default, and tuples into lists.

    Sections in lists, such as layers, never have them: there null says that the setting is given outside.
    """
    if isinstance(value, Section):
        fields = type(value).model_fields
        return {
            key: plain(inner, nulls=nulls)
            for key, inner in value
            if nulls or not (inner is None and fields[key].default is None)
        }
    if isinstance(value, tuple):
        return [plain(inner) for inner in value]
    if isinstance(value, dict):
        return {key: plain(inner, nulls=nulls) for key, inner in value.items()}
    return value


@dataclass(frozen=True)
class Shorthand:
    """Lets a bare value stand for `{key: value}`, and fills in `default` if a mapping lacks the key.

    A union of sections with names has the names as short forms; another section has those of its key.
    """

    key: str
    default: str | None = None
    words: tuple[str, ...] = ()
    """The bare values, if they are not those of the key."""

    def expand(self, value: Any) -> Any:
        """Expand the short form; return anything else unchanged, for the schema to check."""
        if self.key in SHORT_FORMS.get(type(value), ()):
            return {self.key: value}
        if isinstance(value, Mapping) and self.default is not None and self.key not in value:
            return {self.key: self.default, **value}
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self.expand, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        mapping = handler(schema)
        if "discriminator" in mapping:
            short = {"enum": list(mapping["discriminator"]["mapping"])}
        else:
            short = handler.resolve_ref_schema(mapping)["properties"][self.key]
        description = f"Short for {{{self.key}: …}}, with everything else at its default."
        return {"anyOf": [{**short, "description": description}, mapping]}


def as_tuple(value: Any) -> Any:
    """A list as a tuple, which is not taken for one within a union by pydantic 2.9; others unchanged."""
    return tuple(value) if isinstance(value, list) else value


@dataclass(frozen=True)
class OneAlone:
    """Has a list of one text stand for the text."""

    def unwrap(self, value: Any) -> Any:
        """The only entry of a list, or the list as a tuple; anything else for the schema to check."""
        entries = as_tuple(value)
        return entries[0] if isinstance(entries, tuple) and len(entries) == 1 else entries

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self.unwrap, handler(source))


@dataclass(frozen=True)
class OneOf:
    """Lets a text be one of these words, which a function gives because metrics may be registered later."""

    words: Callable[[], Sequence[str]]
    others: str = ""
    """A pattern of further texts, such as those with a name from the data."""
    others_in_words: str = ""
    """What messages call the further texts."""

    def check(self, text: str) -> str:
        """The text; raises ValueError if it is none of the words, and no other text."""
        if text not in self.words() and not (self.others and re.fullmatch(self.others, text)):
            raise ValueError(f"must be one of {', '.join(self.words())}")
        return text

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        words: JsonSchemaValue = {"enum": list(self.words()), "type": "string"}
        if not self.others:
            return words
        return {"anyOf": [words, {"type": "string", "pattern": f"^{self.others}$"}]}


def _number_as_text(value: Any) -> Any:
    return str(value) if type(value) in (int, float) else value


ClassName = Annotated[str, BeforeValidator(_number_as_text)]
"""A text; a number stands for its text. The JSON Schema asks for text: only a shell takes quotes away."""


@dataclass(frozen=True)
class AsWritten:
    """Has a value validated as this kind but leaves it as written: `relu` stays a short form."""

    kind: Any

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        schema = handler.generate_schema(self.kind)
        return core_schema.no_info_wrap_validator_function(_after_validation, schema)


def _after_validation(value: Any, validate: Callable[[Any], Any]) -> Any:
    validate(value)
    return value
