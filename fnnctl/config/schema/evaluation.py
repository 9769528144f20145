"""The `evaluation` section: how a configuration is evaluated, beside its own test part."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from fnnctl.config.schema.section import Section

MOST_FOLDS = 10_000


class CrossValidationConfig(Section):
    """How `fnnctl evaluate` divides all rows into folds, each of which is the test part once."""

    folds: Annotated[int, Field(ge=2, le=MOST_FOLDS)] = 5
    """Into how many parts the rows are divided."""
    repeats: Annotated[int, Field(ge=1, le=MOST_FOLDS)] = 5
    """How many times, each time anew: one division is an accident."""
    stratify: bool = True
    """Whether every fold gets the classes in the same proportions."""


class EvaluationConfig(Section):
    """How a configuration is evaluated, beside its own test part."""

    cross_validation: CrossValidationConfig = CrossValidationConfig()
    """What `fnnctl evaluate` does with it; training does not read this."""
