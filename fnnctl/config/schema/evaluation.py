"""The `evaluation` section: cross-validation."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from fnnctl.config.schema.section import Section

MOST_FOLDS = 10_000


class CrossValidationConfig(Section):
    """How `fnnctl evaluate` divides all rows into folds, each of which is the test part once."""

    folds: Annotated[int, Field(ge=2, le=MOST_FOLDS)] = 5
    """The number of folds."""
    repeats: Annotated[int, Field(ge=1, le=MOST_FOLDS)] = 5
    """How many times the rows are divided into folds, each time in a different way."""
    stratify: bool = True
    """Whether every fold has the classes in the same proportions; in a regression, the bins of
    `data.split.bins`."""


class EvaluationConfig(Section):
    """How a configuration is evaluated in addition to its test part."""

    cross_validation: CrossValidationConfig = CrossValidationConfig()
    """The cross-validation of `fnnctl evaluate`; training does not read this."""
