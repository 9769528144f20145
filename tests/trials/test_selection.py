from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeAlias

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fnnctl.tasks.mixture import Mixture
from fnnctl.trials import selection as module
from fnnctl.trials.selection import (
    Limits,
    Score,
    Selection,
    gains,
    nested_selections,
    select_by_loss,
    select_by_metric,
)


def errors(*rows: list[float]) -> Mixture:
    """Candidates of a regression, by their errors."""
    return Mixture(np.array(rows, np.float64), np.zeros(len(rows[0])), lambda means, _: np.square(means))


def likelihoods(seed: int, candidates: int, rows: int) -> Mixture:
    """Candidates of a classification, by the probabilities of the true class."""
    values = np.random.default_rng(seed).beta(3.0, 1.5, (candidates, rows))
    return Mixture(values, np.zeros(rows), lambda means, _: -np.log(means))


def loss_of(mixture: Mixture, members: Sequence[int]) -> float:
    return float(mixture.losses(mixture.values[list(members)].sum(axis=0), len(members)))


def by_brute_force(
    loss: Callable[[Sequence[int]], float], candidates: int, rounds: int, additions: Sequence[int] = ()
) -> list[int]:
    """What each round adds after these additions."""
    members = [*additions]
    while len(members) < rounds:
        members.append(min(range(candidates), key=lambda k: (loss([*members, k]), k)))
    return members


@settings(max_examples=25, derandomize=True)
@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(1, 8))
def test_it_selects_what_brute_force_selects(seed: int, candidates: int, rounds: int) -> None:
    mixture = likelihoods(seed, candidates, 20)
    selection = select_by_loss(mixture, Limits(rounds))
    assert list(selection.additions) == by_brute_force(partial(loss_of, mixture), candidates, rounds)
    expected = [loss_of(mixture, selection.additions[: k + 1]) for k in range(rounds)]
    np.testing.assert_allclose([loss for (loss,) in selection.ranks], expected, rtol=1e-12)
    assert selection.loss == pytest.approx(min(expected))
    assert sum(selection.counts.values()) == selection.size


def test_a_candidate_may_be_added_again_which_gives_it_more_weight() -> None:
    """Errors of 1 and −3: three times the first and once the second have the mean 0."""
    selection = select_by_loss(errors([1.0], [-3.0]), Limits(6))
    assert (selection.size, selection.counts, selection.loss) == (4, {0: 3, 1: 1}, 0.0)


def test_the_rounds_after_the_best_one_are_left_out_and_rounding_decides_nothing() -> None:
    """Of equal candidates the earlier one is added."""
    for value in np.random.default_rng(0).normal(size=20):
        assert select_by_loss(errors([float(value)]), Limits(7)).size == 1
    assert select_by_loss(errors([2.0], [2.0]), Limits(3)).counts == {0: 1}


def test_an_ensemble_is_not_more_expensive_than_its_limit() -> None:
    """All three together would have no error. The first two cost 5; the third is the best of those left."""
    mixture = errors([1.0, 0.0, 0.0], [0.0, 1.2, 0.0], [-1.0, -1.2, 0.1])
    free = select_by_loss(mixture, Limits(12))
    assert set(free.counts) == {0, 1, 2}
    limited = select_by_loss(mixture, Limits(12, costs=[2.0, 3.0, 4.0], max_cost=5.0))
    assert set(limited.counts) == {0, 1}


@pytest.mark.parametrize("errors_allowed", [float("inf"), 3.0])
def test_a_candidate_above_the_limit_is_taken_only_if_all_are(errors_allowed: float) -> None:
    """The best one is 9 times as expensive as the next, which is clearly worse than it."""
    mixture = errors([1.0, 1.0], [2.0, 2.0])
    limits = Limits(4, costs=[9.0, 1.0], max_cost=5.0, max_standard_errors=errors_allowed)
    assert select_by_loss(mixture, limits).counts == {1: 1}
    assert select_by_loss(mixture, replace(limits, costs=[9.0, 8.0])).counts == {0: 1}


@settings(max_examples=25, derandomize=True)
@given(st.integers(0, 10**6), st.integers(2, 5))
def test_a_fold_has_no_part_in_its_own_selection(seed: int, folds: int) -> None:
    """Whatever a fold's numbers are, its selection is that of the other rows."""
    rng = np.random.default_rng(seed)
    mixture = likelihoods(seed, 4, 30)
    parts = np.array_split(rng.permutation(30), folds)
    for index, (rows, selection) in enumerate(nested_selections(mixture, parts, Limits(8))):
        np.testing.assert_array_equal(rows, parts[index])
        changed = mixture.values.copy()
        changed[:, rows] = rng.uniform(0.1, 0.9, (4, len(rows)))
        (_, again), *_ = list(nested_selections(replace(mixture, values=changed), [rows], Limits(8)))
        assert again == selection
        others = np.setdiff1d(np.arange(30), rows)
        assert selection == select_by_loss(mixture.of_rows(others), Limits(8))


def test_nested_selection_is_not_flattered_by_noise() -> None:
    """Fifty candidates of pure noise: the selected ensemble looks better than it is on new rows."""
    values = np.random.default_rng(3).normal(size=(50, 100))
    mixture = errors(*values.tolist())
    folds = nested_selections(mixture, np.array_split(np.arange(100), 5), Limits(1))
    honest = [np.square(values[selection.additions[0], rows]) for rows, selection in folds]
    assert select_by_loss(mixture, Limits(1)).loss < 0.8
    assert np.concatenate(honest).mean() > 0.9


def test_gains_are_the_losses_without_each_candidate() -> None:
    """The errors 1 and −1 cancel; with the error 0.5 twice as well, by hand: (1 − 1 + 1)/4 = 1/4."""
    mixture = errors([1.0], [-1.0], [0.5])
    counts = {0: 1, 1: 1, 2: 2}
    whole = 0.25**2
    expected = {0: 0.0 - whole, 1: (2 / 3) ** 2 - whole, 2: 0.0 - whole}
    assert gains(mixture, counts) == pytest.approx(expected)
    assert gains(mixture, {1: 3}) == {1: None}


def test_many_rows_are_selected_on_some_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    mixture = likelihoods(5, 3, 1000)
    monkeypatch.setattr(module, "MAX_SELECTING", 100)
    some = np.linspace(0, 999, 100).astype(np.intp)
    assert select_by_loss(mixture, Limits(5)) == select_by_loss(mixture.of_rows(some), Limits(5))


def test_a_candidate_that_is_clearly_worse_alone_is_left_out() -> None:
    """The second cancels the first one's errors, but its loss is twice as high, without any spread."""
    mixture = errors([1.0] * 8, [-(2.0**0.5)] * 8)
    assert set(select_by_loss(mixture, Limits(6)).counts) == {0, 1}
    assert set(select_by_loss(mixture, Limits(6, max_standard_errors=3.0)).counts) == {0}
    noisy = errors([1.0] * 8, [-2.5, *[-0.5] * 7])  # a higher loss, but by less than three standard errors
    assert set(select_by_loss(noisy, Limits(6, max_standard_errors=3.0)).counts) == {0, 1}


Averaged: TypeAlias = Callable[[np.ndarray], Score]
"""The score of a mean of predictions."""


def by_metric(
    predictions: Sequence[np.ndarray], score: Averaged, *, size: int, minimized: bool = False
) -> Selection:
    """What is selected by the score of the mean predictions."""

    def of_counts(counts: Mapping[int, int]) -> Score:
        members = [predictions[k] for k in counts]
        return score(np.average(members, axis=0, weights=list(counts.values())))

    return select_by_metric(len(predictions), of_counts, rounds=size, minimized=minimized)


def without_loss(score: Callable[[np.ndarray], float | None]) -> Averaged:
    """The score, with a loss that decides nothing."""
    return lambda mean: (score(mean), 0.0)


@given(
    seed=st.integers(0, 10**6), candidates=st.integers(1, 6), size=st.integers(1, 9), minimized=st.booleans()
)
def test_by_a_metric_it_selects_what_brute_force_selects(
    seed: int, candidates: int, size: int, minimized: bool
) -> None:
    """Probabilities of three classes; a smooth score, so that rounding decides nothing."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(3, size=20)
    predictions = list(rng.dirichlet(np.ones(3), size=(candidates, 20)))

    def log_loss(probabilities: np.ndarray) -> float:
        return float(-np.log(probabilities[np.arange(20), labels]).mean())

    def loss(members: Sequence[int]) -> float:
        return log_loss(np.mean([predictions[k] for k in members], axis=0))

    expected = by_brute_force(loss, candidates, size, [0])
    losses = [loss(expected[: k + 1]) for k in range(size)]
    sign = 1 if minimized else -1
    score = without_loss(lambda probabilities: sign * log_loss(probabilities))
    selection = by_metric(predictions, score, size=size, minimized=minimized)
    assert list(selection.additions) == expected
    np.testing.assert_allclose([rank[0] for rank in selection.ranks], losses, rtol=1e-9)
    assert losses[selection.size - 1] == pytest.approx(min(losses), rel=1e-12)
    assert losses[: selection.size - 1] == [] or min(losses[: selection.size - 1]) > min(losses)
    assert sum(selection.counts.values()) == selection.size


def nearness(target: float) -> Averaged:
    return without_loss(lambda mean: -abs(float(mean[0]) - target))


def numbers(*values: float) -> list[np.ndarray]:
    return [np.array([value]) for value in values]


def test_by_a_metric_a_candidate_may_be_added_again() -> None:
    """The means are 0, 2 (or again 0, which is as near to 1, and earlier), 4/3, 1."""
    selection = by_metric(numbers(0, 4), nearness(1), size=6)
    assert selection.additions[:4] == (0, 0, 1, 0)
    assert (selection.size, selection.counts, selection.ranks[3]) == (4, {0: 3, 1: 1}, (0.0, 0.0))


def test_ensembles_of_equal_weights_are_one() -> None:
    """Their scores would differ in the last bits: the mean of equal numbers is not always that number."""
    scored: list[Mapping[int, int]] = []

    def score(counts: Mapping[int, int]) -> Score:
        scored.append(counts)
        return float(sum(counts.values())), 0.0

    selection = select_by_metric(1, score, rounds=7, minimized=False)
    assert (selection.size, scored) == (1, [{0: 1}])
    selection = select_by_metric(2, score, rounds=4, minimized=False)
    assert (selection.additions, selection.weights) == ((0, 1, 0, 0), {0: 3, 1: 1})


@pytest.mark.parametrize(
    ("values", "target", "size", "additions"),
    [
        ((1, 8), 1, 5, (0, 0, 0, 0, 0)),  # the first is right, and later rounds are at most as good
        ((0, 2, 2, 2), 1, 2, (0, 1)),  # of equal scores and losses the earlier candidate wins
        ((0, 1), 1, 1, (0,)),  # the first round takes the first candidate, though another is better
    ],
)
def test_by_a_metric_rounds_add(
    values: Sequence[float], target: float, size: int, additions: tuple[int, ...]
) -> None:
    selection = by_metric(numbers(*values), nearness(target), size=size)
    assert selection.additions == additions
    assert selection.size == 1 + (additions == (0, 1))


@pytest.mark.parametrize("minimized", [False, True])
def test_of_equal_scores_the_one_with_the_least_loss_wins(minimized: bool) -> None:
    """The means are 0; then 0, 1, 2 or 3; 2, 8/3, 10/3 or 4; and 2.5, 3, 3.5 or 4. The best is 3.3."""
    selection = by_metric(
        numbers(0, 2, 4, 6), lambda mean: (0.5, abs(float(mean[0]) - 3.3)), size=4, minimized=minimized
    )
    assert selection.additions == (0, 3, 2, 2)
    assert selection.size == 3
    assert [abs(value) for value, _ in selection.ranks] == [0.5] * 4


def test_the_loss_decides_nothing_between_different_scores() -> None:
    """The mean of 0 and 9 scores best, and has the largest loss."""
    selection = by_metric(numbers(0, 1, 9), lambda mean: (float(mean[0]), float(mean[0])), size=2)
    assert (selection.additions, selection.size) == ((0, 2), 2)


@pytest.mark.parametrize("undefined", [None, float("nan")])
def test_an_undefined_score_is_the_worst(undefined: float | None) -> None:
    def score(mean: np.ndarray) -> float | None:
        return undefined if mean[0] > 1 else float(mean[0])

    selection = by_metric(numbers(0, 9, 1), without_loss(score), size=3)
    assert selection.additions == (0, 2, 2)
    assert selection.size == 3
