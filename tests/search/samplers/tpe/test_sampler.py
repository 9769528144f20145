from __future__ import annotations

import math
from typing import Any

import pytest

from fnnctl.config.rules.dimensions import space_of
from fnnctl.config.schema.search import SearchConfig
from fnnctl.records.trials import Trial
from fnnctl.search.protocols import Sampler
from fnnctl.search.samplers import SAMPLERS
from fnnctl.search.samplers.tpe.parzen import ParzenDimension
from fnnctl.search.samplers.tpe.sampler import TpeSampler, parzen_dimension, weights
from fnnctl.space.assignments import Assignment
from fnnctl.space.space import Space
from fnnctl.space.values import identity

LINE: dict[str, Any] = {"x": {"uniform": [0, 1]}}
BRANCHES: dict[str, Any] = {
    "kind": {"choice": ["a", "b"]},
    "x": {"uniform": [0, 1], "when": {"kind": "a"}},
    "y": {"log_integer": [1, 512], "when": {"kind": "b"}},
    "model.hidden": {"depth": [0, 2], "width": [4, 64], "log": True},
}


def space(plain: dict[str, Any]) -> Space:
    return space_of(SearchConfig.model_validate({"space": plain}).space)


def bowl(assignment: Assignment) -> float:
    if assignment.get("kind") == "b":
        y: int = assignment["y"]
        return 1.0 + y / 512
    x: float = assignment["x"]
    return (x - 0.7) ** 2


def searched(plain: dict[str, Any], trials: int, *, seed: int = 1, batch: int = 1) -> list[Assignment]:
    """The configurations of a search of the bowl."""
    sampler = TpeSampler(space(plain), seed=seed)
    found: list[Assignment] = []
    while len(found) < trials:
        for assignment in sampler.ask(batch, ()):
            sampler.tell(Trial(len(found), assignment), bowl(assignment), 1)
            found.append(assignment)
    return found


@pytest.mark.parametrize("plain", [LINE, BRANCHES], ids=["line", "branches"])
def test_it_goes_where_losses_are_small(plain: dict[str, Any]) -> None:
    last = [bowl(each) for each in searched(plain, 60)[30:]]
    assert sorted(last)[15] < 0.03


def test_the_same_results_give_the_same_proposals() -> None:
    assert searched(BRANCHES, 40) == searched(BRANCHES, 40)
    assert searched(BRANCHES, 40) != searched(BRANCHES, 40, seed=2)


def test_nothing_is_proposed_twice_and_a_finite_space_is_exhausted() -> None:
    plain = {"x": {"uniform": [0, 1], "step": 0.02}}
    assert sorted(each["x"] for each in searched(plain, 51)) == [k / 50 for k in range(51)]


def test_what_is_pending_repels() -> None:
    """With the same random numbers, a proposal is farther from trials that have no result yet."""

    def proposed(pending: float) -> float:
        sampler = TpeSampler(space(LINE), seed=1)
        for number in range(30):
            sampler.tell(Trial(number, {"x": number / 30}), abs(number / 30 - 0.5), 1)
        (found,) = sampler.ask(1, [{"x": pending}] * 6)
        x: float = found["x"]
        return x

    alone = proposed(0.01)
    assert abs(proposed(alone) - alone) > 0.02


def test_diverged_trials_are_never_good() -> None:
    sampler = TpeSampler(space(LINE), seed=1)
    for number in range(40):
        x = number / 40
        sampler.tell(Trial(number, {"x": x}), math.inf if x < 0.9 else 1.0 - x, 1)
    assert all(each["x"] > 0.5 for each in sampler.ask(5, ()))


def test_while_every_trial_has_diverged_the_start_goes_on() -> None:
    sampler = TpeSampler(space(LINE), seed=1)
    for number in range(40):
        sampler.tell(Trial(number, {"x": number / 40}), math.nan, 1)
    assert len({identity(each) for each in sampler.ask(20, ())}) == 20


def test_it_learns_from_values_outside_their_domains() -> None:
    sampler = TpeSampler(space(BRANCHES), seed=1)
    foreign: list[Assignment] = [
        {"kind": "c", "model.hidden": [64, 32]},
        {"kind": "a", "x": 7.5, "model.hidden": []},
        {"kind": "b", "y": 1e9, "model.hidden": [1, 1, 1, 1]},
    ]
    for number in range(30):
        sampler.tell(Trial(number, foreign[number % 3]), number % 7, 1)
    found = sampler.ask(20, foreign)
    assert len(found) == 20
    assert all(0 <= c < 1 for each in found for c in space(BRANCHES).coordinates(each).values())


def test_the_largest_budget_counts() -> None:
    """After one epoch large values seem better, after nine small ones are."""
    sampler = TpeSampler(space(LINE), seed=1)
    for number in range(40):
        sampler.tell(Trial(number, {"x": number / 40}), -number, 1)
    for number in range(0, 40, 2):
        sampler.tell(Trial(number, {"x": number / 40}), number, 9)
    assert all(each["x"] < 0.5 for each in sampler.ask(5, ()))


def test_weights_of_older_trials_are_smaller() -> None:
    assert weights(3).tolist() == [1, 1, 1]
    assert weights(27).tolist() == pytest.approx([1 / 27, 1.0, *[1.0] * 25])
    assert weights(28).tolist() == pytest.approx([1 / 28, (1 + 1 / 28) / 2, 1.0, *[1.0] * 25])


@pytest.mark.parametrize(
    ("plain", "wanted"),
    [
        ({"uniform": [0, 1]}, ParzenDimension()),
        ({"choice": [1, 2, 3]}, ParzenDimension(choices=3)),
        ({"integer": [1, 12]}, ParzenDimension(cells=True)),
        ({"integer": [1, 10_000]}, ParzenDimension()),
        ({"log_integer": [1, 10_000]}, ParzenDimension(cells=True)),
        ({"log_integer": [1000, 10_000]}, ParzenDimension()),
        ({"normal": [0, 1]}, ParzenDimension()),
        ({"normal": [0, 1], "step": 0.01}, ParzenDimension()),
        ({"normal": [0, 1], "step": 0.1}, ParzenDimension(cells=True)),
    ],
)
def test_what_a_mixture_knows_about_a_domain(plain: dict[str, Any], wanted: ParzenDimension) -> None:
    (dimension,) = space({"x": plain}).dimensions
    assert parzen_dimension(dimension) == wanted


@pytest.mark.parametrize(
    ("scheduler", "narrow"), [("full_budget", True), ("hyperband", False), ("asha", False)]
)
def test_kernels_are_narrow_if_there_is_one_budget(scheduler: str, narrow: bool) -> None:
    def proposed(sampler: Sampler) -> Assignment:
        for number in range(30):
            sampler.tell(Trial(number, {"x": 0.5 + number / 300}), abs(number / 30 - 0.5), 1)
        (found,) = sampler.ask(1, ())
        return found

    search = SearchConfig.model_validate(
        {"method": {"scheduler": scheduler, "sampler": "tpe"}, "space": LINE}
    )
    here = proposed(SAMPLERS["tpe"](space(LINE), search, seed=1, key=identity))
    assert here == proposed(TpeSampler(space(LINE), seed=1, one_budget=narrow))
    assert here != proposed(TpeSampler(space(LINE), seed=1, one_budget=not narrow))
