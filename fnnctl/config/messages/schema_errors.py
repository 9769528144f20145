"""Turns pydantic's errors into problems: what is wrong at a path, and what to write there instead.

Pydantic reports each branch of a union separately, but a user wants one sentence per setting. So the
sentences are built from the forms at the path; pydantic's errors only give the paths.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import Any, Final

from pydantic import ValidationError

from fnnctl.config.messages.suggestions import meant_setting, meant_value, meant_word, synonyms
from fnnctl.config.messages.wording import allowed, value_text
from fnnctl.config.paths import ConfigPath, format_path, setting_text
from fnnctl.config.problems import NO_EFFECT, Problems
from fnnctl.config.schema.forms import (
    Form,
    choice_names,
    distinguishing_keys,
    names_of,
    required_keys,
    sections_of,
)
from fnnctl.config.schema.lookups import chosen_section, forms_at, is_setting, record_at
from fnnctl.config.schema.records import records_by_path
from fnnctl.errors import Problem
from fnnctl.plugins import GROUPS, current
from fnnctl.text import did_you_mean, joined_words, word_list

LONG_CHOICE = 8
"""A list of more allowed words than this comes after the wrong value in a message, not before it."""
MAX_SUGGESTIONS = 100
"""Unknown settings that are compared with all known ones, which takes a millisecond each."""
_UNKNOWN = "extra_forbidden"
_NO_LIST: Final = frozenset({"string_type", "model_type"})
"""What pydantic says of a list where a branch of a union takes a text or a section."""

UNKNOWN: Final = "unknown_setting"
WRONG: Final = "wrong_value"
MISSING: Final = "missing"


def schema_problems(error: ValidationError, config: Mapping[str, Any]) -> Problems:
    """One problem for each path of `config` that the schema refuses."""
    problems: Problems = {}
    unknown = 0
    for item in error.errors(include_url=False, include_context=False, include_input=False):
        unknown += item["type"] == _UNKNOWN
        if item["type"] == _UNKNOWN and unknown > MAX_SUGGESTIONS:
            problems.setdefault(_follow(item["loc"], config)[0], unknown_setting())
            continue
        for path, problem in _problems(item["type"], item["loc"], config):
            problems.setdefault(path, problem)
    return problems


def unknown_setting(suggestion: str = "", advice: str = "") -> Problem:
    """A setting that does not exist; the suggestion is a part of the sentence, the advice follows it."""
    return Problem(f"unknown setting{suggestion}", kind=UNKNOWN, advice=advice, has_subject=True)


def unknown_path(path: ConfigPath) -> Problem:
    """The problem with a path that leads to no setting, at its first key that no section has."""
    depth = next(depth for depth in range(1, len(path) + 1) if not is_setting(path[:depth]))
    section = path[: depth - 1]
    keys = tuple(dict.fromkeys(key for form in forms_at(section, {}) for key in form.keys))
    suggestion = meant_setting(str(path[depth - 1]), section, keys) if keys else ()
    return replace(unknown_setting(*suggestion), path=format_path(path[:depth]))


def _problems(
    kind: str, location: Sequence[str | int], config: Mapping[str, Any]
) -> Iterator[tuple[ConfigPath, Problem]]:
    """The problems behind one of pydantic's errors; none if other errors say the same."""
    path, value = _without_outer_list(*_follow(location, config), config)
    forms = forms_at(path, config)
    if path and _is_glued(path[-1], value):
        advice = f"put a space after the colon: {str(path[-1]).replace(':', ': ', 1)}"
        yield path, Problem("is one word", kind=WRONG, advice=advice)
    elif kind == _UNKNOWN:
        yield path, _unknown_setting(path, config)
    elif kind == "missing" and isinstance(value, Mapping):
        setting = f"{location[-1]}:"
        if not any(_is_glued(key, inner) and key.startswith(setting) for key, inner in value.items()):
            yield from _missing((*path, location[-1]), config)
    elif kind == "union_tag_not_found" and not choice_names(forms):
        yield path, _no_kind(path, forms, value)
    elif kind in {"union_tag_invalid", "union_tag_not_found"} and isinstance(value, Mapping):
        yield (*path, "name"), _wrong_name(forms, value)
    elif isinstance(value, Mapping) and any(form.kind == "section" or form.has_free_keys for form in forms):
        return  # the problem is inside, and is reported there
    elif isinstance(value, list) and kind in _NO_LIST and any(form.kind == "list" for form in forms):
        return  # another branch takes lists, and says what is wrong with this one
    elif kind == "too_short" and isinstance(value, list) and value and any(map(_takes_one, forms)):
        return  # wrong entries do not count as entries, and are reported themselves
    elif value == [] and any(map(_takes_one, forms)):
        yield path, Problem("is an empty list", kind=WRONG, advice="write one entry or more")
    elif value is None and isinstance(path[-1], str):
        yield from _empty(path, config)
    else:
        yield path, _wrong_value(forms, value)


def _without_outer_list(path: ConfigPath, value: Any, config: Mapping[str, Any]) -> tuple[ConfigPath, Any]:
    """The path and value of the inner list, if pydantic has read a list of one list as the inner one."""
    has_inner = isinstance(value, list) and len(value) == 1 and isinstance(value[0], list)
    if has_inner and any(form.kind == "list" for form in forms_at(path, config)):
        return (*path, 0), value[0]
    return path, value


def _takes_one(form: Form) -> bool:
    """Whether it is a list of one entry or more, without a limit."""
    return form.kind == "list" and form.min_length == 1 and form.max_length is None


def _follow(location: Sequence[str | int], config: Any) -> tuple[ConfigPath, Any]:
    """Follow pydantic's location as far as the config goes, skipping the names of union branches.

    The optimizer `momentum` has a setting of the same name: the first of the two is the branch.
    """
    path: ConfigPath = ()
    for part, following in zip_longest(location, location[1:]):
        keys = range(len(config)) if isinstance(config, list) else config if isinstance(config, dict) else ()
        if part in keys and (following not in keys or isinstance(config[part], list | dict)):
            path, config = (*path, part), config[part]
    return path, config


def _is_glued(key: object, value: Any) -> bool:
    """Whether a key is a setting glued to its value: YAML reads `{epochs:5}` as a key without a value."""
    return value is None and ":" in str(key)


def _wrong_value(forms: Sequence[Form], value: Any) -> Problem:
    """A value of the wrong kind or out of bounds; sections are not mentioned if there is a short form."""
    named = forms
    if not isinstance(value, Mapping) and any(form.is_short for form in forms):
        named = [form for form in forms if form.kind != "section"]
    written = f"{value_text(value)}{meant_value(forms, value)}"
    plugins = next((form.plugins for form in forms if form.plugins), None)
    advice = ""
    if plugins is not None and isinstance(value, str) and not meant_value(forms, value):
        near = did_you_mean(value, current().installed_names(plugins))
        advice = f"no installed package offers it{near or f' (entry points {GROUPS[plugins]})'}"
    if any(len(form.words) > LONG_CHOICE for form in named):
        choices = f"it must be {allowed(named)}"
        return Problem(f"cannot be {written}", kind=WRONG, advice="; ".join(filter(None, (choices, advice))))
    return Problem(f"must be {allowed(named)}, not {written}", kind=WRONG, advice=advice)


def _wrong_name(forms: Sequence[Form], value: Mapping[str, Any]) -> Problem:
    """A mapping's `name` is missing, or is not one of the union's names.

    If the settings in the mapping are those of some choices, the name is one of these.
    """
    plugins = next((form.plugins for form in forms if form.plugins), None)
    names = [Form(kind="words", words=choice_names(forms), plugins=plugins)]
    if "name" in value:
        return _wrong_value(names, value["name"])
    fitting = choice_names([form for form in forms if value and value.keys() <= {*form.keys}])
    if not fitting:
        return _missing_value(allowed(names))
    has = "have" if len(fitting) > 1 else "has"
    return _missing_value(f"{joined_words(fitting, 'or')}, which {has} {joined_words([*value])}")


def _missing_value(meaning: str) -> Problem:
    return Problem(f"missing: {meaning}", kind=MISSING, has_subject=True)


def _no_kind(path: ConfigPath, forms: Sequence[Form], value: Any) -> Problem:
    """A value has none of the keys that distinguish the sections of a union."""
    kinds = [key for section in sections_of(forms) for key in distinguishing_keys(section)]
    if not isinstance(value, Mapping):
        values = value if isinstance(value, list) else [value]
        are_plain = values and all(isinstance(item, str | int | float) for item in values)
        choices = ", ".join(map(value_text, values))
        suggestion = f" (write {{choice: [{choices}]}})" if are_plain else ""
        mapping = f"a mapping with one of {joined_words(kinds, 'or')}"
        return Problem(f"must be {mapping}, not {value_text(value)}{suggestion}", kind=WRONG)
    meant, advice = next(filter(None, (meant_word(key, kinds) for key in value)), ""), ""
    if not meant and (inner := _path_to_key(kinds, value)):
        advice = f"write a setting's whole path with dots: {format_path((path[-1], *inner))}"
    return Problem(f"must have one of {joined_words(kinds, 'or')}{meant}", kind=WRONG, advice=advice)


def _path_to_key(keys: Sequence[str], value: Any) -> ConfigPath | None:
    """The path from a mapping to an inner mapping with one of these keys, if there is any."""
    if not isinstance(value, Mapping):
        return None
    if any(key in value for key in keys):
        return ()
    paths = ((key, _path_to_key(keys, inner)) for key, inner in value.items())
    return next(((key, *path) for key, path in paths if path is not None), None)


def _empty(path: ConfigPath, config: Mapping[str, Any]) -> Iterator[tuple[ConfigPath, Problem]]:
    """A key without a value (null), although null is not allowed."""
    forms, record = forms_at(path, config), record_at(path, config)
    if record and record.is_required:
        yield from _missing(path, config)
    elif sections_of(forms) and all(form.kind == "section" or form.is_short for form in forms):
        yield path, Problem("is empty", kind=WRONG, advice="add settings, or remove it to use the defaults")
    else:
        must = f"must be {allowed(forms)}"
        yield path, Problem(f"{must}, not null (remove it to use the default)", kind=WRONG)


def _missing(path: ConfigPath, config: Mapping[str, Any]) -> Iterator[tuple[ConfigPath, Problem]]:
    """A required setting was left out; if it is a section, its required settings were."""
    sections = sections_of(forms_at(path, config))
    required = [(*path, key) for section in sections for key in required_keys(section)]
    for setting in required:
        yield from _missing(setting, config)
    if not required and (record := record_at(path, config)):
        description = record.description
        yield path, _missing_value(f"{description[0].lower()}{description[1:].rstrip('.')}")


def _unknown_setting(path: ConfigPath, config: Mapping[str, Any]) -> Problem:
    """Say which choice has this setting, where else it belongs, or which setting was probably meant."""
    key, forms = str(path[-1]), forms_at(path[:-1], config)
    _, settings = _follow(path[:-1], config)
    sections, section = sections_of(forms), chosen_section(forms, settings)
    keys = tuple(section.model_fields)
    if len(sections) > 1 and (given := distinguishing_keys(section)):
        if key not in keys and any(key in distinguishing_keys(kind) for kind in sections):
            text = f"cannot be combined with {given[0]}"
            return Problem(text, kind=WRONG, advice="remove one of the two")
        meant = meant_word(key, keys)
        return unknown_setting(meant, "" if meant else f"possible here: {word_list(keys)}")
    outer = path[:-2]
    if key not in keys and any(form.has_free_keys for form in forms_at(outer, config)):
        example = setting_text((*outer, f"{path[-2]}.{key}"), "…")
        advice = f"possible here: {word_list(keys)}; a name with a dot is written as in {example}"
        return unknown_setting(advice=advice)
    choices = choice_names([form for form in forms if key in form.keys])
    if choices:
        chosen = settings.get("name", names_of(section)[0])
        all_others = 1 < len(choices) == len(choice_names(forms)) - 1
        have = "have" if len(choices) > 1 else "has"
        have = f"{'all others' if all_others else joined_words(choices)} {have}"
        alike = [name for name in keys if name.startswith(key) or key.startswith(name)]
        text, advice = f"{chosen} has no {key}", f"{have}{_beside_choice(key, path[:-1], chosen)}"
        if alike:
            text, advice = f"{chosen} has {joined_words(alike)}", f"{have} {key}"
        name = format_path((*path[:-1], "name"))
        return Problem(text, kind=NO_EFFECT, advice=advice, related=(name,), has_subject=True)
    return unknown_setting(*meant_setting(key, path[:-1], keys))


def _beside_choice(key: str, section: ConfigPath, chosen: str) -> str:
    """Name the setting next to a union that has this key's effect for all choices of the union."""
    setting = (*section[:-1], synonyms().get(key.lower(), ""))
    return f"; with {chosen}, write {format_path(setting)}" if setting in records_by_path() else ""
