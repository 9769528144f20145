"""How messages describe the values that a setting allows, and the value that was given."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from fnnctl.config.schema.data import DELIMITER_PATTERN, SHA256_PATTERN
from fnnctl.config.schema.experiment import NAME_PATTERN, NOTE_PATTERN
from fnnctl.config.schema.forms import Form, choice_names, names_of, sections_of
from fnnctl.config.yaml_text import flow_yaml
from fnnctl.text import truncate_end, word_list

MAX_SHOWN = 60

_PATTERNS = {
    SHA256_PATTERN: "64 hexadecimal digits (0-9, a-f)",
    DELIMITER_PATTERN: "a single character, neither a double quote nor a line end",
    NAME_PATTERN: "a single line of 1 to 200 characters",
    NOTE_PATTERN: "a text of 1 to 10000 characters without control characters",
}


def allowed(forms: Iterable[Form]) -> str:
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


def _form_in_words(form: Form) -> str:
    match form.kind:
        case "words":
            further = f", or {form.further}" if form.further else ""
            return form.words[0] if len(form.words) == 1 else f"one of {', '.join(form.words)}{further}"
        case "integer":
            return _number_in_words("a whole number", form)
        case "number":
            return _number_in_words("a number", form)
        case "text":
            return _PATTERNS.get(form.pattern or "", "text")
        case "list":
            return _list_in_words(form)
        case "mapping" | "section":
            return _mapping_in_words(form)
        case "boolean":
            return "true or false"
        case "null":
            return "null"
        case "any":
            return "any value"


def _mapping_in_words(form: Form) -> str:
    if form.has_free_keys:
        if names := choice_names(form.entries):
            return f"a mapping of names to {word_list(names, limit=2)}"
        if sections_of(form.entries):
            return "a mapping of settings to domains"
        return _number_in_words("a mapping of names to numbers", form.entries[0])
    if form.section is None:
        return "a mapping of settings to values"
    if names_of(form.section):
        return "a mapping with a name"
    return f"a mapping with {word_list(form.keys, limit=5)}"


def _list_in_words(form: Form) -> str:
    if form.max_length is None:
        return "a list"
    if form.min_length == form.max_length:
        return f"a list of {form.max_length} numbers"
    if form.min_length:
        return f"a list of {form.min_length} to {form.max_length} entries"
    return f"a list of at most {form.max_length} entries"


def _number_in_words(noun: str, form: Form) -> str:
    if form.ge is not None and form.le is not None:
        return f"{noun} from {_bound(form.ge)} to {_bound(form.le)}"
    bounds = {"of at least": form.ge, "above": form.gt, "at most": form.le, "below": form.lt}
    limits = [f"{words} {_bound(bound)}" for words, bound in bounds.items() if bound is not None]
    return " ".join(filter(None, (noun, " and ".join(limits))))


def _bound(number: float) -> str:
    return str(number) if isinstance(number, int) else f"{number:.12g}"
