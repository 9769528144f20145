from __future__ import annotations

from dataclasses import replace
from itertools import combinations_with_replacement

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fnnctl.stacks import selection as module
from fnnctl.stacks.selection import Limits, Selection, gains, nested_selections, select_greedily
from fnnctl.tasks.mixture import Mixture


def errors(*rows: list[float]) -> Mixture:
    """Candidates of a regression, by their errors."""
    return Mixture(np.array(rows, np.float64), np.zeros(len(rows[0])), lambda means, _: np.square(means))


def likelihoods(seed: int, candidates: int, rows: int) -> Mixture:
    """Candidates of a classification, by the probabilities of the true class."""
    values = np.random.default_rng(seed).beta(3.0, 1.5, (candidates, rows))
    return Mixture(values, np.zeros(rows), lambda means, _: -np.log(means))


def loss_of(mixture: Mixture, chosen: tuple[int, ...]) -> float:
    return float(mixture.losses(mixture.values[list(chosen)].sum(axis=0), len(chosen)))


def by_brute_force(mixture: Mixture, rounds: int) -> list[int]:
    chosen: list[int] = []
    for _ in range(rounds):
        chosen.append(min(range(len(mixture.values)), key=lambda k: (loss_of(mixture, (*chosen, k)), k)))
    return chosen


@settings(max_examples=25, derandomize=True)
@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(1, 8))
def test_it_selects_what_brute_force_selects(seed: int, candidates: int, rounds: int) -> None:
    mixture = likelihoods(seed, candidates, 20)
    selection = select_greedily(mixture, Limits(rounds))
    assert list(selection.additions) == by_brute_force(mixture, rounds)
    expected = [loss_of(mixture, selection.additions[: k + 1]) for k in range(rounds)]
    np.testing.assert_allclose(selection.losses, expected, rtol=1e-12)
    assert selection.loss == pytest.approx(min(expected))
    assert sum(selection.counts.values()) == selection.size


def test_a_candidate_may_be_added_again_which_gives_it_more_weight() -> None:
    """Errors of 1 and −3: three times the first and once the second have the mean 0."""
    selection = select_greedily(errors([1.0], [-3.0]), Limits(6))
    assert (selection.size, selection.counts, selection.loss) == (4, {0: 3, 1: 1}, 0.0)


def test_the_rounds_after_the_best_one_are_left_out_and_rounding_decides_nothing() -> None:
    for value in np.random.default_rng(0).normal(size=20):
        assert select_greedily(errors([float(value)]), Limits(7)).size == 1


def test_of_equal_candidates_the_earlier_one_is_added() -> None:
    assert select_greedily(errors([2.0], [2.0]), Limits(3)).counts == {0: 1}


def test_an_ensemble_is_not_more_expensive_than_its_limit() -> None:
    """All three together would have no error. The first two cost 5; the third is the best of those left."""
    mixture = errors([1.0, 0.0, 0.0], [0.0, 1.2, 0.0], [-1.0, -1.2, 0.1])
    free = select_greedily(mixture, Limits(12))
    assert set(free.counts) == {0, 1, 2}
    limited = select_greedily(mixture, Limits(12, costs=[2.0, 3.0, 4.0], most=5.0))
    assert set(limited.counts) == {0, 1}


def test_the_first_candidate_may_be_more_expensive_than_the_limit() -> None:
    selection = select_greedily(errors([1.0], [2.0]), Limits(4, costs=[9.0, 1.0], most=5.0))
    assert selection.counts == {0: 1}


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
        assert selection == select_greedily(mixture.of_rows(others), Limits(8))


def test_nested_selection_is_not_flattered_by_noise() -> None:
    """Fifty candidates of pure noise: the selected ensemble looks better than it is on new rows."""
    values = np.random.default_rng(3).normal(size=(50, 100))
    mixture = errors(*values.tolist())
    flattered = select_greedily(mixture, Limits(1)).loss
    honest = np.concatenate(
        [
            np.square(values[selection.additions[0], rows])
            for rows, selection in nested_selections(mixture, np.array_split(np.arange(100), 5), Limits(1))
        ]
    ).mean()
    assert flattered < 0.8
    assert honest > 0.9


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
    assert select_greedily(mixture, Limits(5)) == select_greedily(mixture.of_rows(some), Limits(5))


def test_greedy_selection_is_not_far_from_the_best_of_all_mixtures() -> None:
    """Beside every multiset of at most six of four candidates."""
    mixture = likelihoods(8, 4, 40)
    best = min(
        loss_of(mixture, chosen)
        for size in range(1, 7)
        for chosen in combinations_with_replacement(range(4), size)
    )
    selection: Selection = select_greedily(mixture, Limits(6))
    assert best <= selection.loss <= best * 1.005


def test_a_candidate_that_is_clearly_worse_alone_is_left_out() -> None:
    """The second cancels the first one's errors, but its loss is twice as high, without any spread."""
    mixture = errors([1.0] * 8, [-(2.0**0.5)] * 8)
    assert set(select_greedily(mixture, Limits(6)).counts) == {0, 1}
    assert set(select_greedily(mixture, Limits(6, errors=3.0)).counts) == {0}
    noisy = errors([1.0] * 8, [-2.5, *[-0.5] * 7])  # a higher loss, but by less than three standard errors
    assert set(select_greedily(noisy, Limits(6, errors=3.0)).counts) == {0, 1}
