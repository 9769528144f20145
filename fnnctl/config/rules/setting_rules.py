"""Applies the rules of the records to an experiment: which settings have no effect or contradict others.

Settings without effect ("ineffective") are an error if given, and are left out of `resolved.yaml`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from functools import cache

from fnnctl.config.paths import ConfigPath, is_below, parse_path
from fnnctl.config.problems import Problems
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.section import Section
from fnnctl.config.schema.setting import Place, Rule, Setting, setting_of


def ineffective_settings(experiment: Experiment) -> Problems:
    """The settings that have no effect in this experiment, each with the reason."""
    return _problems(experiment, lambda place: place.setting.no_effect)


def contradictions(experiment: Experiment, ineffective: Collection[ConfigPath] = ()) -> Problems:
    """The settings that contradict others, each with what to write instead.

    Settings inside an ineffective section are left out.
    """
    problems = _problems(experiment, lambda place: () if place.is_off else place.setting.contradictions)
    return {path: problem for path, problem in problems.items() if not is_below(path, ineffective)}


def search_contradictions(experiment: Experiment) -> Problems:
    """The settings that contradict others if the experiment is searched."""
    return _problems(experiment, lambda place: () if place.is_off else place.setting.search_contradictions)


def _problems(experiment: Experiment, rules_of: Callable[[Place], tuple[Rule, ...]]) -> Problems:
    problems: Problems = {}
    for place in _places(experiment, ()):
        for rule in rules_of(place):
            for problem in rule(experiment, place):
                path = parse_path(problem.path) if problem.path else place.path
                problems.setdefault(path, problem)
    return problems


def _places(section: Section, path: ConfigPath) -> Iterator[Place]:
    """The settings of an experiment that have rules."""
    for key, setting in _fields(type(section)):
        value = getattr(section, key)
        if setting is not None:
            yield Place((*path, key), value, setting)
        if isinstance(value, Section):
            yield from _places(value, (*path, key))
        elif isinstance(value, tuple):
            for index, entry in enumerate(value):
                if isinstance(entry, Section):
                    yield from _places(entry, (*path, key, index))


@cache
def _fields(section: type[Section]) -> tuple[tuple[str, Setting | None], ...]:
    """The fields of a section, each with its record if that has rules."""
    records = {key: setting_of(info) for key, info in section.model_fields.items()}
    return tuple((key, record if record.has_rules else None) for key, record in records.items())
