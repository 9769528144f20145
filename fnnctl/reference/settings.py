"""One setting, as `fnnctl help PATH` shows it: what its records, the recipes and a search know of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fnnctl.config.messages.wording import allowed
from fnnctl.config.paths import ConfigPath, format_path, parse_path
from fnnctl.config.schema.forms import names_of, sections_of
from fnnctl.config.schema.lookups import is_setting, record_at, settings_named
from fnnctl.config.schema.records import SettingRecord, record_in, records_by_path, why_not_searched
from fnnctl.config.schema.section import plain
from fnnctl.config.schema.setting import Rule
from fnnctl.config.schema.validation_schemes import ON_BAGS, ON_VALIDATION, VALIDATION_SCHEMES
from fnnctl.config.yaml_text import flow_yaml
from fnnctl.reference.domains import example_domain
from fnnctl.reference.recipe_steps import RecipeSteps, recipe_steps

_PATH: Final = re.compile(r"\b([a-z_]+(?:\.[a-z_0-9]+)+)\b(?!:)")
"""The path of a setting in a description; before a colon it is part of an example."""
_KEY: Final = re.compile(r"`([a-z_0-9]+)`")
"""The key of a setting of the same section."""


@dataclass(frozen=True, slots=True)
class ChoiceText:
    """What holds for a setting in some choices of a union, such as the momentum of two optimizers."""

    text: str
    choices: tuple[str, ...]
    """The names of these choices; empty if the setting's section is no choice."""


@dataclass(frozen=True, slots=True)
class Part:
    """A setting in a section, or a choice with its hyperparameters."""

    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingHelp:
    """What is known of a setting."""

    path: str
    choices: tuple[str, ...]
    """The names of the choices that have it, if it belongs to choices, such as the optimizers."""
    description: tuple[ChoiceText, ...]
    values: tuple[ChoiceText, ...]
    default: tuple[ChoiceText, ...]
    recipes: tuple[RecipeSteps, ...]
    """What it is if the config does not set it, by recipe; the other recipes leave it at its default."""
    no_effect: tuple[str, ...]
    """When it has no effect."""
    contradictions: tuple[str, ...]
    """When it contradicts other settings, or itself makes no sense."""
    not_searched: str | None
    """Why a search cannot vary it."""
    not_searched_on_bags: str | None
    """The same if trials are measured on bags."""
    domain: Mapping[str, Any] | None
    """An example of its domain in a search."""
    names_elsewhere: Mapping[str, tuple[str, ...]]
    """The names that other tools use for it, and for its values, by ours."""
    parts: tuple[Part, ...]
    related: tuple[str, ...]
    """The settings that its description and its rules mention, those that mention it, and its namesakes."""


def setting_path(text: str) -> ConfigPath | None:
    """The path of the setting that a text names, such as `training.l2`; None if it names none.

    The index of an entry counts as the first one's and may be left out, as in `model.hidden.units`. An entry
    of a list, a key that the user chooses and the `name` of a choice stand for their setting.
    """
    path = tuple(0 if isinstance(part, int) else part for part in parse_path(text))
    if path in records_by_path():
        return path[:-1] if is_choice(path) else path
    in_entry = next((setting for setting in records_by_path() if _without_indices(setting) == path), None)
    return path[:-1] if in_entry is None and is_setting(path) else in_entry


def is_choice(path: ConfigPath) -> bool:
    """Whether a setting is the `name` of a choice, which is a value of the choice's section, too."""
    return path[-1] == "name" and len(path) > 1


def setting_help(path: ConfigPath) -> SettingHelp:
    """What is known of the setting at a path, which `setting_path` gives."""
    records = records_by_path()[path]
    names: dict[str, tuple[str, ...]] = {}
    for name, ours in translations(path):
        names[ours] = (*names.get(ours, ()), name)
    return SettingHelp(
        path=format_path(path),
        choices=tuple(name for record in records for name in names_of(record.section)),
        description=_choice_texts(records, lambda record: record.description),
        values=_choice_texts(records, lambda record: allowed(record.forms)),
        default=_choice_texts(records, default_text),
        recipes=tuple(recipe_steps(path)),
        no_effect=_rule_texts(record.setting.no_effect for record in records),
        contradictions=(
            *_target_texts(records),
            *_rule_texts(
                (*record.setting.contradictions, *record.setting.search_contradictions) for record in records
            ),
        ),
        not_searched=why_not_searched(path, VALIDATION_SCHEMES[ON_VALIDATION]),
        not_searched_on_bags=why_not_searched(path, VALIDATION_SCHEMES[ON_BAGS]),
        domain=example_domain(record_at(path, {}) or records[0]),
        names_elsewhere=names,
        parts=tuple(part for record in records[:1] for part in _parts(record)),
        related=tuple(_related(path)),
    )


def translations(path: ConfigPath) -> list[tuple[str, str]]:
    """The names that other tools use for a setting and for its values or choices, each with ours."""
    records = [*records_by_path()[path], *records_by_path().get((*path, "name"), ())]
    return list(dict.fromkeys(pair for record in records for pair in record.translations()))


def default_text(record: SettingRecord) -> str:
    """The default of a setting as a config has it; the names of choices and the numbers of units alone."""
    if record.is_required:
        return "required"
    value = plain(record.info.default, nulls=True)
    if isinstance(value, dict) and "name" in value:
        value = value["name"]
    elif isinstance(value, dict) and value:
        return "those of its settings"
    if isinstance(value, list):
        value = [entry["units"] if isinstance(entry, dict) else entry for entry in value]
    return flow_yaml(value)


def summary(record: SettingRecord) -> str:
    """The first sentence of a setting's description."""
    return _first_sentence(record.description)


def _choice_texts(
    records: Sequence[SettingRecord], text_of: Callable[[SettingRecord], str]
) -> tuple[ChoiceText, ...]:
    choices: dict[str, tuple[str, ...]] = {}
    for record in records:
        text = text_of(record)
        choices[text] = (*choices.get(text, ()), *names_of(record.section))
    return tuple(ChoiceText(text, names) for text, names in choices.items())


def _rule_texts(rules_of_choices: Iterable[Sequence[Rule]]) -> tuple[str, ...]:
    """When one of a setting's rules applies, in the words of the rules."""
    texts = ((rule.__doc__ or "").split() for rules in rules_of_choices for rule in rules)
    return tuple(dict.fromkeys(map(" ".join, texts)))


def _target_texts(records: Sequence[SettingRecord]) -> list[str]:
    """The targets for which a setting is refused."""
    setting = records[0].setting
    if setting.needs_classes == "two":
        return ["Unless the target has two classes."]
    if setting.needs_classes:
        return ["In a regression, which has no classes."]
    return [f"In a classification: {setting.needs_numbers}."] if setting.needs_numbers else []


def _parts(record: SettingRecord) -> list[Part]:
    """The settings in a section or in a list's entries; of a union, the choices with their settings."""
    entries = [form for outer in record.forms if outer.kind == "list" for form in outer.entries]
    sections = sections_of([*record.forms, *entries])
    if len(sections) == 1 and not names_of(sections[0]):
        inner = (record_in(sections[0], (*record.path, key)) for key in sections[0].model_fields)
        return [Part(setting.key, summary(setting)) for setting in inner]
    parts = []
    for section in sections:
        keys = [key for key in section.model_fields if key != "name"]
        settings = f" Its settings: {', '.join(keys)}." if keys and names_of(section) else ""
        name = ", ".join(names_of(section)) or "mapping"
        parts.append(Part(name, _first_sentence(" ".join((section.__doc__ or "").split())) + settings))
    return parts


def _related(path: ConfigPath) -> list[str]:
    mentioned = [setting for record in records_by_path()[path] for setting in _mentioned(record)]
    mentioning = [
        setting
        for setting, records in records_by_path().items()
        if any(path in _mentioned(record) for record in records)
    ]
    related = dict.fromkeys([*mentioned, *mentioning, *settings_named(str(path[-1]))])
    return [format_path(setting) for setting in related if setting != path and "hidden" not in setting[:-1]]


def _mentioned(record: SettingRecord) -> list[ConfigPath]:
    """The settings that a description or a rule mentions by path, and those of the same section by key."""
    setting = record.setting
    rules = _rule_texts([setting.no_effect, setting.contradictions, setting.search_contradictions])
    text = " ".join([record.description, *rules])
    paths = [parse_path(path) for path in _PATH.findall(text)]
    siblings = [(*record.path[:-1], key) for key in _KEY.findall(text)]
    return [path for path in (*paths, *siblings) if path in records_by_path()]


def _first_sentence(text: str) -> str:
    first, stop, _ = text.partition(". ")
    return f"{first}." if stop else text


def _without_indices(path: ConfigPath) -> ConfigPath:
    return tuple(part for part in path if isinstance(part, str))
