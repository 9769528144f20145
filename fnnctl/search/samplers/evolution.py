"""Regularized evolution: mutants of good trials, in a population from which the oldest die.

Real et al. 2019, AAAI, "Regularized evolution for image classifier architecture search". The constants were
chosen by simulated searches of 50 to 400 trials, in batches of 8 with 16 under way, on Branin, Hartmann 6, a
mixed conditional function and one of architectures, with and without noise. They do not depend on the number
of trials, so a search for more trials begins with the same ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np

from fnnctl.config.schema.search import SearchConfig
from fnnctl.search.protocols import Sampler
from fnnctl.search.samplers.distinct import Key
from fnnctl.search.samplers.learning import LearningSampler
from fnnctl.seeds import Purpose, stream
from fnnctl.space.assignments import Assignment
from fnnctl.space.dimensions import Dimension, active
from fnnctl.space.identity import identity
from fnnctl.space.layers import DEPTH
from fnnctl.space.space import Space

POPULATION: Final = 32
"""The number of members: populations from 16 to 64 were about equally good."""
TOURNAMENT: Final = 16
"""The number of members that compete for a child: far fewer were worse in searches of 400 trials or less,
with noise, too."""
FRESH: Final = 0.5
"""The probability that a number is drawn anew; otherwise it moves a step. Fewer fresh draws were better on
smooth functions, worse on architectures."""
MOVE: Final = 0.1
"""The standard deviation of a step in a domain without steps, as a share of the unit interval."""
MAX_CHILDREN: Final = 100
"""After this many children that are known or violate the constraints, a point of the sequence is proposed."""
MAX_MOVES: Final = 100
"""How often a step is drawn until it changes the value."""


class EvolutionSampler(LearningSampler):
    """Proposes a child of the best of some members of the population; it differs in one dimension.

    Members are the youngest trials by number, the pending ones among them. Those without a result do not
    compete.
    """

    def candidates(self, pending: Sequence[Assignment], number: int) -> Iterator[Assignment]:
        """See `LearningSampler`: one child of each tournament."""
        rng = stream(self.seed, Purpose.PROPOSALS, number)
        room = max(POPULATION - len(pending), TOURNAMENT)
        members = sorted(self.known.trials)[-room:]
        losses = {member: self._losses_of(member) for member in members}
        for _ in range(MAX_CHILDREN):
            contestants = [members[index] for index in rng.permutation(len(members))[:TOURNAMENT]]
            best = contestants[0]
            for other in contestants[1:]:
                if is_better(losses[other], losses[best]):
                    best = other
            yield mutated(self.space, self.known.trials[best].assignment, rng)

    def _losses_of(self, trial: int) -> dict[int, float]:
        """The trial's losses by budget."""
        return {budget: losses[trial] for budget, losses in self.known.losses.items() if trial in losses}


def is_better(one: Mapping[int, float], other: Mapping[int, float]) -> bool:
    """Whether a trial with these losses by budget is better than another.

    They are compared at the largest budget that both have had. If there is none, as in different brackets of
    HyperBand, the one that has had more is better: it was promoted, or is nearer to what is searched for.
    """
    common = one.keys() & other.keys()
    if not common:
        return max(one) > max(other)
    return one[max(common)] < other[max(common)]


def mutated(space: Space, parent: Assignment, rng: np.random.Generator) -> Assignment:
    """The parent with another value of one dimension, if any has several; it may violate the constraints.

    Dimensions that become active by it have random values, like those whose values in the parent are far
    outside their domains.
    """
    nearest = space.nearest_coordinates(parent)
    coordinates = rng.random(len(space.dimensions)).tolist()
    point = {
        axis.name: nearest.get(axis.name, u) for axis, u in zip(space.dimensions, coordinates, strict=True)
    }
    values = {dimension.name: dimension.domain.value(point[dimension.name]) for dimension in space.dimensions}
    present = active(space.dimensions, values)
    variable = [
        dimension for dimension in space.dimensions if dimension.name in present and _has_several(dimension)
    ]
    if variable:
        dimension = variable[int(rng.integers(len(variable)))]
        point[dimension.name] = _other(dimension, values[dimension.name], point[dimension.name], rng)
    return space.assignment(list(point.values()))


def _has_several(dimension: Dimension) -> bool:
    values = dimension.domain.values
    return values is None or len(values) > 1


def _other(dimension: Dimension, value: Any, here: float, rng: np.random.Generator) -> float:
    """The coordinate of another value of a dimension that has several; `here` is that of its value."""
    domain = dimension.domain
    for _ in range(MAX_MOVES):
        is_fresh = not dimension.ordered or (dimension.part != DEPTH and rng.random() < FRESH)
        if is_fresh:
            coordinate = rng.random()
        elif domain.values is None:
            coordinate = here + MOVE * rng.standard_normal()
        else:
            near = domain.neighbours(value)
            coordinate = domain.coordinate(near[int(rng.integers(len(near)))])
        if 0.0 <= coordinate < 1.0 and identity(domain.value(coordinate)) != identity(value):
            return float(coordinate)
    return here


def make_sampler(space: Space, search: SearchConfig, *, seed: int, key: Key) -> Sampler:
    """A sampler with no more settings than the space."""
    return EvolutionSampler(space, seed=seed, key=key)
