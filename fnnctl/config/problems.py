"""The kinds of problems of a config that code decides by, and functions that make the most frequent ones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final, TypeAlias

from fnnctl.config.paths import ConfigPath, parse_path
from fnnctl.errors import Problem

Problems: TypeAlias = dict[ConfigPath, Problem]
"""What is wrong, by path; the file and the line are not known yet."""

NO_EFFECT: Final = "no_effect"
"""The kind of a problem with a setting that changes nothing because of the settings that it is related to."""

NO_BAGS: Final = "no_bags"
"""The kind of the problem that trials are to be measured on bags, and there are none."""

NO_CONFIRMATION: Final = "no_confirmation"
"""The kind of the problem that trials are to be confirmed, and cannot be where they are measured."""


def by_path(problems: Iterable[Problem]) -> Problems:
    """The problems by path; the last one of each."""
    return {parse_path(problem.path or ""): problem for problem in problems}


def no_effect(reason: str, *causes: str) -> Problem:
    """A setting has no effect; the causes are the paths of the settings whose values are the reason."""
    values = {"has": "has", "reason": reason}
    return Problem("{has} no effect: {reason}", kind=NO_EFFECT, values=values, related=causes)


def no_effect_without(cause: str) -> Problem:
    """A setting has no effect unless another one is set."""
    values = {"has": "has", "cause": cause}
    return Problem("{has} no effect without {cause}", kind=NO_EFFECT, values=values, related=(cause,))


def predicate(text: str, *related: str, advice: str = "", **values: object) -> Problem:
    """What is wrong, as a predicate of the setting: `must be less than {rate:g}`; see `Problem`."""
    return Problem(text, advice=advice, values=values, related=related)


def sentence(text: str, *related: str, advice: str = "", **values: object) -> Problem:
    """What is wrong, as a sentence of its own: `a single network has no twin`; see `Problem`."""
    return Problem(text, advice=advice, values=values, related=related, has_subject=True)


def conditional(problem: Problem) -> Problem:
    """A problem as one that there would be: a setting that would have no effect.

    Problems that do not say `has` stay as they are, such as that adam has no momentum.
    """
    if "has" not in problem.values:
        return problem
    return replace(problem, values={**problem.values, "has": "would have"})
