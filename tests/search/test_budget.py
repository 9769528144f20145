from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction
from importlib import import_module
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.config.schema.methods import (
    METHODS,
    SAMPLERS,
    SCHEDULERS,
    MethodConfig,
    SamplerName,
    SchedulerName,
)
from fnnctl.config.schema.records import record_in
from fnnctl.search.budget import (
    Bound,
    Bracket,
    BracketTable,
    Rung,
    SearchBudget,
    halving_bracket,
    halving_bracket_of_total,
    hyperband_brackets,
    least_total_epochs,
)
from fnnctl.search.schedulers import build_scheduler, scheduler_kind
from tests.search.toys import Climber, climbed, numbered


def test_every_scheduler_and_sampler_has_a_record_and_a_module() -> None:
    assert set(get_args(SchedulerName)) == set(SCHEDULERS) == {scheduler for scheduler, _ in METHODS.values()}
    assert set(get_args(SamplerName)) == set(SAMPLERS)
    assert {sampler for _, sampler in METHODS.values()} <= set(SAMPLERS)
    for name in SCHEDULERS:
        assert scheduler_kind(name).bound in get_args(Bound)
    for name in SAMPLERS:
        assert callable(import_module(f"fnnctl.search.samplers.{name}").make_sampler)


@pytest.mark.parametrize(("key", "names"), [("scheduler", SCHEDULERS), ("sampler", SAMPLERS)])
def test_the_setting_describes_every_scheduler_and_sampler(key: str, names: Iterable[str]) -> None:
    description = record_in(MethodConfig, ("search", "method", key)).description
    missing = [name for name in names if f"`{name}`" not in description]
    assert not missing, f"say in the docstring of MethodConfig.{key} what they do"


@pytest.mark.parametrize(
    ("trials", "max_trials", "begun"), [(5, None, 5), (5, 3, 3), (3, 5, 3), (None, None, 9), (None, 4, 4)]
)
def test_how_many_get_the_full_budget(trials: int | None, max_trials: int | None, begun: int) -> None:
    budget = SearchBudget(max_epochs=7, trials=trials, max_trials=max_trials)
    scheduler = build_scheduler("full_budget", Climber(9), budget, direction="maximize")
    asked = climbed(scheduler, lambda job: 0.5, free=8)
    assert [job for jobs in asked for job in jobs] == [(number, 0, 7) for number in range(begun)]


def test_halving_in_both_forms() -> None:
    bounds = SearchBudget(max_epochs=4, trials=4, reduction_factor=2)
    total = SearchBudget(max_epochs=4, trials=7, reduction_factor=2, total_epochs=100)
    ladders = [
        climbed(build_scheduler("halving", numbered(99), budget, direction="minimize"), lambda job: 0.5)
        for budget in (bounds, total)
    ]
    assert ladders[0] == [[(k, 0, 1) for k in range(4)], [(0, 1, 2), (1, 1, 2)], [(0, 2, 4)]]
    assert ladders[1] == [
        [(k, 0, 4) for k in range(7)], [(0, 4, 15), (1, 4, 15), (2, 4, 15)], [(0, 15, 48)],
    ]  # fmt: skip


@pytest.mark.parametrize(("low", "high"), [(0, 9), (10, 9), (-1, -1)])
def test_bounds_that_make_no_ladder(low: int, high: int) -> None:
    with pytest.raises(ValueError, match=f"from {low} to {high} epochs"):
        SearchBudget(min_epochs=low, max_epochs=high)


def test_halving_must_know_its_trials() -> None:
    with pytest.raises(ValueError, match="needs a number of trials"):
        build_scheduler("halving", numbered(9), SearchBudget(max_epochs=9), direction="minimize")


Table = dict[int, list[tuple[int, int]]]

ALGORITHM_81: Table = {
    4: [(81, 1), (27, 3), (9, 9), (3, 27), (1, 81)],
    3: [(34, 3), (11, 9), (3, 27), (1, 81)],
    2: [(15, 9), (5, 27), (1, 81)],
    1: [(8, 27), (2, 81)],
    0: [(5, 81)],
}
TABLE_81: Table = {
    4: [(81, 1), (27, 3), (9, 9), (3, 27), (1, 81)],
    3: [(27, 3), (9, 9), (3, 27), (1, 81)],
    2: [(9, 9), (3, 27), (1, 81)],
    1: [(6, 27), (2, 81)],
    0: [(5, 81)],
}


def rungs(bracket: Bracket) -> list[tuple[int, int]]:
    return [(rung.trials, rung.epochs) for rung in bracket.rungs]


def table(brackets: tuple[Bracket, ...]) -> Table:
    assert [bracket.number for bracket in brackets] == list(range(len(brackets)))[::-1]
    return {bracket.number: rungs(bracket) for bracket in brackets}


@pytest.mark.parametrize(
    ("name", "expected", "trials", "from_scratch", "with_reuse"),
    [("algorithm", ALGORITHM_81, 143, 1902, 1581), ("table", TABLE_81, 128, 1701, 1404)],
)
def test_hyperband_by_algorithm_1_and_by_the_papers_table(
    name: BracketTable, expected: Table, trials: int, from_scratch: int, with_reuse: int
) -> None:
    brackets = hyperband_brackets(min_epochs=1, max_epochs=81, reduction_factor=3, table=name)
    assert table(brackets) == expected
    assert sum(bracket.trials for bracket in brackets) == trials
    assert sum(bracket.epochs_from_scratch for bracket in brackets) == from_scratch
    assert sum(bracket.epochs_with_reuse for bracket in brackets) == with_reuse


def test_no_bracket_is_lost_through_rounding() -> None:
    assert math.floor(math.log(243) / math.log(3)) == 4, "the fault to be avoided"
    by_three = table(hyperband_brackets(min_epochs=1, max_epochs=243, reduction_factor=3))
    assert by_three[5] == [(243, 1), (81, 3), (27, 9), (9, 27), (3, 81), (1, 243)]
    assert by_three[4][0] == (98, 3)  # ⌈6·81/5⌉
    assert by_three[3] == [(41, 9), (13, 27), (4, 81), (1, 243)]  # ⌈6·27/4⌉
    by_ten = table(hyperband_brackets(min_epochs=1, max_epochs=1000, reduction_factor=10))
    assert by_ten == {
        3: [(1000, 1), (100, 10), (10, 100), (1, 1000)],
        2: [(134, 10), (13, 100), (1, 1000)],  # ⌈4·100/3⌉
        1: [(20, 100), (2, 1000)],
        0: [(4, 1000)],
    }


def test_a_reduction_factor_is_what_is_written() -> None:
    """2.5² = 6.25: 40 / 6.25 = 6.4, 40 / 2.5 = 16; ⌈3·6.25/3⌉ = 7, of which ⌊7/2.5⌋ = 2 and ⌊7/6.25⌋ = 1.

    Budgets that are not whole are rounded down.
    """
    brackets = table(hyperband_brackets(min_epochs=6, max_epochs=40, reduction_factor=2.5))
    assert brackets == {2: [(7, 6), (2, 16), (1, 40)], 1: [(4, 16), (1, 40)], 0: [(3, 40)]}
    # 729 / 2.7² is 100; the nearest binary fraction to 2.7 is a little larger, and would lose a bracket
    assert hyperband_brackets(min_epochs=100, max_epochs=729, reduction_factor=2.7)[0].number == 2


@pytest.mark.parametrize("factor", [1, 1.999, 0, -3, math.inf, math.nan])
def test_reduction_factors_below_two_are_refused(factor: float) -> None:
    with pytest.raises(ValueError, match="a reduction factor is at least 2"):
        hyperband_brackets(min_epochs=1, max_epochs=9, reduction_factor=factor)


@pytest.mark.parametrize(
    ("trials", "total", "factor", "expected", "spent"),
    [
        (16, 256, 2, [(16, 4), (8, 12), (4, 28), (2, 60)], 256),
        (7, 100, 2, [(7, 4), (3, 15), (1, 48)], 94),  # it adds 4, 11, 33, and never ends with nobody
        (1, 10, 2, [(1, 10)], 10),
        # ⌈log₃ 16⌉ = 3 rounds: ⌊90/48⌋ = 1, ⌊90/15⌋ = 6, ⌊90/3⌋ = 30
        (16, 90, 3, [(16, 1), (5, 7), (1, 37)], 76),
        (16, 64, 2, [(16, 1), (8, 3), (4, 7), (2, 15)], 64),
    ],
)
def test_halving_of_a_total_budget(
    trials: int, total: int, factor: float, expected: list[tuple[int, int]], spent: int
) -> None:
    bracket = halving_bracket_of_total(trials=trials, total_epochs=total, reduction_factor=factor)
    assert rungs(bracket) == expected
    assert bracket.epochs_with_reuse == spent


def test_a_total_budget_must_be_enough_for_the_first_round() -> None:
    assert (least_total_epochs(trials=16), least_total_epochs(trials=17)) == (64, 85)
    with pytest.raises(ValueError, match="16 trials need at least 64 epochs in all, not 63"):
        halving_bracket_of_total(trials=16, total_epochs=63)


@pytest.mark.parametrize(
    ("trials", "low", "high", "factor", "expected"),
    [
        (16, 1, 8, 2, [(16, 1), (8, 2), (4, 4), (2, 8)]),
        (81, 1, 81, 3, [(81, 1), (27, 3), (9, 9), (3, 27), (1, 81)]),
        (7, 1, 81, 3, [(7, 27), (2, 81)]),  # 7 trials allow two rungs
        (100, 10, 81, 3, [(100, 27), (33, 81)]),  # 81/9 is below 10
        (10, 3, 100, 3, [(10, 11), (3, 33), (1, 100)]),
        (2, 1, 9, 3, [(2, 9)]),
        (5, 4, 4, 2, [(5, 4)]),
    ],
)
def test_halving_between_two_bounds(
    trials: int, low: int, high: int, factor: int, expected: list[tuple[int, int]]
) -> None:
    bracket = halving_bracket(trials=trials, min_epochs=low, max_epochs=high, reduction_factor=factor)
    assert rungs(bracket) == expected


def test_a_bracket_shrinks_where_there_are_fewer_trials() -> None:
    bracket = Bracket(3, (Rung(34, 3), Rung(11, 9), Rung(3, 27), Rung(1, 81)), Fraction(3))
    assert rungs(bracket.shrunk(19)) == [(19, 3), (6, 9), (2, 27), (1, 81)]
    assert rungs(bracket.shrunk(2)) == [(2, 3), (1, 9), (1, 27), (1, 81)]
    assert bracket.shrunk(34) == bracket.shrunk(100) == bracket
    assert (bracket.shrunk(0).trials, bracket.shrunk(0).epochs_with_reuse) == (0, 0)


@given(
    low=st.integers(1, 50),
    span=st.integers(0, 5000),
    factor=st.one_of(st.integers(2, 12), st.integers(20, 60).map(lambda tenths: tenths / 10)),
    papers=st.booleans(),
)
def test_hyperbands_rungs_by_definition(low: int, span: int, factor: float, papers: bool) -> None:
    high, eta = low + span, Fraction(str(factor))
    brackets = hyperband_brackets(
        min_epochs=low, max_epochs=high, reduction_factor=factor, table="table" if papers else "algorithm"
    )
    largest = brackets[0].number
    assert high / eta**largest >= low > high / eta ** (largest + 1)
    for bracket in brackets:
        s, first = bracket.number, bracket.trials
        n = (largest + 1) * eta**s / (s + 1)
        assert math.ceil(eta**s) <= first <= math.ceil(n)
        assert papers or first == math.ceil(n)
        for i, rung in enumerate(bracket.rungs):
            assert rung.trials <= first / eta**i < rung.trials + 1
            assert rung.trials >= 1
            assert low <= rung.epochs <= high / eta ** (s - i) < rung.epochs + 1
        epochs = [rung.epochs for rung in bracket.rungs]
        assert epochs == sorted(set(epochs))
        assert epochs[-1] == high


@given(trials=st.integers(1, 400), spare=st.integers(0, 10_000), factor=st.sampled_from([2, 3, 4, 2.5]))
def test_halving_spends_no_more_than_the_total(trials: int, spare: int, factor: float) -> None:
    total = least_total_epochs(trials=trials, reduction_factor=factor) + spare
    bracket = halving_bracket_of_total(trials=trials, total_epochs=total, reduction_factor=factor)
    rounds = len(bracket.rungs)
    assert factor**rounds >= trials > factor ** (rounds - 1) or (trials, rounds) == (1, 1)
    assert bracket.epochs_with_reuse <= total < bracket.epochs_with_reuse + rounds * trials
    assert all(rung.trials >= 1 for rung in bracket.rungs)
