"""Lets settings name plug-ins: as further choices of a union of sections, and as texts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, TypeAdapter
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from fnnctl.config.schema.section import Section
from fnnctl.plugins import PluginKind


@dataclass(frozen=True)
class PluginChoice:
    """Beside the sections of a union: those of plug-ins, which are looked up by the name in a config."""

    kind: PluginKind
    find: Callable[[str], type[Section] | None]
    """The section of a plug-in of this name, which is looked up; None if there is none."""
    in_use: Callable[[], Sequence[type[Section]]]
    """The sections of the plug-ins in use; nothing is looked up."""

    def choose(self, value: Any, validate: Callable[[Any], Any]) -> Any:
        """The section of a plug-in or of the union; an error in a plug-in's is reported as one of its own."""
        name = value.get("name") if isinstance(value, Mapping) else None
        section = self.find(name) if isinstance(name, str) else None
        return validate(value) if section is None else section.model_validate(value)

    def dump(self, value: Any, dump: Callable[[Any], Any]) -> Any:
        """The plain values of a section."""
        is_of_plugin = isinstance(value, Section) and type(value) in self.in_use()
        return value.model_dump() if is_of_plugin else dump(value)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_wrap_validator_function(
            self.choose,
            handler(source),
            serialization=core_schema.wrap_serializer_function_ser_schema(self.dump),
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        union = handler(schema)
        for section in self.in_use():
            written = TypeAdapter(section).json_schema()
            union["oneOf"].append(written)
            union["discriminator"]["mapping"][written["properties"]["name"]["const"]] = written
        return union


@dataclass(frozen=True)
class PluginName:
    """Looks up the plug-in that a text may name; whether there must be one is checked elsewhere."""

    find: Callable[[str], object]

    def look_up(self, text: str) -> str:
        """The text."""
        self.find(text)
        return text

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.look_up, handler(source))
