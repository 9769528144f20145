from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.config.rules.dimensions import space_of
from fnnctl.config.schema.search import SearchConfig
from fnnctl.records.trials import Job, Trial
from fnnctl.search.budget import SearchBudget
from fnnctl.search.functions import search_function
from fnnctl.search.protocols import Sampler
from fnnctl.search.samplers.evolution import (
    MAX_CHILDREN,
    POPULATION,
    TOURNAMENT,
    EvolutionSampler,
    is_better,
    mutated,
)
from fnnctl.search.samplers.random import RandomSampler
from fnnctl.space.assignments import Assignment, values_by_dimension
from fnnctl.space.identity import identity
from fnnctl.space.space import Space
from tests.config.spaces import spaces

LETTERS: dict[str, Any] = {f"x{k}": {"choice": [f"{n}" for n in range(200)]} for k in range(5)}
"""A mutant shares four of five values with its parent, which tell who that was."""
LAYERS: dict[str, Any] = {
    "model.hidden": {
        "depth": [1, 4],
        "width": [8, 64],
        "log": True,
        "per_layer": True,
        "activation": ["relu", "tanh", "elu"],
        "residual": [False, True],
    },
    "training.l2": {"log_uniform": [1e-6, 1]},
}


def space(plain: dict[str, Any], *require: str) -> Space:
    return space_of(SearchConfig.model_validate({"space": plain}).domains, require)


def told(losses: Mapping[int, float], *, seed: int = 3) -> EvolutionSampler:
    """A sampler with the results of these trials: all values of trial 7 are 7."""
    sampler = EvolutionSampler(space(LETTERS), seed=seed)
    for number, loss in losses.items():
        sampler.tell(Trial(number, dict.fromkeys(LETTERS, f"{number}")), loss, 1)
    return sampler


def parents(sampler: EvolutionSampler, *, pending: int = 0) -> set[int]:
    """The parents of the candidates for many proposals."""
    waiting = [dict.fromkeys(LETTERS, "199")] * pending
    found = [each for number in range(5) for each in sampler.candidates(waiting, 100 + number)]
    assert len(found) == 5 * MAX_CHILDREN
    return {int(max(set(values), key=values.count)) for values in (list(each.values()) for each in found)}


class TestPopulation:
    def test_the_best_of_a_tournament_is_the_parent(self) -> None:
        """The worst 15 members never win one of 16."""
        found = parents(told({number: float(number) for number in range(POPULATION)}))
        assert found <= set(range(POPULATION - TOURNAMENT + 1))
        assert set(range(5)) <= found

    def test_the_oldest_die_however_good_they_are(self) -> None:
        """The age is the number, not the time of the result."""
        numbers = [*range(60, 20, -1), *range(20)]
        found = parents(told({number: float(number) for number in numbers}))
        assert min(found) == 60 - POPULATION + 1

    @pytest.mark.parametrize(
        ("pending", "members"), [(10, POPULATION - 10), (20, TOURNAMENT), (99, TOURNAMENT)]
    )
    def test_pending_trials_are_members_that_do_not_compete(self, pending: int, members: int) -> None:
        found = parents(told({number: float(number) for number in range(60)}), pending=pending)
        assert min(found) == 60 - members
        assert max(found) < 60

    def test_what_diverged_is_no_parent(self) -> None:
        losses = {number: math.inf if number % 2 else 1.0 for number in range(TOURNAMENT)}
        assert parents(told(losses)) <= set(range(0, TOURNAMENT, 2))

    def test_few_members_all_compete(self) -> None:
        assert parents(told({0: 3.0, 1: 2.0, 2: 1.0, 3: 4.0})) == {2}


@pytest.mark.parametrize(
    ("one", "other", "better"),
    [
        ({9: 1.0}, {9: 2.0}, True),
        ({9: 1.0}, {9: 1.0}, False),
        ({1: 5.0, 3: 1.0}, {1: 4.0, 3: 2.0}, True),
        ({1: 5.0, 3: 1.0, 9: 0.5}, {1: 4.0}, False),  # at 1, where both have been
        ({1: 3.0, 3: 9.0}, {1: 4.0}, True),
        ({9: 8.0}, {1: 4.0, 3: 2.0}, True),  # in another bracket
        ({1: 4.0}, {9: math.inf}, False),
    ],
)
def test_trials_are_compared_after_the_most_epochs_that_both_have_had(
    one: dict[int, float], other: dict[int, float], *, better: bool
) -> None:
    assert is_better(one, other) == better


class TestMutants:
    @given(plain=spaces(), data=st.data(), seed=st.integers(0, 99))
    def test_a_mutant_differs_in_one_dimension_and_in_what_depends_on_it(
        self, plain: dict[str, Any], data: st.DataObject, seed: int
    ) -> None:
        chosen = space(plain)
        point = [data.draw(st.floats(0, 1, exclude_max=True)) for _ in chosen.dimensions]
        parent = chosen.assignment(point)
        mutant = mutated(chosen, parent, np.random.default_rng(seed))
        before, after = (values_by_dimension(chosen.dimensions, each) for each in (parent, mutant))
        assert chosen.assignment_of(after) == mutant
        assert all(after[each.name] in each.domain for each in chosen.dimensions if each.name in after)
        changed = {
            name for name in before.keys() & after.keys() if identity(before[name]) != identity(after[name])
        }
        assert len(changed) == 1
        dependent = set(changed)
        for dimension in chosen.dimensions:
            if any(condition.dimension in dependent for condition in dimension.conditions):
                dependent.add(dimension.name)
        assert before.keys() ^ after.keys() <= dependent

    def test_depth_changes_by_one_layer(self) -> None:
        layers = [{"units": 8, "activation": "relu"}]
        layers += [{"units": 16, "activation": "tanh", "residual": True}] * 2
        parent = {"model.hidden": layers, "training.l2": 0.1}
        rng = np.random.default_rng(5)
        mutants = [mutated(space(LAYERS), parent, rng)["model.hidden"] for _ in range(400)]
        assert {len(each) for each in mutants} == {2, 3, 4}
        assert all(each == layers[:2] for each in mutants if len(each) == 2)
        deeper = [each for each in mutants if len(each) == 4]
        assert all(each[:3] == layers for each in deeper)
        new = [each[3] for each in deeper]
        assert {layer["activation"] for layer in new} == {"relu", "tanh", "elu"}
        assert {layer["units"] for layer in new} == {8, 16, 32, 64}

    def test_numbers_move_a_step_or_are_drawn_anew(self) -> None:
        rng = np.random.default_rng(5)
        lines = space({"n": {"integer": [0, 100], "step": 1}})
        found = [mutated(lines, {"n": 40}, rng)["n"] for _ in range(2000)]
        near = sum(abs(value - 40) == 1 for value in found) / len(found)
        assert 0.47 < near < 0.57  # half of all, and two of 101 fresh ones
        assert {0, 100} < set(found)
        assert 40 not in found
        smooth = space({"x": {"uniform": [0, 1]}})
        steps = [abs(mutated(smooth, {"x": 0.5}, rng)["x"] - 0.5) for _ in range(2000)]
        assert 0.35 < sum(step < 0.1 for step in steps) / 2000 < 0.5  # 0.5·0.68 + 0.5·0.2

    def test_values_outside_the_domains_count_as_the_nearest(self) -> None:
        rng = np.random.default_rng(5)
        layers = [{"units": 500, "activation": "selu"}] * 6
        for _ in range(50):
            mutant = mutated(space(LAYERS), {"model.hidden": layers, "training.l2": 7.0}, rng)
            assert mutant["training.l2"] <= 1
            assert 3 <= len(mutant["model.hidden"]) <= 4
            assert {layer["activation"] for layer in mutant["model.hidden"]} <= {"relu", "tanh", "elu"}

    def test_a_space_of_one_point_has_no_mutants(self) -> None:
        one = space({"a": {"choice": [1]}})
        assert mutated(one, {"a": 1}, np.random.default_rng(5)) == {"a": 1}
        sampler = EvolutionSampler(one, seed=3)
        assert [sampler.ask(1, ()), sampler.ask(1, ())] == [[{"a": 1}], []]


def rugged(assignment: Assignment) -> float:
    """Each layer has its own best values, and three layers are best."""
    layers = assignment["model.hidden"]
    best = ["relu", "tanh", "elu", "relu"]
    wrong = sum(layer["activation"] != best[place] for place, layer in enumerate(layers))
    wrong += sum(abs(math.log2(layer["units"]) - 6 + place) for place, layer in enumerate(layers))
    wrong += sum(layer.get("residual", place % 2) != bool(place % 2) for place, layer in enumerate(layers))
    return (
        float(wrong) / len(layers) + abs(len(layers) - 3) + abs(math.log10(assignment["training.l2"]) + 3) / 3
    )


def best_of(sampler: Sampler, trials: int = 100) -> float:
    def objective(job: Job) -> float:
        return rugged(job.trial.assignment)

    budget = SearchBudget(max_epochs=1, trials=trials)
    found = search_function(objective, sampler, budget=budget, direction="minimize", scheduler="full_budget")
    assert len({identity(each.assignment) for each in found.trials.values()}) == trials
    objectives = [each.objective for each in found.results if each.objective is not None]
    return min(objectives)


def test_it_is_ahead_of_random_search() -> None:
    """With a fourth of the trials: 0.29 on average, where random search reaches 1.06."""
    evolved = [best_of(EvolutionSampler(space(LAYERS), seed=seed)) for seed in range(4)]
    drawn = [best_of(RandomSampler(space(LAYERS), seed=seed), 400) for seed in range(4)]
    assert np.mean(evolved) < 0.5 * np.mean(drawn)
    assert best_of(EvolutionSampler(space(LAYERS), seed=0)) == evolved[0]
