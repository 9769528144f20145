"""The config's JSON Schema, draft 7, for editors.

Pydantic writes draft 2020-12, but editors read draft 7. Draft 7 has `definitions` in place of `$defs`. It
ignores all keys beside a `$ref`, so the `$ref` goes into an `allOf`. It has no `prefixItems`; both entries of
a pair have the same form, so a pair becomes a list of two such entries. Descriptions are the docstrings of
attributes. A field's own description, which follows from records, continues its docstring.
"""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from fnnctl.config.schema.docstrings import attribute_docstrings
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.section import Section


def json_schema() -> dict[str, Any]:
    """Return the schema of a config file; the caller may change it."""
    written = Experiment.model_json_schema(schema_generator=_Described)
    converted: dict[str, Any] = _draft_7(written)
    # What a config must have may be in the one that it extends.
    has_source = {"required": converted["definitions"]["DataConfig"].pop("required")}
    needed = {"required": converted.pop("required"), "properties": {"data": has_source}}
    converted |= {"if": {"required": ["extends"]}, "else": needed}
    return {"$schema": "http://json-schema.org/draft-07/schema#", **converted, "title": "fnnctl experiment"}


class _Described(GenerateJsonSchema):
    """Describes fields by their docstrings, and leaves out their titles, which only repeat the keys."""

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        written = super().model_schema(schema)
        for name, text in attribute_docstrings(schema["cls"]).items():
            field = written["properties"][name]
            field["description"] = " ".join([text, *filter(None, [field.get("description")])])
        return written

    def encode_default(self, dft: Any) -> Any:
        """Write out sections, whose serializers are not built, before pydantic 2.10 looks for them."""
        return super().encode_default(_written_out(dft))

    def field_title_should_be_set(self, schema: CoreSchema) -> bool:
        return False


def _written_out(value: Any) -> Any:
    if isinstance(value, Section):
        return {key: _written_out(inner) for key, inner in value}
    return [_written_out(inner) for inner in value] if isinstance(value, tuple) else value


def _draft_7(node: Any) -> Any:
    if isinstance(node, list):
        return [_draft_7(item) for item in node]
    if not isinstance(node, dict):
        return node
    node = {key: _draft_7(value) for key, value in node.items() if key != "discriminator"}
    if "prefixItems" in node:
        node["items"] = node.pop("prefixItems")[0]
    if "$defs" in node:
        node["definitions"] = node.pop("$defs")
    if isinstance(node.get("description"), str):
        node["description"] = " ".join(node["description"].split())
    if "$ref" in node:
        reference = {"$ref": node.pop("$ref").replace("#/$defs/", "#/definitions/")}
        return {**node, "allOf": [reference]} if node else reference
    return node
