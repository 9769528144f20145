"""Finds settings: at a path of a config, by name, and by a word that they allow.

Which setting is at a path depends on the config, because its names and keys choose the sections of unions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from fnnctl.config.paths import ConfigPath, value_in
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.forms import Form, Kind, distinguishing_keys, field_forms, names_of, sections_of
from fnnctl.config.schema.records import SettingRecord, record_in, records_by_path
from fnnctl.config.schema.section import Section

_VALUES_OF_KIND: Final[Mapping[Kind, tuple[str, ...]]] = {"boolean": ("true", "false"), "null": ("null",)}


def forms_at(path: ConfigPath, config: Any) -> tuple[Form, ...]:
    """The forms of the value at a path of this config; empty if no section has such a setting."""
    try:
        forms, _ = _forms_and_value(path, config)
    except LookupError:
        return ()
    return forms


def record_at(path: ConfigPath, config: Any) -> SettingRecord | None:
    """The record of the setting at a path of this config; None for an entry, a free key or an unknown one."""
    try:
        return record_in(chosen_section(*_forms_and_value(path[:-1], config)), path)
    except LookupError:
        return None


def chosen_section(forms: Sequence[Form], value: Any) -> type[Section]:
    """The section that describes a mapping: the only one, that of its `name` or key, or the default one.

    Raises LookupError if there is none, because the value is not a mapping or its `name` is unknown.
    """
    sections = sections_of(forms)
    if len(sections) > 1:
        mapping = value if isinstance(value, Mapping) else {}
        sections = [section for section in sections if _answers_to(section, mapping)]
    if not sections:
        raise LookupError
    return sections[0]


def is_setting(path: ConfigPath) -> bool:
    """Whether some choices make this the path of a setting; entries of lists and free keys are settings."""
    path = tuple(0 if isinstance(part, int) else part for part in path)
    outer = records_by_path().get(path[:-1], ())
    has_entries = any(form.kind == "list" or form.has_free_keys for record in outer for form in record.forms)
    return has_entries or path in records_by_path()


def settings_named(key: str) -> list[ConfigPath]:
    """The paths of all settings with this name.

    A layer's setting is left out if the model has the same one, and so is the `name` of a union's section.
    """
    return without_layers(
        path for path in records_by_path() if path[-1] == key and (key != "name" or not path[1:])
    )


def settings_with_word(word: str) -> list[ConfigPath]:
    """The paths of all settings that allow this word; for a union's `name`, the path of the union."""
    return without_layers(
        path
        for path, records in records_by_path().items()
        if path[-1] != "name" and any(word in form.words for record in records for form in record.forms)
    )


def without_layers(paths: Iterable[ConfigPath]) -> list[ConfigPath]:
    """These settings without those of layers that the model has, too."""
    settings = dict.fromkeys(paths)
    of_model = {path: (*path[:1], *path[3:]) for path in settings if path[1:2] == ("hidden",) and path[3:]}
    return [path for path in settings if of_model.get(path) not in settings]


def values_of(path: ConfigPath) -> list[str]:
    """The values of a setting that can be listed: words, true and false, null, and a short default."""
    values: list[str] = []
    for record in records_by_path().get(path, ()):
        for form in record.forms:
            values += [*form.words, *_VALUES_OF_KIND.get(form.kind, ())]
        if isinstance(default := record.info.default, int | float) and not isinstance(default, bool):
            values.append(f"{default:g}" if isinstance(default, float) else str(default))
    return list(dict.fromkeys(values))


def _forms_and_value(path: ConfigPath, config: Any) -> tuple[tuple[Form, ...], Any]:
    """The forms at a path of a config, and the value there; raises LookupError if there are none."""
    forms: tuple[Form, ...] = (Form(kind="section", section=Experiment),)
    for part in path:
        forms = _inner_forms(forms, config, part)
        config = value_in(config, part)
    return forms, config


def _inner_forms(forms: Sequence[Form], value: Any, part: str | int) -> tuple[Form, ...]:
    """The forms of an entry or of a setting in a value with these forms."""
    for form in forms:
        if form.kind == "list" if isinstance(part, int) else form.has_free_keys:
            return form.entries
    if isinstance(part, int):
        raise LookupError
    return field_forms(chosen_section(forms, value), part)


def _answers_to(section: type[Section], mapping: Mapping[str, Any]) -> bool:
    if not names_of(section):
        return any(key in mapping for key in distinguishing_keys(section))
    name = mapping.get("name")
    return name in names_of(section) if name is not None else not section.model_fields["name"].is_required()
