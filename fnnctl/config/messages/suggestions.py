"""Guesses what a wrong value or key was meant to be, for the end of a message.

The names that other tools use for settings and choices are in the records of these.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any, Final, TypeAlias

from fnnctl.config.messages.wording import value_text
from fnnctl.config.paths import ConfigPath, format_path
from fnnctl.config.schema.forms import Form, Kind, field_forms, required_keys, sections_of
from fnnctl.config.schema.lookups import settings_named, settings_with_word
from fnnctl.config.schema.methods import METHODS, SAMPLERS, SCHEDULERS
from fnnctl.config.schema.records import records_by_path, setting_records
from fnnctl.config.yaml_text import plain_scalar
from fnnctl.text import did_you_mean, joined_words, meant_number, word_list

SPLIT: Final[ConfigPath] = ("data", "split")
MAX_CACHED: Final = 100
"""Suggestions that are kept; a config rarely has more unknown settings."""
VERY_CLOSE: Final = 0.8
"""The similarity of a word to a setting of another section; that of `tags` and `task` is 0.75."""


TRAINING_SHARES: Final = frozenset(
    f"{part}_{share}"
    for part in ("train", "training")
    for share in ("fraction", "ratio", "share", "size", "split")
)
"""The names that other tools use for the share of the training rows, which is no setting here."""


@cache
def synonyms() -> Mapping[str, str]:
    """Our name for each name that other tools use."""
    return {name: ours for record in setting_records() for name, ours in record.translations()}


Suggestion: TypeAlias = tuple[str, str]
"""What follows `unknown setting` in the same sentence, and the advice after it; one of them may be empty."""


@lru_cache(maxsize=MAX_CACHED)
def meant_setting(key: str, section: ConfigPath, keys: tuple[str, ...]) -> Suggestion:
    """The suggestion for a key that the section at `section` lacks; its settings are `keys`.

    Cached because the check of a search space validates the same unknown key many times.
    """
    section = tuple(0 if isinstance(part, int) else part for part in section)
    if key.lower() in TRAINING_SHARES or (section == SPLIT and key.lower() in {"train", "training"}):
        return "", "the training part is what data.split.validation and data.split.test leave"
    if f"{key}s" in keys and key.lower() in synonyms():  # which is nearer than what another tool calls so
        return f" (did you mean '{key}s'?)", ""
    ours = synonyms().get(key.lower(), key)
    same_name = _inside(section, settings_named(key))
    if ours in keys:
        if same_name:
            return "", f"here it is called {ours}, or {_belonging(same_name)}"
        return meant_word(key, keys), ""
    with_word = settings_with_word(ours)
    named = same_name or _inside(section, settings_named(ours))
    if not named:
        if advice := _as_value(ours, _inside(section, with_word), section):
            return "", advice
        longer = [name for name in keys if name.startswith(f"{key}_") or name == f"{key}s"]
        if len(longer) == 1:  # another section may have the key itself
            return f" (did you mean '{longer[0]}'?)", ""
        named = settings_named(ours)
    if named and (ours == key or same_name):
        return "", _belonging(named)
    if named:
        return "", f"here it is called {joined_words([format_path(path) for path in named], 'or')}"
    if suggestion := meant_word(key, keys):
        return suggestion, ""
    if advice := _as_value(ours, with_word, section):
        return "", advice
    meant = meant_path(key, _inside(section, records_by_path())) or meant_path(key, records_by_path())
    if meant:
        return f" (did you mean '{format_path(meant)}'?)", ""
    return "", f"possible here: {word_list(keys, limit=30)}"


def _inside(section: ConfigPath, paths: Iterable[ConfigPath]) -> list[ConfigPath]:
    return [path for path in paths if path[: len(section)] == section]


def _belonging(settings: Sequence[ConfigPath]) -> str:
    sections = [format_path(path[:-1]) for path in settings]
    place = f"under {joined_words(sections, 'or')}" if all(sections) else "outside all sections"
    return f"it belongs {place}"


def _as_value(word: str, settings: Sequence[ConfigPath], section: ConfigPath) -> str:
    """The advice for a key that is a value of the only one of these settings."""
    if len(settings) != 1:
        return ""
    return f"here it is {'name' if settings[0] == section else format_path(settings[0])}: {word}"


def meant_word(word: str, options: Sequence[str]) -> str:
    """Return ` (did you mean 'x'?)` with the closest option, or an empty string if none is close."""
    lower = word.lower()
    if synonyms().get(lower) in options:
        return f" (here it is called '{synonyms()[lower]}')"
    for option in options:  # a metric without a part is that of the validation part
        if lower and option.startswith(f"validation_{lower}"):
            return f" (did you mean '{option}'?)"
    return did_you_mean(lower, options)


def meant_path(word: str, paths: Iterable[ConfigPath]) -> ConfigPath | None:
    """Return the first path whose setting was probably meant, or None if none is very close."""
    by_name: dict[str, ConfigPath] = {}
    for path in paths:
        by_name.setdefault(str(path[-1]), path)
    swapped = [name for name in by_name if sorted(name) == sorted(word.lower())]
    close = swapped or difflib.get_close_matches(word.lower(), by_name, n=1, cutoff=VERY_CLOSE)
    return by_name[close[0]] if close else None


def glued_setting(text: str) -> str:
    """Return ` (write a: b)` if a text is a setting without its colon or without the space after it."""
    match = re.match(r"(\w+)[:\s]\s*(\S+)", text)
    is_setting = match and match[1] in {path[-1] for path in records_by_path()}
    return f" (write {match[1]}: {match[2]})" if match and is_setting else ""


def meant_value(forms: Sequence[Form], value: Any) -> str:
    """What makes a value valid, such as ` (remove the quotes)`; empty if there is none."""
    kinds = {form.kind for form in forms}
    if isinstance(value, str):
        return _meant_text(forms, kinds, value) if value and value.isprintable() else ""
    if "null" in kinds and value is False:
        return " (write null)"
    if kinds == {"null", "section"} and value is True:
        return " (write {} for its defaults)"
    if not isinstance(value, bool) and (share := _as_share(forms, value)):
        return share
    if (
        isinstance(value, float)
        and value.is_integer()
        and any(form.kind == "integer" and form.includes(int(value)) for form in forms)
    ):
        return f" (write {value:.0f})"
    if "text" in kinds and not isinstance(value, Mapping | list):
        return " (put it in quotes)"
    if not isinstance(value, bool) and (short := _as_first_setting(forms, value)):
        return short
    is_pair = any(form.kind == "list" and form.min_length is not None for form in forms)
    if "list" in kinds and not is_pair and not isinstance(value, Mapping | list):
        return f" (write [{value_text(value)}])"
    return ""


def _as_share(forms: Sequence[Form], percent: object) -> str:
    """Return ` (write 0.2)` for a 20 in place of a number of at most 1; empty for anything else."""
    if not isinstance(percent, int) or not 1 < percent <= 100:
        return ""
    is_share = any(form.includes(percent / 100) and not form.includes(2) for form in forms)
    return f" (write {percent / 100:g})" if is_share else ""


def _as_first_setting(forms: Sequence[Form], value: Any) -> str:
    """Return ` (write, e.g., {folds: 5})` if a number that stands for a section fits a setting in it."""
    sections = sections_of(forms)
    if len(sections) != 1 or any(form.kind not in {"section", "null"} for form in forms):
        return ""
    for name in sections[0].model_fields:
        if any(form.includes(value) for form in field_forms(sections[0], name)):
            return f" (write, e.g., {{{name}: {value_text(value)}}})"
    return ""


def _meant_text(forms: Sequence[Form], kinds: Collection[Kind], text: str) -> str:
    lower = text.lower()
    if variable := re.fullmatch(r"\$([A-Za-z_]\w*)", text):
        return f" (write ${{{variable[1]}}})"
    if not {"section", "mapping"}.isdisjoint(kinds) and glued_setting(text):
        return glued_setting(text)
    if _fits(kinds, plain_scalar(text)):
        return " (remove the quotes)"
    without_underscores = plain_scalar(re.sub(r"(?<=[0-9])_(?=[0-9])", "", text))
    if _fits(kinds, without_underscores):
        return f" (write {value_text(without_underscores)})"
    number = meant_number(text)
    if number is not None and any(form.includes(number) for form in forms):
        return f" (write {number:g})"
    if "boolean" in kinds and lower in {"yes", "no", "on", "off"}:
        return f" (write {value_text(lower in {'yes', 'on'})})"
    if "null" in kinds and lower in {"none", "no", "off"}:
        return " (write null)"
    if "list" in kinds:
        is_list = text.startswith("[") and text.endswith("]")
        return f" (write {text}, without quotes)" if is_list else f" (write [{text.strip('()')}])"
    if kinds == {"section"} and (required := required_keys(sections_of(forms)[0])):
        return f" (write {{{required[0]}: {text}}})"
    words = [word for form in forms for word in form.words]
    return (_part_of_method(lower) if words == list(METHODS) else "") or meant_word(text, words)


def _part_of_method(word: str) -> str:
    """A suggestion for a sampler's or a scheduler's name in place of a method; empty for other words."""
    if word in SAMPLERS:
        return f" ({word} is a sampler; write {{scheduler: full_budget, sampler: {word}}})"
    if word in SCHEDULERS:
        return f" ({word} is a scheduler; write {{scheduler: {word}, sampler: random}})"
    return ""


def _fits(kinds: Collection[Kind], value: Any) -> bool:
    """Whether a value is of one of these kinds; text never is."""
    match value:
        case None:
            return "null" in kinds
        case bool():
            return "boolean" in kinds
        case int():
            return "integer" in kinds or "number" in kinds
        case float():
            return "number" in kinds
    return False
