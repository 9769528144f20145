"""Checks that the largest network of a space fits in memory, before a search trains any."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fnnctl.config.yaml_text import flow_yaml
from fnnctl.errors import ConfigError, Problem, quoted_list
from fnnctl.space.layers import is_own_width
from fnnctl.space.space import Space
from fnnctl.stacks.trial_fits import TrialFits

MOST_SHOWN = 8
SWEEPS = 2
"""How often each dimension is maximized in turn, with the others fixed."""


def refuse_too_large(fits: TrialFits, space: Space) -> None:
    """Raise `ConfigError` if the largest network of the space needs more memory than is available.

    It is searched for dimension by dimension, among the ends of ranges and the values of choices. Layers with
    their own widths are as wide as possible.
    Configurations that are invalid for other reasons fail later, in their trials.
    """
    values: dict[str, Any] = {each.name: each.domain.values_to_try()[-1] for each in space.dimensions}
    varied = [each for each in space.dimensions if not is_own_width(each)]
    for _ in range(SWEEPS):
        for each in varied:
            others = ({**values, each.name: value} for value in each.domain.values_to_try())
            options = [values, *others]  # max keeps the first of equals, so large values stay
            values = max(options, key=lambda changed: fits.training_bytes(space.assignment_of(changed)))
    largest = space.assignment_of(values)
    if message := fits.memory_shortage(largest):
        chosen = f"with {_shown(largest)}, {message}"
        raise ConfigError(Problem(chosen, path="search.space"))


def _shown(assignment: Mapping[str, Any]) -> str:
    """The assignment on one line; of a long list, only the beginning and the length."""
    texts = []
    for path, value in assignment.items():
        long = isinstance(value, list) and len(value) > MOST_SHOWN
        text = f"[{quoted_list(list(map(flow_yaml, value)), MOST_SHOWN)}]" if long else flow_yaml(value)
        texts.append(f"{path}: {text}")
    return f"{{{', '.join(texts)}}}"
