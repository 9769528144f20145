from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from fnnctl.metrics.paired import holm, paired_test
from fnnctl.records.confirmation import Confirmation, confirmation
from fnnctl.records.standings import Standings
from fnnctl.records.trials import Confirmed, Direction, Result, Status

SETTINGS = {"confirm": {"top": 3, "seeds": 4}, "objective": {"metric": "accuracy"}}


def result(trial: int, objective: float | None, budget: int = 9, **facts: Any) -> Result:
    status = Status.DIVERGED if objective is None else Status.COMPLETED
    return Result(trial, 0, budget, **{"status": status, "objective": objective, "epochs": budget, **facts})


def networks(
    scores: Mapping[int, Sequence[float | None]], budget: int = 9
) -> dict[tuple[int, int, int], Confirmed]:
    made = [
        Confirmed(trial, budget, seed, score, budget, budget - seed, 80, 20, None if score else "it exploded")
        for trial, of_trial in scores.items()
        for seed, score in enumerate(of_trial)
    ]
    return {each.key: each for each in made}


def confirmed(
    scores: Mapping[int, Sequence[float | None]],
    results: Sequence[Result] = (result(0, 0.9), result(1, 0.8), result(2, 0.95), result(3, 0.7)),
    direction: Direction = "maximize",
) -> Confirmation:
    found = confirmation(SETTINGS, Standings(direction, results), networks(scores))
    assert found
    return found


CLEAR = {0: [0.80, 0.81, 0.82, 0.83], 1: [0.90, 0.91, 0.925, 0.93], 2: [0.70, 0.72, 0.72, 0.735]}


def test_the_leaders_are_the_best_of_the_search_and_have_no_scores_without_networks() -> None:
    """A search may be killed between its last trial and the first network of its confirmation."""
    before_the_first, after_the_first = confirmed({}), confirmed({2: [None]})
    for unfinished in (before_the_first, after_the_first):
        assert [leader.trial for leader in unfinished.leaders] == [2, 0, 1]
        assert (unfinished.budget, unfinished.is_complete, unfinished.chosen) == (9, False, None)
        for leader in unfinished.leaders:
            summary = unfinished.summary(leader)
            assert (summary["mean"], summary["std"], summary["ci95"]) == (None, None, None)
            assert unfinished.half_width(leader) is None
    assert (before_the_first.test_share, after_the_first.test_share) == (0.0, 0.25)


def test_the_best_mean_wins_and_is_compared_with_the_others() -> None:
    found = confirmed(CLEAR)
    assert found.chosen
    assert found.chosen is found.winner
    assert (found.winner.trial, [leader.trial for leader in found.ranked]) == (1, [1, 0, 2])
    tests = {trial: paired_test(CLEAR[trial], CLEAR[1], test_share=0.25) for trial in (0, 2)}
    assert {trial: each.test for trial, each in found.comparisons.items()} == tests
    assert [each.p_holm for each in found.comparisons.values()] == holm([test.p for test in tests.values()])
    assert found.comparisons[0].test.difference == pytest.approx(-0.10125)
    assert found.tied == []
    assert found.winner.epochs == 7, "the lower median of the kept epochs 9, 8, 7, 6"


def test_a_small_mean_wins_if_the_objective_is_minimized() -> None:
    found = confirmed(CLEAR, [result(n, 0.1 * n) for n in range(3)], "minimize")
    assert [leader.trial for leader in found.leaders] == [0, 1, 2]
    assert [leader.trial for leader in found.ranked] == [2, 0, 1]


def test_what_the_seeds_cannot_tell_apart_is_tied() -> None:
    found = confirmed({0: [0.8, 0.7, 0.9, 0.8], 1: [0.7, 0.8, 0.8, 0.9], 2: [0.1, 0.11, 0.12, 0.1]})
    assert found.winner.trial == 0, "equal means are in the order of the search"
    assert found.tied == [1]
    assert found.comparisons[1].p_holm == 1.0
    assert not found.comparisons[2].is_tie


def test_a_leader_with_a_diverged_seed_cannot_win() -> None:
    found = confirmed({**CLEAR, 1: [0.99, None, 0.99, 0.99]})
    assert found.chosen
    assert found.chosen.trial == 0
    assert list(found.comparisons) == [2]
    assert found.ranked[-1].trial == 1
    (leader,) = (each for each in found.leaders if each.failed)
    assert (leader.mean, leader.failed[0].seed, leader.scores) == (None, 1, [0.99] * 3)
    assert found.summary(leader) == {
        "mean": None, "std": None, "ci95": None, "scores": [0.99, None, 0.99, 0.99],
    }  # fmt: skip


def undefined(found: dict[tuple[int, int, int], Confirmed], *keys: tuple[int, int]) -> Confirmation:
    """The confirmation, in which the networks of these trials and seeds have no metric."""
    changed = {
        key: replace(each, objective=None, reason="accuracy is undefined here", is_undefined=True)
        for key, each in found.items()
        if (each.trial, each.seed) in keys
    }
    made = confirmation(SETTINGS, Standings("maximize", [result(n, 0.9) for n in range(3)]), found | changed)
    assert made
    return made


def test_a_seed_with_an_undefined_metric_is_left_out_for_all_leaders() -> None:
    """Also for those for whom it is defined: scores are compared in pairs."""
    found = undefined(networks(CLEAR), (0, 1), (2, 1))
    assert (found.left_out, found.compared_seeds, found.is_complete) == ([1], 3, True)
    kept = {trial: [scores[k] for k in (0, 2, 3)] for trial, scores in CLEAR.items()}
    assert {leader.trial: leader.scores for leader in found.leaders} == kept
    assert found.chosen
    assert found.chosen.trial == 1
    assert found.chosen.mean == pytest.approx(sum(kept[1]) / 3)
    assert found.summary(found.chosen)["scores"] == [0.90, None, 0.925, 0.93]
    assert found.comparisons[0].test == paired_test(kept[0], kept[1], test_share=0.25)
    assert not any(leader.failed for leader in found.leaders)


@pytest.mark.parametrize(
    ("scores", "keys", "chosen", "compared_seeds"),
    [
        ({**CLEAR, 1: [0.99, None, 0.99, 0.99]}, [(0, 1), (2, 1)], 0, 3),  # the leader 1 diverged
        (CLEAR, [(0, seed) for seed in (0, 1, 3)], 1, 1),
        (CLEAR, [(0, seed) for seed in range(4)], None, 0),
    ],
)
def test_seeds_that_count_for_all_choose(
    scores: Any, keys: list[tuple[int, int]], chosen: int | None, compared_seeds: int
) -> None:
    made = undefined(networks(scores), *keys)
    assert (made.chosen and made.chosen.trial, made.compared_seeds) == (chosen, compared_seeds)
    assert bool(made.comparisons) is (compared_seeds > 1)
    assert made.chosen is not None or made.half_width(made.winner) is None


def test_without_any_complete_leader_the_best_of_the_search_remains() -> None:
    found = confirmed({trial: [None, 0.9, 0.9, 0.9] for trial in range(3)})
    assert found.is_complete
    assert (found.chosen, found.winner.trial, found.comparisons) == (None, 2, {})


def test_nothing_is_said_before_all_networks_are_there() -> None:
    found = confirmed({**CLEAR, 2: [0.7]})
    assert (found.networks, found.is_complete, found.chosen, found.comparisons) == (9, False, None, {})


def test_networks_of_another_budget_do_not_count() -> None:
    """As in a search that was extended: its leaders have trained for more epochs since."""
    standings = Standings("maximize", [result(0, 0.9, 27), result(1, 0.8, 9)])
    old, new = networks({0: CLEAR[0], 1: CLEAR[1]}), networks({0: CLEAR[2]}, 27)
    found = confirmation(SETTINGS, standings, old | new)
    assert found
    assert (found.budget, found.networks) == (27, 4)
    assert found.same_epochs(found.leaders[0])
    assert not found.same_epochs(found.leaders[1])


@pytest.mark.parametrize(("settings", "second"), [({}, 0.8), ({"confirm": None}, 0.8), (SETTINGS, None)])
def test_nothing_is_confirmed_unasked_or_of_a_single_leader(
    settings: Mapping[str, Any], second: float | None
) -> None:
    assert confirmation(settings, Standings("maximize", [result(0, 0.9), result(1, second)]), {}) is None
