"""The tables of all settings in `docs/settings.md`, made from the config's JSON Schema."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from fnnctl.config.paths import format_path
from fnnctl.config.schema.records import setting_records
from fnnctl.config.schema.schema_tree import (
    Schema,
    forms_of,
    has_free_keys,
    names_of,
    root_schema,
    sections_of,
    words_of,
)

INTRODUCTION = """# Settings

Every setting of a config, with its values and its default, section by section.

The defaults are those of `recipe: classic`; with another recipe, unset settings have [the recipe's
values](recipes.md), and `fnnctl check --explain` says which. [The network](network.md) and
[Training](training.md) explain the choices. A setting such as `training.optimizer` is written as a name
(`optimizer: adam`), or as a mapping with that name and its hyperparameters (`optimizer: {name: adam,
learning_rate: 0.01}`). `[]` stands for each entry of a list.

Each section begins with the settings that people change first; they are those in the file of `fnnctl init`.
"""
COMMON = {
    format_path(record.path).replace("[0]", "[]") for record in setting_records() if record.setting.is_common
}
TOP = ("notes", "data", "model", "training", "evaluation", "search")


@dataclass(frozen=True)
class Row:
    """A setting; `choices` are the names of the sections that it belongs to, if not to all."""

    path: str
    values: str
    default: str
    description: str
    choices: tuple[str, ...] = ()


def settings_page() -> str:
    """The whole page."""
    properties = root_schema()["properties"]
    outside = [row for key in properties if key not in TOP for row in rows(key, properties[key])]
    parts = [INTRODUCTION, *tables(outside)]
    for section in TOP:
        parts += [f"## {section}\n", *tables([*rows(section, properties[section])][1:])]
    return "\n".join(parts)


def tables(settings: list[Row]) -> list[str]:
    """A table of the settings that people change first, if there are any, and one of the others."""
    common = [row for row in settings if row.path in COMMON]
    others = table([row for row in settings if row not in common])
    return [table(common), "The other settings:\n", others] if common else [others]


def table(settings: list[Row]) -> str:
    lines = ["| setting | values | default | what |", "|---|---|---|---|"]
    for row in merged(settings):
        only = f" ({', '.join(f'`{name}`' for name in row.choices)})" if row.choices else ""
        cells = (f"`{row.path}`{only}", row.values, row.default, row.description.replace("|", "\\|"))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def merged(settings: list[Row]) -> list[Row]:
    """One row for the same setting of several choices, such as the momentum of two optimizers."""
    rows: dict[tuple[str, str, str, str], tuple[str, ...]] = {}
    for row in settings:
        key = (row.path, row.values, row.default, row.description)
        rows[key] = (*rows.get(key, ()), *row.choices)
    return [Row(*key, choices=choices) for key, choices in rows.items()]


def rows(path: str, schema: Schema, choices: tuple[str, ...] = ()) -> Iterator[Row]:
    """A setting and the settings inside it, the outer one first."""
    yield Row(path, values_of(schema), default_of(schema), schema.get("description", ""), choices)
    for form in forms_of(schema):
        inside = f"{path}[]" if "items" in form else path
        for section in sections_of(form.get("items", form)):
            names = tuple(names_of(section))
            for key, inner in section["properties"].items():
                if inside == "model.hidden[]" and key != "units":
                    same = f"as `model.{key}`"
                    yield Row(f"{inside}.{key}", same, "the model's", inner.get("description", ""))
                elif key != "name" or not names:
                    yield from rows(f"{inside}.{key}", inner, names)


def values_of(schema: Schema) -> str:
    """The values that a setting may have, in words."""
    return ", ".join(dict.fromkeys(text for form in forms_of(schema) for text in texts_of(form)))


def texts_of(form: Schema) -> Iterator[str]:
    if names := names_of(form):
        yield from (f"`{name}`" for name in names)
    elif words := words_of(form):
        yield from (f"`{json.dumps(word) if not isinstance(word, str) else word}`" for word in words)
    elif "items" in form:
        inner = values_of(form["items"])
        yield f"a list of {inner}" if inner else "a list"
    elif form.get("type") in ("number", "integer"):
        yield number_text(form)
    elif form.get("type") == "boolean":
        yield "`true`, `false`"
    elif form.get("type") == "null":
        yield "`null`"
    elif form.get("type") == "string":
        yield "text"
    elif has_free_keys(form):
        yield f"a mapping to {values_of(form['additionalProperties'])}"
    elif "properties" in form:
        yield "a mapping"


def number_text(form: Schema) -> str:
    kind = "a whole number" if form["type"] == "integer" else "a number"
    low, high = form.get("minimum"), form.get("maximum")
    above, below = form.get("exclusiveMinimum"), form.get("exclusiveMaximum")
    if low is not None and high is not None:
        return f"{kind} from {bound(low)} to {bound(high)}"
    words = [f"≥ {bound(low)}"] if low is not None else []
    words += [f"> {bound(above)}"] if above is not None else []
    words += [f"< {bound(below)}"] if below is not None else []
    words += [f"≤ {bound(high)}"] if high is not None else []
    return f"{kind} {' and '.join(words)}".rstrip()


def bound(value: float) -> str:
    """A bound as text; the largest seed is a power of two less 1."""
    return "2⁶⁴ − 1" if value == 2**64 - 1 else f"{value:,.15g}"


def default_of(schema: Schema) -> str:
    if "default" not in schema:
        return "required"
    value = schema["default"]
    if isinstance(value, Mapping) and "name" in value:
        value = value["name"]
    if isinstance(value, list) and all(isinstance(entry, Mapping) and "units" in entry for entry in value):
        value = [entry["units"] for entry in value]
    if isinstance(value, Mapping) and value:
        return "those of its settings"
    return f"`{value if isinstance(value, str) else json.dumps(value)}`"
