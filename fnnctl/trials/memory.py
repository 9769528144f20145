"""Checks that the largest network of a space fits in memory, before a search trains any."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fnnctl.config.schema.ensemble import EnsembleConfig
from fnnctl.config.yaml_text import flow_yaml
from fnnctl.errors import ConfigError, Problem
from fnnctl.seeds import Purpose, stream
from fnnctl.space.assignments import Assignment
from fnnctl.space.corners import corners
from fnnctl.space.dimensions import Dimension
from fnnctl.space.layers import WIDTH, single_layer_part
from fnnctl.space.space import Space
from fnnctl.text import word_list
from fnnctl.trials.fits import TrialFits

MAX_SHOWN = 8
SWEEPS = 2
"""How often each dimension is maximized in turn, with the others fixed."""


def refuse_too_large(fits: TrialFits, space: Space, ensemble: EnsembleConfig) -> None:
    """Raise `ConfigError` if the largest network of the space needs more memory than is available.

    Any trial may win, and unless trials are ensembles themselves the winner is trained again as this
    `ensemble`, so its memory must be there from the start. Configurations that are invalid for other reasons
    fail later, in their trials.
    """
    largest = _largest(fits, space)
    if largest is not None:
        _refuse_shortage(fits, largest, ensemble, "search.space")


def refuse_too_large_first(fits: TrialFits, first: Sequence[Assignment], ensemble: EnsembleConfig) -> None:
    """`refuse_too_large` for the first trials, which may be outside the space."""
    for assignment in first:
        _refuse_shortage(fits, assignment, ensemble, "search.start_from")


def _refuse_shortage(fits: TrialFits, assignment: Assignment, ensemble: EnsembleConfig, path: str) -> None:
    refits = () if fits.configs.scheme.trains_ensembles else ((ensemble, "model.ensemble"),)
    for trained, where in ((None, path), *refits):
        if message := fits.memory_shortage(assignment, trained):
            raise ConfigError(Problem(f"with {_assignment_text(assignment)}, {message}", path=where))


def _largest(fits: TrialFits, space: Space) -> Assignment | None:
    """The assignment of the largest network; None if none was found that the constraints allow.

    It is searched for dimension by dimension, among the ends of ranges and the values of choices, from the
    upper ends, or from the largest corner of what the constraints allow. Layers with their own widths are as
    wide as possible; other settings of their own vary together, because the largest are the same for all.
    """

    def size(values: Mapping[str, Any]) -> int:
        return fits.training_bytes(space.assignment_of(values))

    values: dict[str, Any] = {
        dimension.name: dimension.domain.values_to_try()[-1] for dimension in space.dimensions
    }
    if not space.allows(space.assignment_of(values)):
        options_of_corners = ({**values, **corner} for corner in corners(space, stream(0, Purpose.POINTS)))
        values = max(options_of_corners, key=size, default={})
        if not values:
            return None
    varied: dict[tuple[str, str], list[Dimension]] = {}
    for dimension in space.dimensions:
        if (part := single_layer_part(dimension)) != WIDTH:
            varied.setdefault((dimension.setting, part or dimension.name), []).append(dimension)
    for _ in range(SWEEPS):
        for together in varied.values():
            tried = together[0].domain.values_to_try()
            variants = ({**values, **{dimension.name: value for dimension in together}} for value in tried)
            options = [
                values,
                *(variant for variant in variants if space.allows(space.assignment_of(variant))),
            ]
            values = max(options, key=size)  # max keeps the first of equals, so large values stay
    return space.assignment_of(values)


def _assignment_text(assignment: Mapping[str, Any]) -> str:
    """The assignment on one line; of a long list, only the beginning and the length."""
    texts = []
    for path, value in assignment.items():
        long = isinstance(value, list) and len(value) > MAX_SHOWN
        text = f"[{word_list(list(map(flow_yaml, value)), MAX_SHOWN)}]" if long else flow_yaml(value)
        texts.append(f"{path}: {text}")
    return f"{{{', '.join(texts)}}}"
