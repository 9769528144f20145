"""When the controller is updated, with which children, and what it does when it is certain."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from fnnctl.records.trials import Trial
from fnnctl.search.samplers.controller.sampler import ControllerSampler
from fnnctl.space.assignments import Assignment
from fnnctl.space.identity import identity
from tests.search.spaces import space

PLAIN: dict[str, Any] = {
    "model.hidden": {"depth": [1, 4], "width": [16, 128], "log": True, "per_layer": True},
    "training.l2": {"log_uniform": [1e-6, 1e-1]},
}


def made(plain: dict[str, Any] = PLAIN, *, seed: int = 0, batch: int = 4) -> ControllerSampler:
    return ControllerSampler(space(plain), seed=seed, batch=batch)


def tell(
    sampler: ControllerSampler, children: Sequence[Assignment], losses: Sequence[float], *, first: int = 0
) -> None:
    """The losses of trials after three epochs."""
    for number, (child, loss) in enumerate(zip(children, losses, strict=True), start=first):
        sampler.tell(Trial(number, child), loss, 3)


def parameters(sampler: ControllerSampler) -> list[bytes]:
    return [array.tobytes() for array in sampler._policy.parameters.arrays()]


def units(assignment: Assignment) -> float:
    return float(sum(assignment["model.hidden"]))


def test_it_is_updated_after_each_batch_of_results() -> None:
    sampler = made()
    before = parameters(sampler)
    children = sampler.ask(8, ())
    losses = list(map(units, children))
    tell(sampler, children[:3], losses[:3])
    assert parameters(sampler) == before
    tell(sampler, children[3:4], losses[3:4], first=3)
    after = parameters(sampler)
    assert after != before
    tell(sampler, children[4:7], losses[4:7], first=4)
    assert parameters(sampler) == after
    tell(sampler, children[7:], losses[7:], first=7)
    assert parameters(sampler) != after, "the second batch is of the first policy, and it is used"


def test_what_it_did_not_write_teaches_it_nothing() -> None:
    """Such as the config's own settings, which are the first trial."""
    sampler = made()
    before = parameters(sampler)
    tell(sampler, [{"model.hidden": [100 + k], "training.l2": 0.5} for k in range(10)], [1.0] * 10)
    assert parameters(sampler) == before


def test_a_child_counts_once_with_its_first_result() -> None:
    sampler = made(batch=2)
    one, two, three = sampler.ask(3, ())
    sampler.tell(Trial(0, one), 1.0, 1)
    sampler.tell(Trial(0, one), 2.0, 3)
    before = parameters(sampler)
    sampler.tell(Trial(1, two), 2.0, 1)
    assert parameters(sampler) != before
    assert sampler._baselines.keys() == {1}
    assert sampler._baselines[1].mean == pytest.approx(-1.5)
    sampler.tell(Trial(2, three), 9.0, 3)
    sampler.tell(Trial(1, two), 9.0, 3)
    assert sampler._baselines.keys() == {1}


def test_each_budget_has_its_own_baseline() -> None:
    sampler = made(batch=4)
    for number, child in enumerate(sampler.ask(4, ())):
        sampler.tell(Trial(number, child), float(number), 1 if number < 2 else 9)
    assert {budget: baseline.mean for budget, baseline in sampler._baselines.items()} == {1: -0.5, 9: -2.5}


def test_a_diverged_child_has_the_worst_loss_so_far() -> None:
    sampler = made(batch=4)
    tell(sampler, sampler.ask(4, ()), [1.0, math.inf, 5.0, math.nan])
    assert sampler._baselines[3].mean == pytest.approx(-(1 + 5 + 5 + 5) / 4)


def test_while_every_child_has_diverged_nothing_is_a_reward() -> None:
    """A reward of 0 would be the best one of all if losses are above 0."""
    sampler = made(batch=4)
    tell(sampler, sampler.ask(4, ()), [math.inf] * 4)
    assert not sampler._baselines
    tell(sampler, sampler.ask(4, ()), [4.0, 5.0, 6.0, 7.0], first=4)
    assert sampler._baselines[3].mean == -(4 + 5 + 6 + 7) / 4
    assert all(np.isfinite(array).all() for array in sampler._policy.parameters.arrays())


@pytest.mark.parametrize("outliers", [{}, {10: 1e9, 50: 1e30}, dict.fromkeys(range(8), math.inf)])
def test_children_become_better(outliers: dict[int, float]) -> None:
    """The more units the better; half of the children are proposed before the results of the others.

    The loss of a trial that has nearly diverged, as in a regression, may be anything.
    """
    for seed in range(2):
        sampler, losses, pending = made(seed=seed, batch=8), [], list[Assignment]()
        for number in range(160):
            if len(pending) <= 8:
                pending += sampler.ask(8, pending)
            child = pending.pop(0)
            losses.append(-units(child))
            sampler.tell(Trial(number, child), outliers.get(number, losses[-1]), 3)
        assert np.mean(losses[-32:]) < np.mean(losses[:32]) - 100


def test_a_controller_that_is_certain_still_writes_what_is_new() -> None:
    plain = {"model.hidden": PLAIN["model.hidden"]}
    sampler = made(plain)
    sampler._policy.parameters.biases[...] += [0, 9, 0, 0, 9, 0]  # goes on, with 64 units
    children = sampler.ask(40, ())
    assert children[0]["model.hidden"] == [64] * 4
    assert len(set(map(identity, children))) == 40
    layers = [width for child in children for width in child["model.hidden"]]
    assert np.mean(np.array(layers) == 64) > 0.5, "they are not drawn at random"
    before = parameters(sampler)
    tell(sampler, children[1:9], [float(number) for number in range(8)])
    assert parameters(sampler) != before, "they are its own children"


def test_an_extended_search_teaches_what_the_search_before_taught() -> None:
    """Its first trials are proposed by another sampler, and written again from their configurations."""
    sampler, extended = made(), made()
    begun: list[Assignment] = []
    for _ in range(6):
        children = sampler.ask(4, ())
        tell(sampler, children, list(map(units, children)), first=len(begun))
        begun += children
    extended.proposed_before(begun)
    tell(extended, begun, list(map(units, begun)))
    tell(extended, [{"model.hidden": [100], "training.l2": 0.5}], [1.0], first=len(begun))
    expected = sampler._policy.parameters.arrays()
    for array, same in zip(extended._policy.parameters.arrays(), expected, strict=True):
        np.testing.assert_allclose(array, same, atol=1e-9)
