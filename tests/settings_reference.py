"""The tables of all settings in `docs/settings.md`, made from the sections' fields."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from fnnctl.config.paths import format_path
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.forms import Form, names_of, sections_of
from fnnctl.config.schema.records import SettingRecord, record_in, setting_records
from fnnctl.config.schema.section import Section, plain

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
    outside = [row for key in Experiment.model_fields if key not in TOP for row in rows(Experiment, key)]
    parts = [INTRODUCTION, *tables(outside)]
    for section in TOP:
        parts += [f"## {section}\n", *tables([*rows(Experiment, section)][1:])]
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


def rows(section: type[Section], path: str, choices: tuple[str, ...] = ()) -> Iterator[Row]:
    """A setting of a section and the settings inside it, the outer one first."""
    record = record_in(section, (path.rpartition(".")[2],))
    yield Row(path, values_of(record.forms), default_of(record), record.description, choices)
    for form in record.forms:
        inside = f"{path}[]" if form.kind == "list" else path
        for inner in sections_of(form.entries if form.kind == "list" else [form]):
            names = names_of(inner)
            for key in inner.model_fields:
                if inside == "model.hidden[]" and key != "units":
                    same = f"as `model.{key}`"
                    description = record_in(inner, (key,)).description
                    yield Row(f"{inside}.{key}", same, "the model's", description)
                elif key != "name" or not names:
                    yield from rows(inner, f"{inside}.{key}", names)


def values_of(forms: Iterable[Form]) -> str:
    """The values that a setting may have, in words."""
    return ", ".join(dict.fromkeys(text for form in forms for text in texts_of(form)))


def texts_of(form: Form) -> Iterator[str]:
    if form.section and (names := names_of(form.section)):
        yield from (f"`{name}`" for name in names)
        return
    match form.kind:
        case "words":
            yield from (f"`{word}`" for word in form.words)
        case "list":
            inner = values_of(form.entries)
            yield f"a list of {inner}" if inner else "a list"
        case "number" | "integer":
            yield number_text(form)
        case "boolean":
            yield "`true`, `false`"
        case "null":
            yield "`null`"
        case "text":
            yield "text"
        case "mapping" if form.has_free_keys:
            yield f"a mapping to {values_of(form.entries)}"
        case "section":
            yield "a mapping"


def number_text(form: Form) -> str:
    kind = "a whole number" if form.kind == "integer" else "a number"
    if form.ge is not None and form.le is not None:
        return f"{kind} from {bound(form.ge)} to {bound(form.le)}"
    bounds = {"≥": form.ge, ">": form.gt, "<": form.lt, "≤": form.le}
    words = [f"{sign} {bound(value)}" for sign, value in bounds.items() if value is not None]
    return f"{kind} {' and '.join(words)}".rstrip()


def bound(value: float) -> str:
    """A bound as text; the largest seed is a power of two less 1."""
    return "2⁶⁴ − 1" if value == 2**64 - 1 else f"{value:,.15g}"


def default_of(record: SettingRecord) -> str:
    if record.is_required:
        return "required"
    value = plain(record.info.default, nulls=True)
    if isinstance(value, dict) and "name" in value:
        value = value["name"]
    if isinstance(value, list) and all(isinstance(entry, dict) and "units" in entry for entry in value):
        value = [entry["units"] for entry in value]
    if isinstance(value, dict) and value:
        return "those of its settings"
    return f"`{value if isinstance(value, str) else json.dumps(value)}`"
