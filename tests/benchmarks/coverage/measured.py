"""How often the regions of a run hold the truth: one line of results."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from types import MappingProxyType
from typing import Any, Final, NamedTuple, Self

import numpy as np

from fnnctl import Predictor
from fnnctl.arrays import BoolArray, FloatArray
from fnnctl.metrics.conformal import ScoreTail
from fnnctl.modelling.covering import saved_tails
from fnnctl.modelling.saved_model import SavedModel
from fnnctl.tasks.regions import ErrorTails

COVERAGES: Final = (0.8, 0.9, 0.95)
UNKNOWN: Final = -1
"""A class of which no row was trained on: no set holds it."""


@dataclass(frozen=True, slots=True)
class Held:
    """Rows of which some are held by their regions."""

    rows: int
    held: int
    scores: int | None = None
    """How many the limits are from; None for a class that shares those of others."""


@dataclass(frozen=True, slots=True)
class Level:
    """What was measured at one coverage."""

    coverage: float
    all: Held
    size: float
    """The mean width of the intervals, or the mean number of classes in a set."""
    classes: Mapping[str, Held] = field(default_factory=dict)
    """By the true class."""


class Key(NamedTuple):
    """What tells results apart."""

    study: str
    contender: str
    table: str
    fold: int


@dataclass(frozen=True, slots=True)
class Measured:
    """The regions of one predictor on rows that it was not trained on."""

    key: Key
    kind: str
    """Of the table: what was simulated, or the task."""
    rows: int
    """The rows that it had, held-out ones included."""
    seconds: float
    levels: tuple[Level, ...]
    deviation: float | None
    """The standard deviation of the targets, in whose units widths are compared; None for classes."""

    def to_line(self) -> dict[str, Any]:
        """The object of a line."""
        return {**asdict(self), "key": self.key._asdict()}

    @classmethod
    def of_line(cls, line: Mapping[str, Any]) -> Self:
        """What a line says."""
        levels = tuple(
            Level(
                level["coverage"],
                Held(**level["all"]),
                level["size"],
                {name: Held(**held) for name, held in level["classes"].items()},
            )
            for level in line["levels"]
        )
        return cls(**{**line, "key": Key(**line["key"]), "levels": levels})


def levels_of(model: SavedModel, rows: Any, targets: Any) -> tuple[Level, ...]:
    """The regions of a model around rows with these targets; only coverages that it can have.

    Nothing for a model that does not know its errors.
    """
    return _levels([Predictor(model)], saved_tails(model), rows, targets)


def levels_of_members(model: SavedModel, rows: Any, targets: Any) -> tuple[Level, ...]:
    """The same with each member of the ensemble alone in turn: as often as it has members.

    The errors are those of single members. So this is the coverage without the difference between a member
    and the ensemble: what is below the expectation was flattered by choices.
    """
    members = [Predictor(replace(model, predictor=member)) for member in model.predictor.member_predictors()]
    return _levels(members, saved_tails(model), rows, targets)


def _levels(
    predictors: Sequence[Predictor], tails: ErrorTails | None, rows: Any, targets: Any
) -> tuple[Level, ...]:
    if tails is None:
        return ()
    truth, classes = np.tile(np.asarray(targets), len(predictors)), predictors[0].classes
    levels, scores = [], scores_of(tails.sides[0].all)
    for coverage in tails.possible(COVERAGES):
        if classes is None:
            ends = np.concatenate([each.predict_interval(rows, coverage) for each in predictors])
            levels.append(interval_level(coverage, ends, truth, scores))
            continue
        (side,) = tails.sides
        taken = zip(classes, side.tails_at(tails.level(coverage)), side.parts, strict=True)
        counts = {name: scores_of(tail) for name, tail, own in taken if tail is own}
        sets = np.concatenate([each.predict_set(rows, coverage) for each in predictors])
        levels.append(set_level(coverage, sets, classes, truth, scores, counts))
    return tuple(levels)


def interval_level(coverage: float, ends: FloatArray, targets: Any, scores: int | None = None) -> Level:
    """Of intervals, (n, 2)."""
    truth = np.asarray(targets, dtype=np.float64)
    held = (ends[:, 0] <= truth) & (truth <= ends[:, 1])
    return Level(coverage, _held(held, scores), float((ends[:, 1] - ends[:, 0]).mean()))


def set_level(
    coverage: float,
    sets: BoolArray,
    classes: Sequence[str],
    targets: Any,
    scores: int | None = None,
    scores_of_class: Mapping[str, int] = MappingProxyType({}),
) -> Level:
    """Of sets, (n, classes)."""
    known = {name: part for part, name in enumerate(classes)}
    truth = np.array([known.get(str(target), UNKNOWN) for target in targets])
    held = sets[np.arange(len(sets)), truth] & (truth != UNKNOWN)
    by_class = {name: _held(held[truth == part], scores_of_class.get(name)) for name, part in known.items()}
    return Level(coverage, _held(held, scores), float(sets.sum(axis=1).mean()), by_class)


def scores_of(tail: ScoreTail) -> int:
    """How many scores a tail is from, if every row weighs the same."""
    return round(1 / (1 - tail.highest_level)) - 1


def _held(held: Any, scores: int | None) -> Held:
    return Held(len(held), int(held.sum()), scores)


def expected(held: Held, coverage: float, *, sides: int) -> float:
    """The coverage that split conformal prediction has on the mean, with distinct scores of rows that have
    chosen nothing: ⌈(n + 1)·level⌉ / (n + 1) for each side.
    """
    if held.scores is None:
        return math.nan
    level, n = 1 - (1 - coverage) / sides, held.scores
    return 1 - sides * (1 - math.ceil((n + 1) * level - 1e-9) / (n + 1))
