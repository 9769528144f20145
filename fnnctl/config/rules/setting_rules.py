"""Applies the rules of the records to an experiment: which settings have no effect or contradict others.

Settings without effect ("ineffective") are an error if given, and are left out of `resolved.yaml`. The check
of a space applies the rules to hundreds of trials, so only the sections that have rules are walked through.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, Literal, TypeAlias

from fnnctl.config.paths import TASK, ConfigPath, format_path, is_below, parse_path
from fnnctl.config.problems import Problems, predicate, sentence
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.forms import field_forms, sections_of
from fnnctl.config.schema.section import Section
from fnnctl.config.schema.setting import Place, Setting, setting_of
from fnnctl.config.yaml_text import flow_yaml
from fnnctl.errors import Problem
from fnnctl.metrics.metric import SEVERAL
from fnnctl.text import did_you_mean, quoted, word_list

_Rules: TypeAlias = Literal[
    "no_effect", "contradictions", "search_contradictions", "needs_target", "needs_targets"
]
"""What of a `Setting` is applied."""


def ineffective_settings(experiment: Experiment) -> Problems:
    """The settings that have no effect in this experiment, each with the reason."""
    return _problems(experiment, "no_effect")


def contradictions(experiment: Experiment, ineffective: Collection[ConfigPath] = ()) -> Problems:
    """The settings that contradict others, each with what to write instead.

    Settings inside an ineffective section are left out.
    """
    problems = _problems(experiment, "contradictions")
    if experiment.data.targets:
        refused = refused_by_targets(experiment, experiment.data.targets)
        problems |= {parse_path(problem.path or ""): problem for problem in refused}
    return {path: problem for path, problem in problems.items() if not is_below(path, ineffective)}


def search_contradictions(experiment: Experiment) -> Problems:
    """The settings that contradict others if the experiment is searched."""
    return _problems(experiment, "search_contradictions")


def refused_by_targets(experiment: Experiment, targets: Sequence[str]) -> Iterator[Problem]:
    """The problems with settings that are not for so many targets, and with names that no target has."""
    for place in _places(experiment, (), "needs_targets"):
        needed, counterpart = place.setting.needs_targets, place.setting.counterpart
        if place.value == place.default or (place.path == TASK and place.value == SEVERAL):
            continue
        if needed == "one" and len(targets) > 1:
            advice = "leave it out, or write one column as data.target"
            if counterpart is not None:
                advice = (
                    f"write {counterpart}: {{{flow_yaml(targets[0])}: …}}, and the same for other targets"
                )
            problem = predicate("is for one target alone", "data.target")
            yield replace(problem, path=format_path(place.path), advice=advice)
        elif needed == "several" and len(targets) == 1:
            advice = "leave it out" if counterpart is None else f"write {counterpart}"
            problem = predicate(
                f"is for several targets, but {quoted(targets[0])} is the only one", "data.target"
            )
            yield replace(problem, path=format_path(place.path), advice=advice)
        elif needed == "several" and isinstance(place.value, Mapping):
            yield from _no_targets(place, targets)


def _no_targets(place: Place, targets: Sequence[str]) -> Iterator[Problem]:
    """The names in a mapping that are none of the targets."""
    for name in (name for name in place.value if name not in targets):
        near = did_you_mean(name, targets) or f": they are {word_list(targets)}"
        problem = sentence(f"{quoted(name)} is none of the targets", "data.target").suffixed(near)
        yield replace(problem, path=format_path((*place.path, name)))


def refused_settings(experiment: Experiment, target: str, classes: int) -> Iterator[Problem]:
    """The problems with settings that are not for a target, and do not have their defaults.

    `classes` is the number of the target's classes; 0 in a regression.
    """
    yield from refused_by_targets(experiment, (target,))
    yield from refused_by_kind(experiment, target, classes)


def refused_by_kind(experiment: Experiment, target: str, classes: int) -> Iterator[Problem]:
    """The problems of `refused_settings` with the kind of the target, which may be one of several."""
    for place in _places(experiment, (), "needs_target"):
        setting, default = place.setting, place.default
        if place.value == default:
            continue
        if setting.needs_classes and not classes:
            problem = sentence("a regression has no classes")
        elif setting.needs_classes == "two" and classes != 2:
            problem = predicate(f"is for two classes, but {quoted(target)} has {classes:,}")
        elif setting.needs_numbers and classes:
            problem = predicate(f"is for a regression: {setting.needs_numbers}")
        else:
            continue
        written = f"{default:g}" if isinstance(default, float) else flow_yaml(default)
        yield replace(problem, path=format_path(place.path), advice=f"write {place.key}: {written}")


def _problems(experiment: Experiment, kind: _Rules) -> Problems:
    problems: Problems = {}
    for place in _places(experiment, (), kind):
        if place.is_off and kind == "contradictions":
            continue
        for rule in getattr(place.setting, kind):
            for problem in rule(experiment, place):
                path = parse_path(problem.path) if problem.path else place.path
                problems.setdefault(path, problem)
    return problems


def _places(section: Section, path: ConfigPath, kind: _Rules) -> list[Place]:
    """The settings of a section and of those in it that have rules of this kind."""
    places = []
    for key, setting, default, has_rules_inside in _fields(type(section), kind):
        value = getattr(section, key)
        if setting is not None:
            places.append(Place((*path, key), value, setting, default))
        if not has_rules_inside:
            continue
        if isinstance(value, Section):
            places += _places(value, (*path, key), kind)
            continue
        for part, entry in _entries(value):
            if isinstance(entry, Section):
                places += _places(entry, (*path, key, part), kind)
    return places


def _entries(value: Any) -> Iterable[tuple[str | int, Any]]:
    """The entries of a list or a mapping, each with its index or key; none of other values."""
    if isinstance(value, dict):
        return value.items()
    return enumerate(value) if isinstance(value, tuple) else ()


@cache
def _fields(section: type[Section], kind: _Rules) -> tuple[tuple[str, Setting | None, Any, bool], ...]:
    """The fields with rules of this kind: the record if any, the default, and whether sections in it have."""
    fields = []
    for key, info in section.model_fields.items():
        setting = setting_of(info)
        record = setting if getattr(setting, kind) else None
        inside = (
            choice for form in field_forms(section, key) for choice in sections_of((form, *form.entries))
        )
        has_rules_inside = any(_fields(choice, kind) for choice in inside)
        if record or has_rules_inside:
            fields.append((key, record, info.default, has_rules_inside))
    return tuple(fields)
