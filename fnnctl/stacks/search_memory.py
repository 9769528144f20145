"""Checks that the largest network of a space fits in memory, before a search trains any."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fnnctl.config.yaml_text import flow_yaml
from fnnctl.errors import ConfigError, Problem
from fnnctl.space.assignments import Assignment
from fnnctl.space.space import Space
from fnnctl.stacks.trial_fits import TrialFits

SWEEPS = 2
"""How often each dimension is maximized in turn, with the others fixed."""


def refuse_too_large(fits: TrialFits, space: Space) -> None:
    """Raise `ConfigError` if the largest network of the space needs more memory than is available.

    It is searched for dimension by dimension, among the ends of ranges and the values of choices.
    Configurations that are invalid for other reasons fail later, in their trials.
    """
    values: dict[str, Any] = {each.name: each.domain.values_to_try()[-1] for each in space.dimensions}
    for _ in range(SWEEPS):
        for each in space.dimensions:
            others = ({**values, each.name: value} for value in each.domain.values_to_try())
            options = [values, *others]  # max keeps the first of equals, so large values stay
            values = max(options, key=lambda changed: fits.training_bytes(space.assignment_of(changed)))
    largest = space.assignment_of(values)
    if message := fits.memory_shortage(largest):
        chosen = f"with {flow_yaml(dict(largest))}, {message}"
        raise ConfigError(Problem(chosen, path="search.space"))


def refuse_too_large_first(fits: TrialFits, first: Sequence[Assignment]) -> None:
    """Raise `ConfigError` if a network of the first trials, which may be outside the space, is too large."""
    for assignment in first:
        if message := fits.memory_shortage(assignment):
            chosen = f"with {flow_yaml(dict(assignment))}, {message}"
            raise ConfigError(Problem(chosen, path="search.start_from"))
