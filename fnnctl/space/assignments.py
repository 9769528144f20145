"""Assignments: one value per active setting, computed from the values of the dimensions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from fnnctl.space.dimensions import Dimension
from fnnctl.space.layers import DEPTH, assemble_layers, split_layers

Assignment: TypeAlias = Mapping[str, Any]
"""The values of the searched settings, by path; a setting whose condition does not hold is absent."""


def assignment_of(dimensions: Sequence[Dimension], values: Mapping[str, Any]) -> dict[str, Any]:
    """The value of each setting, from the `values` of the active dimensions by name."""
    assignment: dict[str, Any] = {}
    for dimension in dimensions:
        if dimension.name in values:
            if dimension.part is None:
                assignment[dimension.setting] = values[dimension.name]
            elif dimension.part == DEPTH:
                assignment[dimension.setting] = assemble_layers(dimension.setting, values)
    return assignment


def values_by_dimension(dimensions: Sequence[Dimension], assignment: Assignment) -> dict[str, Any]:
    """The value of each active dimension, by name; the inverse of `assignment_of`."""
    values: dict[str, Any] = {}
    split: dict[str, Mapping[str, Any]] = {}
    """The values of the parts of a setting, by its path."""
    for dimension in dimensions:
        setting = dimension.setting
        if dimension.part is None:
            if setting in assignment:
                values[setting] = assignment[setting]
        elif setting in assignment:
            if setting not in split:
                split[setting] = split_layers(setting, assignment[setting])
            if dimension.name in split[setting]:
                values[dimension.name] = split[setting][dimension.name]
    return values
