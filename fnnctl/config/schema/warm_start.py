"""The run whose network a training goes on from: `training.warm_start`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import Field

from fnnctl.config.problems import predicate
from fnnctl.config.schema.data import Sha256
from fnnctl.config.schema.section import Section
from fnnctl.config.schema.setting import Place
from fnnctl.errors import Problem

if TYPE_CHECKING:
    from fnnctl.config.schema.experiment import Experiment

WARM_START: Final = "training.warm_start"


def only_in_training() -> Problem:
    """Why folds and trials cannot begin with the networks of a run."""
    return predicate(
        "is for `fnnctl train` only: folds and trials would be measured on rows that the run was trained on",
        advice="write null",
    )


def in_a_search(_: Experiment, place: Place) -> Iterator[Problem]:
    """In a search, whose trials would be measured on rows that the run was trained on."""
    if place.value is not None:
        yield only_in_training()


class WarmStartConfig(Section):
    """A run, and which network it has."""

    run: Annotated[str, Field(min_length=1)]
    """The run, as on the command line: its folder, the name of its experiment, or `latest`."""
    sha256: Sha256 | None = None
    """The SHA-256 of the file of its weights; null if it does not matter. A run records it."""
