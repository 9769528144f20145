from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kendalltau

from fnnctl.metrics.association import RankCorrelation
from fnnctl.records.audit import Audit, RungPair, audit
from fnnctl.records.history import SearchHistory
from tests.report.searches import curve, halving, header, hyperband, read, result, trial

CURVES = st.lists(st.lists(st.integers(0, 12), min_size=9, max_size=9), min_size=12, max_size=18)


def played(
    curves: Sequence[Sequence[float]], of: Callable[[float], float] = float, *, direction: str = "maximize"
) -> SearchHistory:
    return read(hyperband([[of(each) for each in own] for own in curves], direction=direction))


def audited(search: SearchHistory) -> Audit:
    found = audit(search)
    assert found is not None
    return found


def test_the_correlation_of_trials_that_were_not_selected() -> None:
    """From 1 to 3 epochs it is computed from the 20 trials that began with 3 epochs or more."""
    curves = np.random.default_rng(5).normal(size=(30, 9))
    first, second = audited(played(curves.tolist())).adjacent
    free = curves[[number for number in range(30) if number % 3]]
    assert (first.start, first.stop, first.trials, first.is_selected) == (1, 3, 20, False)
    assert first.correlation is not None
    assert first.correlation.tau == pytest.approx(kendalltau(free[:, 0], free[:, 2]).statistic)
    assert second.trials == 10
    assert second.risk is not None
    assert (second.risk.group, second.risk.kept) == (5, 1), "half of those that are known"
    first_record, *others = hyperband(curves.tolist())
    first_record["settings"]["budget"] = {**first_record["settings"]["budget"], "reduction_factor": 2.5}
    *_, second = audited(read([first_record, *others])).adjacent
    assert second.risk is not None
    assert (second.risk.group, second.risk.kept) == (5, 2)


def test_only_promoted_trials_are_known_in_a_single_bracket() -> None:
    audit_of_one = audited(read(halving()))
    (first, second) = audit_of_one.adjacent
    assert audit_of_one.full == 9
    assert (first.trials, first.is_selected, first.correlation, first.risk) == (2, True, None, None)
    assert second.trials == 2, "the one that diverged later is the worst there"


def test_trials_that_diverged_before_the_earlier_rung_are_left_out() -> None:
    records = [header(), *(trial(number) for number in range(7))]
    for number in range(6):
        values = [number / 10, 0.0, None if number == 5 else number / 10]
        records.append(result(number, 3, values[-1], facts=curve(*values)))
    records += [result(6, 3, None, epochs=1, facts=curve(None)), trial(7, bracket=1), result(7, 1, 0.1)]
    records.append(result(7, 3, 0.1, rung=1, epochs=2))
    (pair,) = audited(read(records)).adjacent
    assert pair.trials == 6
    assert pair.correlation is not None
    assert pair.correlation.tau == pytest.approx((10 - 5) / 15), "the diverged one is the worst, not the best"


@pytest.mark.parametrize("budgets", [(3, 3), (3,)])
def test_a_search_with_one_rung_has_no_audit(budgets: Sequence[int]) -> None:
    records = [result(number, budget, 0.5) for number, budget in enumerate(budgets)]
    assert audit(read([header(), *(trial(number) for number in range(len(budgets))), *records])) is None


def test_a_search_without_results_or_without_promotions_has_no_audit() -> None:
    assert audit(read([header(), trial(0)])) is None
    of_two_brackets = [trial(0, bracket=1), trial(1), result(0, 3, 0.5), result(1, 9, 0.5)]
    assert audit(read([header(), *of_two_brackets])) is None


@given(CURVES)
def test_only_the_order_of_objectives_matters(curves: list[list[float]]) -> None:
    found, other = audited(played(curves)), audited(played(curves, lambda value: math.exp(value) - 3))
    for pair, same in zip((*found.adjacent, *found.to_full), (*other.adjacent, *other.to_full), strict=True):
        assert replace(same, risk=None) == replace(pair, risk=None)
        assert (same.risk and same.risk.share) == (pair.risk and pair.risk.share)
    assert other.safe_min_epochs == found.safe_min_epochs
    for each, same_i in zip(found.baselines.values(), other.baselines.values(), strict=True):
        assert each
        assert same_i
        assert (same_i.used, same_i.known, same_i.as_good) == (each.used, each.known, each.as_good)


@given(CURVES)
def test_the_direction_does_not_matter(curves: list[list[float]]) -> None:
    maximized = played(curves, lambda value: -value)
    assert audited(played(curves, direction="minimize")) == audited(maximized)


def pair(start: int, tau: float, low: float, trials: int = 30, *, is_selected: bool = False) -> RungPair:
    return RungPair(start, 3 * start, trials, is_selected, RankCorrelation(tau, (low, 1.0)), None)


@pytest.mark.parametrize(
    ("pairs", "safe"),
    [
        ([pair(1, 0.7, 0.5), pair(3, 0.7, 0.5)], 1),
        ([pair(1, 0.1, -0.2), pair(3, 0.7, 0.5)], 3),
        ([pair(1, 0.7, 0.5), pair(3, 0.5, 0.2)], None),
        ([pair(1, 0.7, 0.5), pair(3, 0.1, -0.8, trials=5)], 1),
        ([pair(1, 0.7, 0.2), pair(3, 1.0, 0.9, trials=9)], None),
        ([pair(1, 0.7, 0.5, is_selected=True), pair(3, 0.7, 0.5)], 1),
    ],
    ids=["all hold", "the first does not", "the last does not", "the last has few", "only few", "promoted"],
)
def test_the_smallest_rung_from_which_ranks_hold(pairs: list[RungPair], safe: int | None) -> None:
    assert Audit(9, tuple(pairs), (), {}).safe_min_epochs == safe


def test_a_low_correlation_of_promoted_or_few_trials_does_not_mislead() -> None:
    assert pair(1, 0.2, -0.1).misleads
    assert not pair(1, 0.3, -0.1).misleads
    assert not pair(1, 0.2, -0.1, trials=9).misleads
    assert not pair(1, 0.2, -0.1, is_selected=True).misleads
