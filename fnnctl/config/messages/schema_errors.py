"""Turns pydantic's errors into problems: what is wrong at a path, and what to write there instead.

Pydantic reports each branch of a union separately, but a user wants one sentence per setting. So the
sentences are built from the forms at the path; pydantic's errors only give the paths.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import zip_longest
from typing import Any, Final

from pydantic import ValidationError

from fnnctl.config.messages.suggestions import (
    is_training_share,
    meant_path,
    meant_value,
    meant_word,
    synonyms,
)
from fnnctl.config.messages.wording import allowed, value_text
from fnnctl.config.paths import ConfigPath, format_path
from fnnctl.config.problems import NO_EFFECT, Problems
from fnnctl.config.schema.forms import Form, keys_of, names_of, required_keys, sections_of
from fnnctl.config.schema.lookups import (
    choices_of,
    chosen_section,
    forms_at,
    homes_of,
    is_setting,
    record_at,
)
from fnnctl.config.schema.records import records_by_path
from fnnctl.errors import Problem
from fnnctl.text import joined_words, word_list

LONG_CHOICE = 8
"""A list of more allowed words than this comes after the wrong value in a message, not before it."""
MAX_SUGGESTIONS = 100
"""Unknown settings that are compared with all known ones, which takes a millisecond each."""
_UNKNOWN = "extra_forbidden"

UNKNOWN: Final = "unknown_setting"
WRONG: Final = "wrong_value"
MISSING: Final = "missing"


def schema_problems(error: ValidationError, config: Mapping[str, Any]) -> Problems:
    """One problem for each path of `config` that the schema refuses."""
    problems: Problems = {}
    unknown = 0
    for kind, location in _errors(error):
        unknown += kind == _UNKNOWN
        if kind == _UNKNOWN and unknown > MAX_SUGGESTIONS:
            problems.setdefault(_follow(location, config)[0], unknown_setting())
            continue
        for path, problem in _problems(kind, location, config):
            problems.setdefault(path, problem)
    return problems


def unknown_setting(suggestion: str = "", advice: str = "") -> Problem:
    """A setting that does not exist; the suggestion is a part of the sentence, the advice follows it."""
    return Problem(f"unknown setting{suggestion}", kind=UNKNOWN, advice=advice, has_subject=True)


def _errors(error: ValidationError) -> Iterator[tuple[str, tuple[int | str, ...]]]:
    """The kind and pydantic's location of each error."""
    for item in error.errors(include_url=False, include_context=False, include_input=False):
        yield item["type"], item["loc"]


def _problems(
    kind: str, location: Sequence[str | int], config: Mapping[str, Any]
) -> Iterator[tuple[ConfigPath, Problem]]:
    path, value = _follow(location, config)
    if kind == _UNKNOWN:
        yield path, _unknown_setting(path, config)
    elif kind == "missing" and isinstance(value, Mapping):
        setting = f"{location[-1]}:"
        if not any(_is_glued(key, inner) and key.startswith(setting) for key, inner in value.items()):
            yield from _missing((*path, location[-1]), config)
    elif kind == "union_tag_not_found" and not _choices(forms_at(path, config)):
        yield path, _no_kind(path, forms_at(path, config), value)
    elif kind in {"union_tag_invalid", "union_tag_not_found"} and isinstance(value, Mapping):
        yield (*path, "name"), _wrong_name(forms_at(path, config), value)
    elif isinstance(value, Mapping) and _takes_mappings(forms_at(path, config)):
        return  # the problem is inside, and is reported there
    elif value is None and isinstance(path[-1], str):
        yield from _empty(path, config)
    else:
        yield path, _wrong_value(forms_at(path, config), value)


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


def _wrong_value(forms: Sequence[Form], value: Any) -> Problem:
    """A value of the wrong kind or out of bounds; sections are not mentioned if there is a short form."""
    named = forms
    if not isinstance(value, Mapping) and any(form.is_short for form in forms):
        named = [form for form in forms if form.kind != "section"]
    written = f"{value_text(value)}{meant_value(forms, value)}"
    if any(len(form.words) > LONG_CHOICE for form in named):
        return Problem(f"cannot be {written}", kind=WRONG, advice=f"it must be {allowed(named)}")
    return Problem(f"must be {allowed(named)}, not {written}", kind=WRONG)


def _takes_mappings(forms: Iterable[Form]) -> bool:
    return any(form.kind == "section" or form.has_free_keys for form in forms)


def _wrong_name(forms: Sequence[Form], value: Mapping[str, Any]) -> Problem:
    """A mapping's `name` is missing, or is not one of the union's names.

    If the settings in the mapping are those of some choices, the name is one of these.
    """
    names = [Form(kind="words", words=tuple(_choices(forms)))]
    if "name" in value:
        return _wrong_value(names, value["name"])
    choices = [section for section in sections_of(forms) if value.keys() <= section.model_fields.keys()]
    fitting = [name for section in choices for name in names_of(section)]
    if not (value and fitting):
        return _missing_value(allowed(names))
    have = "have" if len(fitting) > 1 else "has"
    return _missing_value(f"{joined_words(fitting, 'or')}, which {have} {joined_words([*value])}")


def _missing_value(meaning: str) -> Problem:
    return Problem(f"missing: {meaning}", kind=MISSING, has_subject=True)


def _no_kind(path: ConfigPath, forms: Sequence[Form], value: Any) -> Problem:
    """A value has none of the keys that distinguish the sections of a union."""
    kinds = [key for section in sections_of(forms) for key in keys_of(section)]
    if not isinstance(value, Mapping):
        values = value if isinstance(value, list) else [value]
        are_plain = values and all(isinstance(item, str | int | float) for item in values)
        choices = ", ".join(map(value_text, values))
        suggestion = f" (write {{choice: [{choices}]}})" if are_plain else ""
        mapping = f"a mapping with one of {joined_words(kinds, 'or')}"
        return Problem(f"must be {mapping}, not {value_text(value)}{suggestion}", kind=WRONG)
    meant, advice = next(filter(None, (meant_word(key, kinds) for key in value)), ""), ""
    if not meant and (inside := _to_first_of(kinds, value)):
        advice = f"write a setting's whole path with dots: {format_path((path[-1], *inside))}"
    return Problem(f"must have one of {joined_words(kinds, 'or')}{meant}", kind=WRONG, advice=advice)


def _to_first_of(keys: Sequence[str], value: Any) -> ConfigPath | None:
    """The path from a mapping to an inner mapping with one of these keys, if there is any."""
    if not isinstance(value, Mapping):
        return None
    if any(key in value for key in keys):
        return ()
    ways = ((key, _to_first_of(keys, inner)) for key, inner in value.items())
    return next(((key, *way) for key, way in ways if way is not None), None)


def _choices(forms: Sequence[Form]) -> list[str]:
    """All names of the sections of a union."""
    return [name for section in sections_of(forms) for name in names_of(section)]


def _empty(path: ConfigPath, config: Mapping[str, Any]) -> Iterator[tuple[ConfigPath, Problem]]:
    """A key without a value (null), although null is not allowed."""
    forms, record = forms_at(path, config), record_at(path, config)
    if _is_glued(str(path[-1]), None):
        yield path, _glued(str(path[-1]))
    elif record and record.is_required:
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
    for inner in required:
        yield from _missing(inner, config)
    if not required and (record := record_at(path, config)):
        description = record.description
        yield path, _missing_value(f"{description[0].lower()}{description[1:].rstrip('.')}")


def _unknown_setting(path: ConfigPath, config: Mapping[str, Any]) -> Problem:
    """Say which choice has this setting, where else it belongs, or which setting was probably meant."""
    key = str(path[-1])
    _, section_value = _follow(path[:-1], config)
    if _is_glued(key, section_value[key]):
        return _glued(key)
    forms = forms_at(path[:-1], config)
    sections, section = sections_of(forms), chosen_section(forms, section_value)
    keys = tuple(section.model_fields)
    if key in {kind for other in sections for kind in keys_of(other)}.difference(keys):
        text = f"cannot be combined with {keys_of(section)[0]}"
        return Problem(text, kind=WRONG, advice="remove one of the two")
    if len(sections) > 1 and keys_of(section):
        meant = meant_word(key, keys)
        return unknown_setting(meant, "" if meant else f"possible here: {word_list(keys)}")
    owners = [name for other in sections if key in other.model_fields for name in names_of(other)]
    if owners:
        chosen = section_value.get("name", names_of(section)[0])
        all_others = 1 < len(owners) == len(_choices(forms)) - 1
        has = f"{'all others' if all_others else joined_words(owners)} {'have' if len(owners) > 1 else 'has'}"
        alike = [name for name in keys if name.startswith(key) or key.startswith(name)]
        text, advice = f"{chosen} has no {key}", f"{has}{_beside_a_choice(key, path[:-1], chosen)}"
        if alike:
            text, advice = f"{chosen} has {joined_words(alike)}", f"{has} {key}"
        return Problem(
            text,
            kind=NO_EFFECT,
            advice=advice,
            related=(format_path((*path[:-1], "name")),),
            has_subject=True,
        )
    return unknown_setting(*_meant_setting(key, path[:-1], keys))


def unknown_path(path: ConfigPath) -> Problem:
    """The problem with a path that leads to no setting, at its first key that no section has."""
    depth = next(depth for depth in range(1, len(path) + 1) if not is_setting(path[:depth]))
    section = path[: depth - 1]
    keys = tuple(dict.fromkeys(key for form in forms_at(section, {}) for key in form.keys))
    suggestion = _meant_setting(str(path[depth - 1]), section, keys) if keys else ()
    return replace(unknown_setting(*suggestion), path=format_path(path[:depth]))


def _is_glued(key: str, value: Any) -> bool:
    """Whether a key is a setting glued to its value: YAML reads `{epochs:5}` as a key without a value."""
    return ":" in key and value is None


def _glued(key: str) -> Problem:
    advice = f"put a space after the colon: {key.replace(':', ': ', 1)}"
    return Problem("is one word", kind=WRONG, advice=advice)


def _beside_a_choice(key: str, section: ConfigPath, chosen: str) -> str:
    """Name the setting next to a union that has this key's effect for all choices of the union."""
    beside = (*section[:-1], synonyms().get(key.lower(), ""))
    return f"; with {chosen}, write {format_path(beside)}" if beside in records_by_path() else ""


@lru_cache(maxsize=MAX_SUGGESTIONS)
def _meant_setting(key: str, section: ConfigPath, keys: tuple[str, ...]) -> tuple[str, str]:
    """The suggestion and the advice for a key that the section at `section` lacks; its settings are `keys`.

    Cached because the check of a search space validates the same unknown key many times.
    """
    section = tuple(0 if isinstance(part, int) else part for part in section)
    if is_training_share(key, section):
        return "", "the training part is what data.split.validation and data.split.test leave"
    usual = synonyms().get(key.lower(), key)
    inside = _inside(homes_of(key), section)
    if usual in keys:
        if inside:
            return "", f"here it is called {usual}, or it {_belongs(inside)}"
        return meant_word(key, keys), ""
    choices = choices_of(usual)
    homes = inside or _inside(homes_of(usual), section)
    if not homes:
        if advice := _choice(usual, _inside(choices, section), section):
            return "", advice
        if suggestion := _longer_word(key, keys):
            return suggestion, ""
        homes = homes_of(usual)
    if homes:
        called = joined_words([format_path(path) for path in homes], "or")
        return "", f"it {_belongs(homes)}" if usual == key or inside else f"here it is called {called}"
    if suggestion := meant_word(key, keys):
        return suggestion, ""
    if advice := _choice(usual, choices, section):
        return "", advice
    suggestion = _meant_elsewhere(key, section)
    return suggestion, "" if suggestion else f"possible here: {word_list(keys, limit=30)}"


def _longer_word(key: str, keys: Sequence[str]) -> str:
    """Suggest a setting of this section that begins with the key: another section may have the key itself."""
    longer = [name for name in keys if name.startswith(f"{key}_") or name == f"{key}s"]
    return f" (did you mean '{longer[0]}'?)" if len(longer) == 1 else ""


def _belongs(homes: Sequence[ConfigPath]) -> str:
    sections = [format_path(path[:-1]) for path in homes]
    return (
        f"belongs under {joined_words(sections, 'or')}" if all(sections) else "belongs outside all sections"
    )


def _choice(word: str, settings: Sequence[ConfigPath], section: ConfigPath) -> str:
    """The advice for a key that is a value of one of the settings."""
    if len(settings) != 1:
        return ""
    return f"here it is {'name' if settings[0] == section else format_path(settings[0])}: {word}"


def _meant_elsewhere(key: str, section: ConfigPath) -> str:
    """Suggest a setting: one inside this section rather than one of another section."""
    meant = meant_path(key, _inside(records_by_path(), section)) or meant_path(key, records_by_path())
    return f" (did you mean '{format_path(meant)}'?)" if meant else ""


def _inside(paths: Iterable[ConfigPath], section: ConfigPath) -> list[ConfigPath]:
    return [path for path in paths if path[: len(section)] == section]
