"""The `evaluation` section: cross-validation."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from fnnctl.config.schema.section import Section

MOST_FOLDS = 10_000

PartOfRows = Annotated[float, Field(gt=0.0, le=1.0)]


class CrossValidationConfig(Section):
    """How `fnnctl evaluate` divides all rows into folds, each of which is the test part once.

    With `data.split.by` the folds follow one another in the order of the column, and train on earlier rows
    only; the first rows are in no fold.
    """

    folds: Annotated[int, Field(ge=2, le=MOST_FOLDS)] = 5
    """The number of folds."""
    repeats: Annotated[int, Field(ge=1, le=MOST_FOLDS)] = 5
    """The number of repeats of the cross-validation, each with different folds (with `data.split.by`, only
    with different seeds)."""
    stratify: bool = True
    """Whether all folds have the same class proportions (in a regression, the same shares of the
    `data.split.bins`). Not with `data.split.by`."""


class EvaluationConfig(Section):
    """How a configuration is evaluated in addition to its test part."""

    cross_validation: CrossValidationConfig = CrossValidationConfig.model_construct()
    """The cross-validation of `fnnctl evaluate`; training does not read this."""
    sizes: Annotated[tuple[PartOfRows, ...], Field(strict=False)] | None = None
    """Shares of a fold's training rows, to see whether more rows help. With `[0.1, 0.3, 1]`
    there are three cross-validations with the same test rows. Smaller subsets are parts of larger ones (with
    `data.split.by`, the latest rows). Null is a single one, with all rows."""
