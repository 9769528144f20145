"""How messages describe the values that a setting allows, and the value that was given."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from fnnctl.config.schema.data import DELIMITER_PATTERN, SHA256_PATTERN
from fnnctl.config.schema.experiment import NAME_PATTERN, NOTE_PATTERN
from fnnctl.config.schema.schema_tree import Schema, has_free_keys, names_of, sections_of, words_of
from fnnctl.config.yaml_text import flow_yaml
from fnnctl.text import truncate_end, word_list

MAX_SHOWN = 60

_PATTERNS = {
    SHA256_PATTERN: "64 hexadecimal digits (0-9, a-f)",
    DELIMITER_PATTERN: "a single character, neither a double quote nor a line end",
    NAME_PATTERN: "a single line of 1 to 200 characters",
    NOTE_PATTERN: "a text of 1 to 10000 characters without control characters",
}
_BOUNDS = {
    "minimum": "of at least",
    "exclusiveMinimum": "above",
    "maximum": "at most",
    "exclusiveMaximum": "below",
}


def allowed(forms: Iterable[Schema]) -> str:
    """Describe the allowed forms in words: `a whole number of at least 1, or auto`."""
    return ", or ".join(dict.fromkeys(map(_form_in_words, forms)))


def value_text(value: Any) -> str:
    """Format a given value for a message. Long texts are cut; lists and mappings are not written out."""
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list):
        return f"a list of length {len(value)}"
    written_as_in_python = isinstance(value, int | str) or (isinstance(value, float) and math.isfinite(value))
    text = repr(value) if written_as_in_python and not isinstance(value, bool) else flow_yaml(value)
    return truncate_end(text, MAX_SHOWN)


def _form_in_words(form: Schema) -> str:
    if words := words_of(form):
        return words[0] if len(words) == 1 else f"one of {', '.join(words)}"
    match form["type"]:
        case "integer":
            return _number_in_words("a whole number", form)
        case "number":
            return _number_in_words("a number", form)
        case "string":
            return _PATTERNS.get(form.get("pattern", ""), "text")
        case "array":
            return _list_in_words(form)
        case "object":
            return _mapping_in_words(form)
    return "true or false" if form["type"] == "boolean" else "null"


def _mapping_in_words(form: Schema) -> str:
    if has_free_keys(form):
        entry = form["additionalProperties"]
        if sections_of(entry):
            return "a mapping of settings to domains"
        return _number_in_words("a mapping of names to numbers", entry)
    if names_of(form):
        return "a mapping with a name"
    if "properties" not in form:
        return "a mapping of settings to values"
    return f"a mapping with {word_list(list(form['properties']), limit=5)}"


def _list_in_words(form: Schema) -> str:
    if "maxItems" not in form:
        return "a list"
    if form.get("minItems") == form["maxItems"]:
        return f"a list of {form['maxItems']} numbers"
    return f"a list of at most {form['maxItems']} entries"


def _number_in_words(noun: str, form: Schema) -> str:
    if {"minimum", "maximum"} <= form.keys():
        return f"{noun} from {_bound(form['minimum'])} to {_bound(form['maximum'])}"
    bounds = [f"{words} {_bound(form[key])}" for key, words in _BOUNDS.items() if key in form]
    return " ".join(filter(None, (noun, " and ".join(bounds))))


def _bound(number: float) -> str:
    return str(number) if isinstance(number, int) else f"{number:.12g}"
