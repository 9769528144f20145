from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.records.standings import Failures, Standings, finite_objective, leaderboard_table, ranked
from fnnctl.records.trials import NON_FINITE_LOSS, Direction, Result, Status, Stop, Trial, non_finite_loss

DIRECTIONS: tuple[Direction, Direction] = ("maximize", "minimize")


def result(
    trial: int,
    objective: float | None,
    budget: int = 1,
    status: Status = Status.COMPLETED,
    epochs: int | None = None,
) -> Result:
    return Result(trial, 0, budget, status, objective, budget if epochs is None else epochs)


MIXED = [
    result(0, 0.5),
    result(1, math.nan),
    result(2, 0.75),
    result(3, None, status=Status.FAILED),
    result(4, 0.5),
    result(5, None, status=Status.DIVERGED),
    result(6, math.inf),
    result(7, 0.25, status=Status.STOPPED_EARLY),
    result(8, -math.inf),
    result(9, 0.9, status=Status.DIVERGED),
]


@pytest.mark.parametrize(("direction", "finite"), [("maximize", [2, 0, 4, 7]), ("minimize", [7, 0, 4, 2])])
def test_ties_go_by_number_and_what_is_not_finite_comes_last(direction: Direction, finite: list[int]) -> None:
    for results in (MIXED, MIXED[::-1]):
        assert [each.trial for each in ranked(results, direction)] == [*finite, 1, 3, 5, 6, 8, 9]


def test_only_what_has_an_objective_is_finite() -> None:
    assert [each.trial for each in MIXED if finite_objective(each) is not None] == [0, 2, 4, 7]


def test_those_compete_that_had_the_largest_budget_or_stopped_early() -> None:
    standings = Standings("maximize")
    told = [
        result(0, 0.9), result(1, 0.8, 3), result(2, 0.8, 3), result(3, 0.85, status=Status.STOPPED_EARLY),
        result(4, None, 3, status=Status.DIVERGED), result(5, 0.95, 3, status=Status.STOPPED_BY_CURVE),
    ]  # fmt: skip
    for each in told:
        standings.add(each)
    assert [each.trial for each in standings.contenders()] == [3, 1, 2]
    assert standings.contenders()[0] == standings.incumbent


def test_the_incumbent_that_stopped_early_is_out_if_it_diverges_in_an_extension() -> None:
    stopped = result(0, 0.9, status=Status.STOPPED_EARLY)
    standings = Standings("maximize", [stopped, result(1, 0.8, 3)])
    assert standings.incumbent == stopped
    standings.add(result(0, None, 9, Status.DIVERGED))
    assert standings.incumbent == result(1, 0.8, 3)


@pytest.mark.parametrize("is_stopped", [False, True])
def test_those_with_less_compete_again_when_the_one_with_most_epochs_is_out(is_stopped: bool) -> None:
    """The incumbent, which stopped early, stays."""
    told = [result(0, 0.9, status=Status.STOPPED_EARLY), result(1, 0.5, 3), result(2, 0.6, 1)]
    standings = Standings("maximize", told)
    assert [each.trial for each in standings.contenders()] == [0, 1]
    if is_stopped:
        standings.stop([Stop("hopeless", trial=1, budget=3, saved=6)])
    else:
        standings.add(result(1, None, 9, Status.DIVERGED))
    assert [each.trial for each in standings.contenders()] == [0, 2]


def test_the_incumbent_has_the_largest_budget_and_then_the_best_objective() -> None:
    standings = Standings("maximize")
    incumbents = []
    for told in [result(0, 0.9), result(1, 0.8), result(1, 0.6, 3), result(2, 0.7, 3), result(3, 0.7, 3)]:
        standings.add(told)
        assert standings.incumbent is not None
        incumbents.append(standings.incumbent.trial)
    assert incumbents == [0, 0, 1, 2, 2]


def test_a_trial_that_diverges_later_is_out() -> None:
    standings = Standings("minimize", [result(0, 0.1), result(1, 0.2)])
    standings.add(result(0, None, 3, Status.DIVERGED, epochs=1))
    assert standings.incumbent == result(1, 0.2)
    assert [each.trial for each in standings.ranked()] == [1, 0]
    assert standings.epochs == {0: 2, 1: 1}


def test_the_most_frequent_reason_of_trials_without_a_result() -> None:
    """Trials that diverged in different epochs have the same reason."""
    diverged = [
        replace(
            result(trial, None, 9, Status.DIVERGED),
            reason=str(non_finite_loss(f"in epoch {trial}")),
            reason_kind=NON_FINITE_LOSS,
        )
        for trial in (1, 2)
    ]
    failed = replace(result(3, None, 9, Status.FAILED), reason="out of memory in a layer")
    standings = Standings("maximize", [result(0, 0.5, 9), failed])
    assert standings.failures == Failures(1, "out of memory in a layer", 1, diverged=False)
    assert standings.failures.in_words(2) == "1 of 2 trials produced no result: out of memory in a layer"
    for each in diverged:
        standings.add(each)
    assert standings.failures == Failures(3, "the loss became non-finite", 2, diverged=True)
    words = "3 of 4 trials produced no result (most often, 2 times): the loss became non-finite"
    assert standings.failures.in_words(4) == words
    assert Standings("maximize", [result(0, 0.5)]).failures is None


def test_a_smaller_budget_that_comes_later_changes_only_the_epochs() -> None:
    standings = Standings("maximize", [result(0, 0.5, 9), result(0, 0.9, 3)])
    assert standings.latest == {0: result(0, 0.5, 9)}
    assert standings.incumbent == result(0, 0.5, 9)
    assert standings.epochs == {0: 12}


def test_a_trial_that_its_curve_stopped_ranks_below_the_others_and_never_wins() -> None:
    """Unless it went on later, as in an extended search, whose parts are larger."""
    stops = [Stop("hopeless", trial=0, budget=3, saved=6), Stop("no improvement")]
    standings = Standings("maximize", [result(0, 0.9, 3), result(1, 0.5, 3), result(2, math.nan, 3)])
    standings.stop(stops)
    assert [each.trial for each in standings.ranked()] == [1, 0, 2]
    assert standings.latest[0] == replace(result(0, 0.9, 3, Status.STOPPED_BY_CURVE), reason="hopeless")
    assert standings.incumbent == result(1, 0.5, 3)
    longer = Standings("maximize", [result(0, 0.9, 3), result(0, 0.8, 9), result(1, 0.5, 9)])
    longer.stop(stops)
    assert longer.incumbent == result(0, 0.8, 9)


def defined_incumbent(results: Sequence[Result], direction: Direction) -> Result | None:
    """By definition, from all the results at once."""
    latest: dict[int, Result] = {}
    for each in results:
        if each.trial not in latest or each.budget >= latest[each.trial].budget:
            latest[each.trial] = each
    finite = [
        each
        for each in latest.values()
        if finite_objective(each) is not None and each.status is not Status.STOPPED_BY_CURVE
    ]
    largest = max((each.budget for each in finite if each.status is Status.COMPLETED), default=0)
    at_largest = [each for each in finite if each.status is Status.STOPPED_EARLY or each.budget == largest]
    sign = -1 if direction == "maximize" else 1
    return min(at_largest, key=lambda each: (sign * (each.objective or 0.0), each.trial), default=None)


RESULTS = st.builds(
    result,
    trial=st.integers(0, 5),
    objective=st.sampled_from([0.0, 0.25, 0.5, math.nan]),
    budget=st.sampled_from([1, 3, 9]),
    status=st.sampled_from([*Status, Status.COMPLETED, Status.COMPLETED]),
)


@given(
    results=st.lists(RESULTS, max_size=25),
    direction=st.sampled_from(DIRECTIONS),
    stopped=st.sets(st.integers(0, 5)),
)
def test_the_incumbent_by_definition_after_every_result(
    results: list[Result], direction: Direction, stopped: set[int]
) -> None:
    """If the last finisher at the largest budget is stopped, those with less budget compete again."""
    standings = Standings(direction)
    for count, added in enumerate(results, start=1):
        standings.add(added)
        assert standings.incumbent == defined_incumbent(results[:count], direction)
    for trial in stopped & standings.latest.keys():
        latest = standings.latest[trial]
        standings.stop([Stop("hopeless", trial=trial, budget=latest.budget, saved=1)])
        results = [*results, replace(latest, status=Status.STOPPED_BY_CURVE, reason="hopeless")]
        assert standings.incumbent == defined_incumbent(results, direction)


def test_the_leaders_follow_the_order_of_the_incumbent() -> None:
    """First those with the most epochs or stopped early, then those with fewer epochs; none was stopped."""
    results = [
        Result(0, 0, 3, Status.COMPLETED, 0.99, 3),
        Result(1, 1, 9, Status.COMPLETED, 0.7, 9),
        Result(2, 0, 1, Status.STOPPED_EARLY, 0.8, 1),
        Result(3, 0, 9, Status.DIVERGED, None, 9),
        Result(4, 0, 9, Status.STOPPED_BY_CURVE, 0.95, 9),
        Result(5, 1, 9, Status.COMPLETED, 0.7, 9),
        Result(6, 0, 1, Status.COMPLETED, 0.6, 1),
    ]
    standings = Standings("maximize", results)
    leaders = standings.leaders(10)
    assert [each.trial for each in leaders] == [2, 1, 5, 0, 6]
    assert leaders[0] is standings.incumbent
    assert standings.leaders(2) == leaders[:2]
    assert Standings("minimize", results).leaders(2)[0] is Standings("minimize", results).latest[1]
    assert Standings("maximize").leaders(3) == []


def test_rows_are_in_the_order_of_objective_and_number() -> None:
    trials = {
        0: Trial(0, {"rate": 0.1, "momentum": 0.9}, 1),
        1: Trial(1, {"rate": 0.2}, 1),
        2: Trial(2, {"rate": 0.3, "momentum": 0.5}, 0),
        3: Trial(3, {"rate": 0.4}, 0),
        4: Trial(4, {"rate": 0.5}, 0),
    }
    results = [
        Result(0, 0, 3, Status.COMPLETED, 0.5, 3),
        Result(1, 0, 3, Status.COMPLETED, 0.75, 3),
        Result(2, 0, 9, Status.DIVERGED, None, 4, "NaN"),
        Result(3, 0, 9, Status.STOPPED_EARLY, 0.75, 5),
        Result(1, 1, 9, Status.COMPLETED, 0.8, 6),
    ]
    columns, rows = leaderboard_table(trials, Standings("maximize", results), ["momentum", "rate"])
    assert columns == [
        "rank", "trial", "status", "objective", "epochs", "bracket", "rung", "momentum", "rate",
    ]  # fmt: skip
    assert list(rows) == [
        [1, 1, "completed", 0.8, 9, 1, 1, None, 0.2],
        [2, 3, "stopped early", 0.75, 5, 0, 0, None, 0.4],
        [3, 0, "completed", 0.5, 3, 1, 0, 0.9, 0.1],
        [4, 2, "diverged", None, 4, 0, 0, 0.5, 0.3],
    ]
    _, rows = leaderboard_table(trials, Standings("minimize", results), [])
    assert [row[1] for row in rows] == [0, 3, 1, 2]


def test_lists_and_mappings_are_written_as_in_a_config() -> None:
    layers = [{"units": 8, "activation": "relu", "residual": False}]
    trials = {0: Trial(0, {"hidden": layers, "stopping": {"patience": 3}, "shuffle": True})}
    results = [Result(0, 0, 3, Status.COMPLETED, 0.5, 3)]
    paths = ["hidden", "stopping", "shuffle"]
    _, rows = leaderboard_table(trials, Standings("maximize", results), paths)
    assert next(rows)[-3:] == ["[{units: 8, activation: relu, residual: false}]", "{patience: 3}", True]
