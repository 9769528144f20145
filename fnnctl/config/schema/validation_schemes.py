"""Where the trials of a search are measured: a record for each validation scheme.

A record has all that others must know of a scheme. To add one, add its name and its record here, and write
the module of this name in `trials.schemes`, which trains, measures and selects.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from fnnctl.config.problems import NO_BAGS, sentence
from fnnctl.errors import Problem

if TYPE_CHECKING:
    from fnnctl.config.schema.experiment import Experiment

SchemeName: TypeAlias = Literal["validation", "cross_validation", "bags"]
ON_VALIDATION: Final[SchemeName] = "validation"
ON_BAGS: Final[SchemeName] = "bags"


@dataclass(frozen=True, kw_only=True, slots=True)
class WinnerWords:
    """How reports speak of what a search makes of its winner."""

    name: str
    made: str
    """Before `for 20 epochs` and `as an ensemble of 8 networks`."""
    not_made: str
    """After `trial 3`, while there is none."""
    run: str
    """The name of its run, in a list of facts."""
    on_test_part: str
    """Where its test score is measured, in a row of a table."""
    after: str = ""
    """After its test score."""


REFITTED: Final = WinnerWords(
    name="refitted winner",
    made="refitted",
    not_made="is not refitted yet",
    run="refitted",
    on_test_part="refitted, test part",
    after=" after the refit",
)
KEPT: Final = WinnerWords(
    name="best trial", made="trained", not_made="has no run yet", run="run", on_test_part="test part"
)


@dataclass(frozen=True, slots=True)
class SchemeWords:
    """How reports speak of the rows on which trials are measured."""

    where: str
    """After a metric, as in `accuracy on the validation part`."""
    short: str
    """In a row of a table."""
    score: str
    """The objective, as in `its validation score is optimistic`."""
    axis: str = ""
    """After the metric's name, on the axis of a figure."""
    winner: WinnerWords = REFITTED


@dataclass(frozen=True, kw_only=True, slots=True)
class ValidationScheme:
    """What a search must know of the rows on which its trials are measured."""

    name: SchemeName
    """The value of `search.objective.on`."""
    words: SchemeWords
    trains_ensembles: bool = False
    """Whether a trial is the config's ensemble, as `fnnctl train` trains it, and may have its own epochs and
    twins. Its networks are kept: the best trial becomes a run as it is, even if the search must end early.
    Otherwise a trial has one network per fit, and the winner is refitted."""
    has_folds: bool = False
    """Whether a trial has a fit per fold; otherwise it has one."""
    has_objective_curve: bool = False
    """Whether the learning curves of a trial have the objective after each epoch."""
    why_impossible: Callable[[Experiment], Problem | None] = lambda experiment: None
    """Why an experiment has no such rows; None if it may have them."""
    no_curve_stopping: str | None = None
    """Why trials are not stopped by their learning curves, as a sentence; None if they can be."""
    no_confirmation: str | None = None
    """Why the best trials cannot be confirmed, as what is said of `search.confirm`; None if they can be."""
    no_ensemble: str | None = None
    """Why trials make no ensemble, as what is said of `search.ensemble`; None if they can."""


def _why_no_validation_part(experiment: Experiment) -> Problem | None:
    if experiment.data.split.validation > 0:
        return None
    trial = " (a trial has no bags)" if experiment.model.ensemble.bags else ""
    return sentence(
        f"there is no validation part, because data.split.validation is 0{trial}",
        "data.split.validation",
        advice="write on: cross_validation, or data.split.validation: 0.15",
    )


def _why_no_bags(experiment: Experiment) -> Problem | None:
    if experiment.model.ensemble.bags:
        return None
    return Problem(
        "bags needs an ensemble with bags",
        kind=NO_BAGS,
        advice="write model.ensemble: {members: 8, bags: true}, or on: validation",
        related=("model.ensemble.bags",),
        has_subject=True,
    )


_SCHEMES: Final = (
    ValidationScheme(
        name=ON_VALIDATION,
        words=SchemeWords("on the validation part", "validation part", "validation score"),
        has_objective_curve=True,
        why_impossible=_why_no_validation_part,
    ),
    ValidationScheme(
        name="cross_validation",
        words=SchemeWords(
            "over the folds", "mean over the folds", "score over the folds", ", cross-validated"
        ),
        has_folds=True,
        no_curve_stopping="a cross-validated objective has no learning curve",
        no_ensemble="needs one network per trial, but a cross-validated objective trains one per fold",
    ),
    ValidationScheme(
        name=ON_BAGS,
        words=SchemeWords("out of bag", "out of bag", "out-of-bag score", ", out of bag", winner=KEPT),
        trains_ensembles=True,
        why_impossible=_why_no_bags,
        no_confirmation="trains the best trials again to measure them on other rows, but bags measure on all "
        "rows outside the test part already",
    ),
)
VALIDATION_SCHEMES: Final[Mapping[str, ValidationScheme]] = {scheme.name: scheme for scheme in _SCHEMES}


def scheme_named(name: object) -> ValidationScheme:
    """The scheme of this name, which has not been checked; that of the default for any other value."""
    is_known = isinstance(name, str) and name in VALIDATION_SCHEMES
    return VALIDATION_SCHEMES[str(name) if is_known else ON_VALIDATION]
