"""Random valid configs as plain values: the forms of the schema say which values each setting may have."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from hypothesis import strategies as st

from fnnctl.config.paths import ConfigPath, parse_path
from fnnctl.config.problems import Problems
from fnnctl.config.rules.experiments import experiment_of
from fnnctl.config.rules.plain_config import is_set, without
from fnnctl.config.rules.validation import InvalidConfigurationError
from fnnctl.config.schema.data import DELIMITER_PATTERN, SHA256_PATTERN
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.forms import Form, field_forms, required_keys, sections_of
from fnnctl.config.schema.section import Section
from fnnctl.errors import Problem

TRICKY = [
    "012", "1e-3", "0o17", "0x1f", "1:30", "1_000", ".inf", ".nan", "no", "True", "~", "null", "", "<<",
    "- a", "a: b", "# c", " before", "after ", "*a", "&a", "!a", "%a", "@a", "'", '"', "\\", "a\nb", "a\tb",
    "\u2028", "\ufeff", "\xa0", "ü", "😀", "2024-11-24", "=", "---", "...", "?", ":", ",", "[", "}",
    "x" * 200,
]  # fmt: skip

_visible = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"])
_texts = st.sampled_from(TRICKY) | st.text(st.one_of(_visible, st.sampled_from("\n\t\r")), max_size=30)
_keys = st.one_of(st.sampled_from(TRICKY), st.text(_visible, max_size=200)).filter(
    lambda text: bool(text) and text.isprintable()
)
_anything = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(0, 1), _texts),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(_keys, inner, max_size=2)),
    max_leaves=4,
)
_patterns: dict[str | None, st.SearchStrategy[str]] = {
    SHA256_PATTERN: st.text("0123456789abcdef", min_size=64, max_size=64),
    DELIMITER_PATTERN: st.sampled_from(",;\t|~ "),
}


@cache
def _values(forms: tuple[Form, ...]) -> st.SearchStrategy[Any]:
    return st.one_of(*map(_values_of, forms))


def _values_of(form: Form) -> st.SearchStrategy[Any]:
    match form.kind:
        case "section":
            assert form.section is not None
            return _section(form.section)
        case "mapping":
            return st.dictionaries(_keys, _values(form.entries), min_size=form.has_free_keys, max_size=3)
        case "list":
            low, high = form.min_length or 0, form.max_length or 3
            return st.lists(_values(form.entries), min_size=low, max_size=high)
        case "words":
            return st.sampled_from(form.words)
        case "integer" | "number":
            return _numbers(form)
        case "text" if form.pattern in _patterns:
            return _patterns[form.pattern]
        case "text":
            return _texts.filter(
                lambda text: len(text) >= (form.min_length or 0) and re.search(form.pattern or "", text)
            )
        case "boolean":
            return st.booleans()
        case "null":
            return st.none()
        case "any":
            return _anything


def _numbers(form: Form) -> st.SearchStrategy[float]:
    low = form.gt if form.ge is None else form.ge
    high = form.lt if form.le is None else form.le
    if form.kind == "integer":
        assert low is not None
        assert high is not None
        return st.integers(int(low), int(low) + 3) | st.integers(int(low), int(high))
    return st.floats(
        low,
        high,
        exclude_min=form.gt is not None,
        exclude_max=form.lt is not None,
        allow_nan=False,
        allow_infinity=False,
    )


@st.composite
def _section(draw: st.DrawFn, section: type[Section]) -> dict[str, Any]:
    """Single settings that are not required occur in half of the mappings."""
    needed = {*required_keys(section), "name"}
    forms = {key: field_forms(section, key) for key in section.model_fields}
    keys = [key for key in forms if key in needed or sections_of(forms[key]) or draw(st.booleans())]
    return {key: draw(_values(forms[key])) for key in keys}


@st.composite
def raw_experiment(draw: st.DrawFn) -> dict[str, Any]:
    """A config without the settings that its other settings refuse, and with a schema's defaults."""
    config = draw(_section(Experiment)) | {"recipe": "classic", "complete": False}
    while problems := _problems(config):
        config = without(config, {_cause(config, path, problem) for path, problem in problems.items()})
    return config


def _cause(config: dict[str, Any], path: ConfigPath, problem: Problem) -> ConfigPath:
    """The setting to leave out: the wrong one, or else one that makes a default wrong."""
    return next(
        cause
        for cause in [
            path,
            *map(parse_path, problem.related),
            *(path[:end] for end in range(len(path) - 1, 0, -1)),
        ]
        if is_set(config, cause)
    )


def _problems(config: dict[str, Any]) -> Problems:
    try:
        experiment_of(config)
    except InvalidConfigurationError as error:
        return error.by_path
    return {}
