"""The contract of all samplers; it finds them in their records."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from functools import cache
from typing import Any

import pytest

from fnnctl.config.rules.dimensions import space_of
from fnnctl.config.schema.methods import SAMPLERS
from fnnctl.config.schema.search import SearchConfig
from fnnctl.records.trials import Trial
from fnnctl.search.protocols import Sampler
from fnnctl.search.samplers import make_sampler
from fnnctl.search.samplers.start_from import StartFrom
from fnnctl.space.assignments import Assignment
from fnnctl.space.identity import identity

KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    **{name: (name, {}) for name, record in SAMPLERS.items() if not record.tries_samples},
    "grid": ("grid", {"grid_resolution": 4}),
    "low_discrepancy": ("random", {"sequence": "low_discrepancy"}),
    "grid after a list": ("grid", {"grid_resolution": 4}),
    "evolution after a list": ("evolution", {}),
}
"""Every sampler of a space with settings of the search, and some of them in other forms, too."""
SLOW = {"gp", "auto"}
"""Samplers that take so long for a proposal that fewer are asked for."""
CHAIN: dict[str, Any] = {
    "a": {"choice": ["x", "y", {"name": "z"}]},
    "b": {"integer": [1, 4], "when": {"a": ["x", "y"]}},
    "c": {"log_integer": [1, 64], "step": 4, "when": {"b": [2, 4]}},
    "model.hidden": {"depth": [0, 2], "width": [4, 8], "log": True, "when": {"a": "x"}},
}
# x has 5 kinds of layers ([], 4, 8, 4-4, 8-8), and like y 2 + 2·4 values of b and c; z is one
CHAIN_SIZE = 5 * (2 + 2 * 4) + (2 + 2 * 4) + 1
OPEN: dict[str, Any] = {
    "learning_rate": {"log_uniform": [1e-4, 1]},
    "l2": {"uniform": [0, 1]},
    "noise": {"normal": [0, 1]},
    "kind": {"choice": [1, 2]},
}
NUMBERS_ONLY: dict[str, dict[str, Any]] = {
    "a": {"integer": [1, 3]},
    "b": {"integer": [1, 4]},
    "c": {"log_integer": [1, 64], "step": 4},
}
"""What stands for the chain where a sampler needs numbers without conditions."""
NUMBERS_SIZE = 3 * 4 * 4


def needs_numbers(kind: str) -> bool:
    """Whether the sampler searches only numbers without conditions."""
    name, _ = KINDS[kind]
    return SAMPLERS[name].needs_numbers


def suited(kind: str, plain: dict[str, Any]) -> dict[str, Any]:
    """The space, or one for a sampler that needs numbers without conditions."""
    if not needs_numbers(kind):
        return plain
    if plain.keys() == CHAIN.keys():
        order = [name for name in plain if name in NUMBERS_ONLY]
        return {name: NUMBERS_ONLY[name] for name in order}
    return {
        name: {"integer": [1, len(domain["choice"])]} if "choice" in domain else domain
        for name, domain in plain.items()
    }


def size_of(kind: str) -> int:
    """The size of the chain, or of what stands for it."""
    return NUMBERS_SIZE if needs_numbers(kind) else CHAIN_SIZE


def count_of(kind: str) -> int:
    """As many as show what a sampler does: a Gaussian process learns after the first ten."""
    return 16 if kind in SLOW else 30


def made(
    kind: str, plain: dict[str, Any], *, require: Sequence[str] = (), seed: int = 3, key: Any = identity
) -> Sampler:
    name, settings = KINDS[kind]
    method = {"scheduler": "full_budget", "sampler": name}
    search = SearchConfig.model_validate(
        {"space": suited(kind, plain), "require": [*require], "method": method, **settings}
    )
    space = space_of(search.domains, search.requirements)
    sampler = make_sampler(name, space, search, seed=seed, key=key)
    if not kind.endswith("after a list"):
        return sampler
    grid = space.grid(4)
    return StartFrom(sampler, [grid.at(number % grid.size) for number in (7, 0, 8, 3)], key)


def asked(sampler: Sampler, most: int, *, tell: bool = False) -> list[Assignment]:
    """What it chooses one by one, up to so many; told of every result if it learns, or if `tell` says so."""
    assignments: list[Assignment] = []
    while len(assignments) < most and (proposed := sampler.ask(1, ())):
        (assignment,) = proposed
        if tell or sampler.learns:
            sampler.tell(Trial(len(assignments), assignment), len(assignments) * 0.618 % 1.0, 1)
        assignments.append(assignment)
    return assignments


@cache
def whole_chain(kind: str) -> Sequence[Assignment]:
    """What it chooses until nothing comes, which takes some samplers most of the time of a test."""
    return asked(made(kind, CHAIN), CHAIN_SIZE + 100)


def chosen(kind: str, plain: dict[str, Any]) -> Sequence[Assignment]:
    """The first that it chooses."""
    return whole_chain(kind)[: count_of(kind)] if plain is CHAIN else first_of_open(kind)


@cache
def first_of_open(kind: str) -> Sequence[Assignment]:
    return asked(made(kind, OPEN), count_of(kind))


@pytest.mark.parametrize("kind", KINDS)
class TestEverySampler:
    def test_it_tries_nothing_twice_and_exhausts_a_finite_space(self, kind: str) -> None:
        assignments = whole_chain(kind)
        assert len({identity(assignment) for assignment in assignments}) == len(assignments) == size_of(kind)

    @pytest.mark.parametrize("size", [1, 3])
    def test_after_the_end_nothing_comes(self, kind: str, size: int) -> None:
        sampler = made(kind, {"a": {"choice": [1, 2, 3][:size]}})
        assert sorted(assignment["a"] for assignment in asked(sampler, 100)) == [1, 2, 3][:size]
        assert [sampler.ask(n, ()) for n in (1, 5, 1)] == [[]] * 3

    @pytest.mark.parametrize("plain", [CHAIN, OPEN], ids=["chain", "open"])
    def test_a_seed_gives_the_same_in_the_same_order_whatever_the_order_of_the_lines(
        self, kind: str, plain: dict[str, Any]
    ) -> None:
        first = chosen(kind, plain)
        assert first == asked(made(kind, dict(reversed(plain.items()))), count_of(kind))
        assert first != asked(made(kind, plain, seed=4), count_of(kind))

    def test_it_gives_the_same_however_many_are_asked_for_at_once(self, kind: str) -> None:
        """A sampler that learns may propose other configurations if it is asked again, told or not."""
        one_by_one = whole_chain(kind)
        assert one_by_one[:10] == asked(made(kind, CHAIN), 10)
        sampler = made(kind, CHAIN)
        if sampler.learns:
            assert len(sampler.ask(10, ())) == 10
            return
        several = [assignment for n in (1, 0, 7, 2, 100) for assignment in sampler.ask(n, one_by_one[:n])]
        assert several == one_by_one
        assert list(made(kind, CHAIN).ask(CHAIN_SIZE + 5, ())) == one_by_one

    def test_what_is_chosen_is_in_the_space_and_has_what_is_active(self, kind: str) -> None:
        for plain in (CHAIN, OPEN):
            space = space_of(SearchConfig.model_validate({"space": suited(kind, plain)}).domains)
            for assignment in chosen(kind, plain):
                coordinates = space.coordinates(assignment)
                assert all(0 <= coordinate < 1 for coordinate in coordinates.values())
                assert not needs_numbers(kind) or assignment.keys() == {
                    dimension.name for dimension in space.dimensions
                }
        if suited(kind, CHAIN) != CHAIN:
            return
        for assignment in whole_chain(kind):
            assert ("b" in assignment) == (assignment["a"] in ("x", "y"))
            assert ("c" in assignment) == (assignment.get("b") in (2, 4))
            assert ("model.hidden" in assignment) == (assignment["a"] == "x")

    def test_equal_configurations_are_one(self, kind: str) -> None:
        def key(assignment: Assignment) -> Hashable:
            return assignment.get("b"), assignment.get("c")

        assignments = asked(made(kind, CHAIN, key=key), 1000)
        count = 4 * 4 if needs_numbers(kind) else 2 + 2 * 4 + 1
        assert len({key(assignment) for assignment in assignments}) == len(assignments) == count

    def test_it_learns_from_trials_whose_values_are_outside_their_domains(self, kind: str) -> None:
        sampler = made(kind, OPEN)
        for number in range(14):
            foreign = {"learning_rate": 10.0**number, "noise": -9.5, "l2": number / 9, "kind": 5 + number}
            sampler.tell(Trial(number, foreign), number * 0.618 % 1.0, 1)
        assignments = sampler.ask(3, [{"learning_rate": 0, "noise": 1e9, "kind": 1, "l2": True}])
        assert len({identity(assignment) for assignment in assignments}) == 3

    def test_results_that_are_all_infinite(self, kind: str) -> None:
        sampler = made(kind, OPEN)
        for number in range(14):
            (assignment,) = sampler.ask(1, ())
            sampler.tell(Trial(number, assignment), math.inf, 1)
        assert len(sampler.ask(2, ())) == 2

    def test_it_learns_if_its_record_says_so(self, kind: str) -> None:
        name, _ = KINDS[kind]
        assert made(kind, OPEN).learns == SAMPLERS[name].learns


@pytest.mark.parametrize("kind", [kind for kind, (name, _) in KINDS.items() if not SAMPLERS[name].learns])
def test_a_sampler_that_does_not_learn_ignores_results(kind: str) -> None:
    assert asked(made(kind, OPEN), 20, tell=True) == asked(made(kind, OPEN), 20)


REQUIRE = ["b * c <= 60", "a != 'y' or b > 2", "depth * width < 16"]
REQUIRE_OF_NUMBERS = ["b * c <= 60", "a != 2 or b > 2"]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if not kind.endswith("after a list")])
class TestEverySamplerOfAConstrainedSpace:
    """Samplers propose only what fulfils the constraints, and all of it if it is finite."""

    def test_it_exhausts_what_is_allowed(self, kind: str) -> None:
        require = REQUIRE_OF_NUMBERS if needs_numbers(kind) else REQUIRE
        space = space_of(SearchConfig.model_validate({"space": suited(kind, CHAIN)}).domains, require)
        allowed = {identity(assignment) for assignment in space.everything()}
        assignments = [identity(assignment) for assignment in asked(made(kind, CHAIN, require=require), 1000)]
        assert len(assignments) == len(set(assignments)) == space.size
        assert set(assignments) == allowed
        assert 0 < len(assignments) < size_of(kind)

    def test_it_proposes_only_what_is_allowed(self, kind: str) -> None:
        require = ["learning_rate * 10 < l2", "noise < 0 or kind == 2"]
        assignments = asked(made(kind, OPEN, require=require), count_of(kind))
        assert len(assignments) == count_of(kind)
        for assignment in assignments:
            assert assignment["learning_rate"] * 10 < assignment["l2"]
            assert assignment["noise"] < 0 or assignment["kind"] == 2

    def test_it_finds_what_is_rare(self, kind: str) -> None:
        """One in 4,000 of 160,000, or one in 20 of 400 if proposals take long."""
        most = 20 if kind in SLOW else 400
        plain = {"a": {"integer": [1, most], "step": 1}, "b": {"integer": [1, most], "step": 1}}
        assignments = asked(made(kind, plain, require=["a == b", "a <= 40"]), 1000)
        assert sorted(assignment["a"] for assignment in assignments) == list(range(1, min(most, 40) + 1))

    def test_a_constraint_that_always_holds_changes_nothing(self, kind: str) -> None:
        constrained = made(kind, OPEN, require=["learning_rate <= 1"])
        assignments = first_of_open(kind)
        name, _ = KINDS[kind]
        assert SAMPLERS[name].lists_grid or assignments == asked(constrained, count_of(kind))
        assert len(assignments) == count_of(kind)

    def test_nothing_is_allowed(self, kind: str) -> None:
        require = ["a == 1", "a == 2"] if needs_numbers(kind) else ["a == 'x'", "a == 'y'"]
        assert list(made(kind, CHAIN, require=require).ask(5, ())) == []
