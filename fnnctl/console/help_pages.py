"""What `fnnctl help` says of a setting and of a word, as lines of text."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.forms import field_forms, sections_of
from fnnctl.config.yaml_text import flow_yaml
from fnnctl.console.text_table import text_width
from fnnctl.reference.recipe_steps import ANY_TASK, RecipeStep, RecipeSteps
from fnnctl.reference.settings import ChoiceText, SettingHelp
from fnnctl.reference.words import AboutWord

INDENT: Final = 2


def setting_lines(setting: SettingHelp, width: int) -> Iterator[str]:
    """The page of a setting."""
    yield setting.path
    yield ""
    for text in _choice_texts(setting.description):
        yield from textwrap.wrap(text, width)
    yield ""
    yield from _rows(_facts(setting), width)
    if setting.parts:
        yield ""
        yield "In it:"
        yield from _rows([(part.name, part.text) for part in setting.parts], width)


def word_lines(about: AboutWord, width: int) -> Iterator[str]:
    """What a word is about, below a heading for each kind of thing."""
    blocks = {
        "Terms": about.terms,
        "Settings (`fnnctl help SETTING` says more)": about.settings,
        "Metrics": about.metrics,
        "Commands (`fnnctl help COMMAND`)": about.commands,
        "Pages (`fnnctl help PAGE`)": about.headings,
    }
    listed = [(title, entries) for title, entries in blocks.items() if entries]
    for index, (title, entries) in enumerate(listed):
        yield from [""] * min(index, 1)
        yield f"{title}:"
        yield from _rows([(entry.name, entry.text) for entry in entries], width)


def _facts(setting: SettingHelp) -> list[tuple[str, str]]:
    names = (_names(ours, theirs, setting) for ours, theirs in setting.names_elsewhere.items())
    facts = [
        ("only with", ", ".join(setting.choices)),
        ("values", "; ".join(_choice_texts(setting.values))),
        ("default", "; ".join(_choice_texts(setting.default))),
        *((f"recipe {', '.join(recipes)}", text) for text, recipes in _recipes(setting).items()),
        ("no effect", _list_text(setting.no_effect)),
        ("invalid", _list_text(setting.contradictions)),
        ("search", _search_text(setting)),
        ("other tools", "; ".join(names)),
        ("related", ", ".join(setting.related)),
        ("more", f"fnnctl help settings, {_section(setting.path)}"),
    ]
    return [(name, text) for name, text in facts if text]


def _list_text(sentences: Sequence[str]) -> str:
    """Sentences as the parts of one."""
    return "; ".join(f"{text[0].lower()}{text[1:].rstrip('.')}" for text in sentences)


def _section(path: str) -> str:
    """The section of the page of settings that has a setting."""
    section = path.partition(".")[0]
    has_heading = sections_of(field_forms(Experiment, section))
    return f"section {section}" if has_heading else "at the beginning"


def _choice_texts(parts: Sequence[ChoiceText]) -> list[str]:
    """The texts; if they differ between choices, each with the choices that it holds for."""
    if len(parts) == 1:
        return [parts[0].text]
    return [f"{part.text} ({', '.join(part.choices)})" for part in parts]


def _names(ours: str, names: Sequence[str], setting: SettingHelp) -> str:
    """The names of other tools, for the setting itself or for one of its values."""
    listed = ", ".join(names)
    is_setting = setting.path.rpartition(".")[2] == ours
    return listed if is_setting else f"{listed} for {ours}"


def _recipes(setting: SettingHelp) -> dict[str, list[str]]:
    """What the recipes give a setting, with the names of the recipes that give the same."""
    texts: dict[str, list[str]] = {}
    for steps in setting.recipes:
        texts.setdefault(_recipe_text(steps), []).append(steps.recipe)
    return texts


def _recipe_text(steps: RecipeSteps) -> str:
    texts = [
        _steps_text(by_rows) if task == ANY_TASK else f"in a {task} {_steps_text(by_rows)}"
        for task, by_rows in steps.by_task.items()
    ]
    facts = f" (it depends on {', '.join(steps.depends_on)}, too)" if steps.depends_on else ""
    return "; ".join(texts) + facts


def _steps_text(steps: Sequence[RecipeStep]) -> str:
    *first, last = steps
    parts = [f"{_value(step)} up to {step.most_rows:,} rows" for step in first]
    return ", ".join([*parts, f"then {_value(last)}" if parts else _value(last)])


def _value(step: RecipeStep) -> str:
    return "the default" if step.is_default else flow_yaml(step.value)


def _search_text(setting: SettingHelp) -> str:
    example = f"such as {flow_yaml(setting.domain)}" if setting.domain else ""
    if setting.not_searched is None:
        return example and f"a domain {example}"
    reason = f"it cannot be varied: {setting.not_searched}"
    if setting.not_searched_on_bags is None and example:
        return f"a domain {example} if trials are measured on bags; otherwise {reason}"
    return reason


def _rows(rows: Iterable[tuple[str, str]], width: int) -> Iterator[str]:
    """Names with their texts beside them, or below a name that is too long."""
    listed = list(rows)
    beside = (text_width(name) for name, _ in listed if text_width(name) <= width // 3)
    column = INDENT + max(beside, default=0) + INDENT
    for name, text in listed:
        lines = textwrap.wrap(text, width - column, break_on_hyphens=False) or [""]
        start = " " * INDENT + name
        if text_width(start) + INDENT > column:
            yield start
            start = ""
        yield (start + " " * (column - text_width(start)) + lines[0]).rstrip()
        yield from (" " * column + line for line in lines[1:])
