"""The fits of a learning curve over data size: those of a cross-validation, with fewer rows to learn from.

All sizes have the same settings, also those that a recipe chose for all rows, so that only the rows differ.
"""

from __future__ import annotations

from dataclasses import replace

from fnnctl.data.splits.bags import BaggedRows
from fnnctl.data.splits.subsets import Subset
from fnnctl.errors import ConfigError, Problem, quoted_list
from fnnctl.modelling.cross_validation import CrossValidation
from fnnctl.modelling.fit import Fit
from fnnctl.text import counted, shown

LARGER = "write a larger share, or leave it out"


def with_sizes(validation: CrossValidation) -> CrossValidation:
    """The cross-validation with the largest of the experiment's sizes, and the others in `smaller`.

    `validation` has all rows; it is returned unchanged if the experiment names no sizes. The fits of a fold
    have the same seed for all sizes. Raises `ConfigError` if a size has too few rows for the experiment.
    """
    sizes = validation.experiment.evaluation.sizes
    if sizes is None:
        return validation
    *smaller, largest = (_of_share(validation, share) for share in sorted(sizes))
    return replace(largest, smaller=tuple(smaller))


def _of_share(validation: CrossValidation, share: float) -> CrossValidation:
    """The cross-validation with this share of the rows that each fold learns from."""
    if share == 1.0:
        return validation
    fits = tuple(_smaller_fit(validation, fit, share) for fit in validation.fits)
    return replace(validation, fits=fits, share=share)


def _smaller_fit(validation: CrossValidation, fit: Fit, share: float) -> Fit:
    experiment, data = validation.experiment, validation.data
    subset = Subset(
        fit.rows.rows if isinstance(fit.rows, BaggedRows) else fit.rows,
        share,
        experiment.evaluation.cross_validation.stratify,
        experiment.split_seed,
        data.dataset.order,
    )
    try:
        split = subset.split(data.strata, data.dataset.groups)
    except ValueError:
        by = shown(experiment.data.split.by or "")
        message = f"a fold's last rows all have the same value in the column {by}: {LARGER}"
        raise _too_small(validation, share, message) from None
    whole, learned = fit.split(data).known, split.known
    if absent := data.task.unlearned(data.targets[whole], data.targets[learned]):
        which = "the class" if len(absent) == 1 else "the classes"
        names = quoted_list([*map(shown, absent)])
        lack = f"a fold learns from {counted(learned.size, 'row')}, none of them of {which} {names}"
        raise _too_small(validation, share, f"{lack}: {LARGER}")
    try:
        return Fit.of(data, experiment, subset, seed=fit.seed)
    except ConfigError as error:
        problem = error.problems[0]
        where = f" in {problem.path}" if problem.path else ""
        message = f"{problem.message}{where}; or {LARGER}"
        raise _too_small(validation, share, message) from None


def _too_small(validation: CrossValidation, share: float, message: str) -> ConfigError:
    index = (validation.experiment.evaluation.sizes or ()).index(share)
    return ConfigError(Problem(f"with {share:g} of the rows, {message}", path=f"evaluation.sizes[{index}]"))
