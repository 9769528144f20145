from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.metrics.comparison import rows as rows_module
from fnnctl.metrics.comparison.measures import (
    Hits,
    Influences,
    RowSums,
    class_measure,
    error_measure,
    of_groups,
)
from fnnctl.metrics.comparison.rows import (
    own_interval,
    own_intervals,
    paired_difference,
    standard_error,
    unpaired_difference,
    unpaired_differences,
)
from fnnctl.metrics.number_metrics import MAE, R2
from fnnctl.metrics.paired import LEVEL
from fnnctl.metrics.registry import metric_of
from fnnctl.metrics.rows import ClassRows, ErrorRows

F1_MACRO, AREA = (metric for name in ("f1_macro", "roc_auc_macro") if (metric := metric_of(name)))


def losses(seed: int, n: int, gain: float = 0.0) -> tuple[FloatArray, FloatArray]:
    """The absolute errors of two predictors on the same rows; the second's are smaller by `gain`."""
    rng = np.random.default_rng(seed)
    difficulty = rng.normal(5, 1, n)
    return difficulty + rng.normal(0, 0.5, n), difficulty + rng.normal(0, 0.5, n) - gain


def mae(errors: FloatArray) -> RowSums:
    targets = np.linspace(0, 100, len(errors))
    measure = error_measure(MAE, ErrorRows(targets, targets + errors))
    assert measure
    return measure


def rng() -> np.random.Generator:
    return np.random.default_rng(1)


@pytest.mark.parametrize(("n", "tolerance"), [(12, 0.2), (50, 0.08), (1200, 0.1)])
def test_the_interval_of_a_mean_is_that_of_the_t_test(
    n: int, tolerance: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For a mean the expanded interval has the width of Student's, also for groups of rows."""
    monkeypatch.setattr(rows_module, "MAX_GROUPS", 500)
    a, b = losses(3, n, gain=0.1)
    oracle = stats.ttest_rel(a, b)
    low, high = oracle.confidence_interval()
    found = paired_difference(mae(a), mae(b), rng())
    assert found.ci95
    assert found.value == pytest.approx(np.mean(a - b))
    assert found.error == pytest.approx(np.std(a - b, ddof=1) / math.sqrt(n), rel=0.05)
    assert found.ci95[1] - found.ci95[0] == pytest.approx(high - low, rel=tolerance)
    one_sided = oracle.confidence_interval(0.9)
    assert found.limits[1] - found.limits[0] == pytest.approx(one_sided.high - one_sided.low, rel=tolerance)
    assert found.ci95[0] < found.limits[0] < found.limits[1] < found.ci95[1]
    apart = unpaired_difference(mae(a), mae(b), rng())
    assert apart.p == pytest.approx(stats.ttest_ind(a, b, equal_var=False).pvalue, abs=0.05)
    assert apart.error == pytest.approx(math.hypot(stats.sem(a), stats.sem(b)), rel=0.06)


@pytest.mark.parametrize("gain", [0.0, 0.15])
def test_p_is_that_of_the_t_test_of_a_mean(gain: float) -> None:
    a, b = losses(4, 60, gain)
    oracle = stats.ttest_rel(a, b)
    found = paired_difference(mae(a), mae(b), rng())
    assert found.p == pytest.approx(oracle.pvalue, rel=0.25, abs=0.003)
    assert found.p_below + found.p_above == pytest.approx(1, abs=0.01)
    assert (found.p_above < 0.5) == (oracle.statistic > 0)


def test_tails_that_no_exchange_reaches_are_those_of_the_normal_distribution() -> None:
    """Of 4000 exchanges none is as far as five standard errors."""
    a, b = losses(4, 400, gain=0.2)
    found = paired_difference(mae(a), mae(b), rng())
    z = np.sum(a - b) / math.sqrt(np.sum((a - b) ** 2))
    assert z > 5
    assert found.p == pytest.approx(2 * found.p_above)
    assert math.log(found.p) == pytest.approx(math.log(2) + stats.norm.logsf(z), rel=0.1)
    assert found.p_below == pytest.approx(1.0)


def share(hits: FloatArray) -> RowSums:
    return RowSums(np.stack([np.ones(len(hits)), hits], axis=1), lambda sums: sums[..., 1] / sums[..., 0])


@pytest.mark.parametrize(("first", "second"), [(7, 2), (9, 3), (40, 25), (25, 40)])
def test_a_share_has_the_p_of_mcnemars_exact_test(first: int, second: int) -> None:
    """Of up to 12 rows all exchanges are counted, of 65 some are drawn."""
    hits = np.repeat([[1.0, 1.0], [1.0, 0.0], [0.0, 1.0], [0.0, 0.0]], [30, first, second, 5], axis=0)
    found = paired_difference(share(hits[:, 0]), share(hits[:, 1]), rng())
    tolerance = 1e-12 if first + second <= rows_module.MAX_COMPLETE else 0.15
    for alternative, p in (("two-sided", found.p), ("greater", found.p_above), ("less", found.p_below)):
        oracle = stats.binomtest(first, first + second, alternative=alternative)
        assert p == pytest.approx(oracle.pvalue, rel=tolerance)


def macro_f1(labels: IntArray, predictions: IntArray) -> float:
    """Quicker than scikit-learn's, for thousands of exchanges."""
    counts = np.bincount(2 * labels + predictions, minlength=4).reshape(2, 2)
    return float(np.mean(2 * counts.diagonal() / (counts.sum(axis=0) + counts.sum(axis=1))))


def test_p_of_a_metric_of_counts_is_that_of_scipys_permutation_test() -> None:
    """Few rows differ, so that all exchanges are counted."""
    random = np.random.default_rng(17)
    labels = random.integers(2, size=30)
    first, second = (np.where(random.random(30) < share, 1 - labels, labels) for share in (0.05, 0.2))
    differ = first != second
    assert 4 < differ.sum() <= rows_module.MAX_COMPLETE

    def difference(a: IntArray, b: IntArray) -> float:
        whole = [first.copy(), second.copy()]
        whole[0][differ], whole[1][differ] = a, b
        return macro_f1(labels, whole[0]) - macro_f1(labels, whole[1])

    compared = paired_difference(f1_measure(labels, first), f1_measure(labels, second), rng())
    oracle = stats.permutation_test(
        (first[differ], second[differ]), difference, permutation_type="samples", alternative="greater"
    )
    assert compared.value == pytest.approx(macro_f1(labels, first) - macro_f1(labels, second))
    assert compared.p_above == pytest.approx(oracle.pvalue)


def test_the_interval_is_scipys_paired_bootstrap() -> None:
    """For a metric that is no mean, R², without the expansion, which 500 rows hardly need."""
    random = np.random.default_rng(8)
    targets = random.normal(0, 3, 500)
    first, second = targets + random.normal(0, 1.0, 500), targets + random.normal(0, 1.3, 500)
    measures = [error_measure(R2, ErrorRows(targets, each)) for each in (first, second)]
    assert measures[0]
    assert measures[1]
    found = paired_difference(measures[0], measures[1], rng())

    def difference(y: FloatArray, a: FloatArray, b: FloatArray, axis: int = -1) -> FloatArray:
        spread = ((y - y.mean(axis=axis, keepdims=True)) ** 2).sum(axis=axis)
        found: FloatArray = (((y - b) ** 2).sum(axis=axis) - ((y - a) ** 2).sum(axis=axis)) / spread
        return found

    oracle = stats.bootstrap(
        (targets, first, second), difference, paired=True, n_resamples=4000, method="percentile",
        rng=np.random.default_rng(9),
    )  # fmt: skip
    assert found.ci95 == pytest.approx(list(oracle.confidence_interval), rel=0.06)


def test_paired_and_unpaired_shares_are_found_by_their_counts() -> None:
    hits, others = np.array([True] * 8 + [False] * 2), np.array([True] * 5 + [False] * 5)
    assert paired_difference(Hits(hits), Hits(others), rng()).p == pytest.approx(0.25)
    oracle = stats.fisher_exact([[8, 2], [5, 5]]).pvalue
    assert unpaired_difference(Hits(hits), Hits(others), rng()).p == pytest.approx(oracle)


def ranked(seed: int, n: int, noise: float) -> Influences:
    random = np.random.default_rng(seed)
    labels = np.arange(n) % 2
    common = np.random.default_rng(99).normal(0, 1, n)
    scores = 1 / (1 + np.exp(-(labels + 0.7 * common + noise * random.normal(0, 1, n))))
    measure = class_measure(AREA, ClassRows(labels, labels, 2, np.stack([1 - scores, scores], axis=1)))
    assert isinstance(measure, Influences)
    return measure


def test_areas_have_delongs_variance() -> None:
    """DeLong's z, from the placements of all pairs of rows."""
    a, b = ranked(1, 400, 0.5), ranked(2, 400, 1.0)
    found = paired_difference(a, b, rng())
    error = float(np.sqrt(np.sum((a.influences - b.influences) ** 2)))
    assert found.error == pytest.approx(error, rel=0.03)
    assert found.p == pytest.approx(2 * stats.norm.sf(abs(found.value) / error), rel=0.1)
    apart = unpaired_difference(a, b, rng())
    assert apart.error
    assert apart.error > 1.1 * error
    assert found.limits == pytest.approx(stats.norm.interval(0.9, found.value, error), abs=0.03 * error)


def test_a_perfect_area_is_not_better_than_a_nearly_perfect_one() -> None:
    labels = np.arange(40) % 2
    perfect = labels * 0.8 + 0.1
    nearly = perfect.copy()
    nearly[0] = 0.95
    measures = [
        class_measure(AREA, ClassRows(labels, labels, 2, np.stack([1 - each, each], axis=1)))
        for each in (perfect, nearly)
    ]
    assert measures[0]
    assert measures[1]
    found = paired_difference(measures[0], measures[1], rng())
    assert found.value > 0.03
    assert found.p > LEVEL
    assert found.ci95
    assert found.ci95[0] <= 0 < found.ci95[1]
    same = paired_difference(measures[0], measures[0], rng())
    assert (same.value, same.p) == (0.0, 1.0)
    assert same.limits[0] < -0.03, "two areas of 1 say little about the loss"
    # The distance of 1 from the lower end of its interval, which is one of 97.5 %.
    interval = own_interval(measures[0], rng())
    assert interval
    reach = (1 - interval[0]) * stats.norm.ppf(0.95) / stats.norm.ppf(0.975)
    assert same.limits == pytest.approx((-reach, reach))


def test_a_ranking_that_is_right_in_half_of_the_pairs_is_no_better_than_itself() -> None:
    """The interval of an area of 0.5 is symmetric, so that the difference has no spread."""
    labels, scores = np.tile([1, 0, 0, 1], 4), np.tile([0.2, 0.4, 0.6, 0.8], 4)
    measure = class_measure(AREA, ClassRows(labels, labels, 2, np.stack([1 - scores, scores], axis=1)))
    assert measure
    found = paired_difference(measure, measure, rng())
    assert (found.value, found.ci95, found.error) == (0.0, [0.0, 0.0], None)
    assert (found.p, found.p_below, found.p_above, found.limits) == (1.0, 0.5, 0.5, (0.0, 0.0))


def test_equal_rows_and_single_rows() -> None:
    errors = losses(3, 20)[0]
    same = paired_difference(mae(errors), mae(errors), rng())
    assert (same.value, same.ci95, same.p, same.limits) == (0.0, None, 1.0, (0.0, 0.0))
    by_two = paired_difference(mae(errors + 2), mae(errors), rng())
    assert by_two.value == pytest.approx(2)
    assert (by_two.p, by_two.p_above, by_two.p_below) == (2.0**-19, 2.0**-20, 1 - 2.0**-20)
    assert paired_difference(mae(errors), mae(errors + 2), rng()).p_above == 1 - 2.0**-20
    single = paired_difference(mae(np.array([1.0])), mae(np.array([2.0])), rng())
    assert (single.ci95, single.p, single.limits) == (None, 1.0, (-math.inf, math.inf))
    assert (single.p_below, single.p_above) == (0.5, 0.5)


def f1_measure(labels: IntArray, predictions: IntArray) -> RowSums:
    measure = class_measure(F1_MACRO, ClassRows(labels, predictions, 2))
    assert isinstance(measure, RowSums)
    return measure


def test_the_limit_of_a_metric_of_counts_without_a_differing_row_by_hand() -> None:
    """Tango's limit of a share of n rows is z² / (n + z²), here of 90 rows that may be called rare."""
    labels = np.repeat([0, 1], [90, 10])
    square, f1 = stats.norm.ppf(0.95) ** 2, (2 * 89 / 179 + 2 * 10 / 21) / 2
    limit = 90 * square / (90 + square) * (1 - f1)
    for difference in (paired_difference, unpaired_difference):
        same = difference(f1_measure(labels, labels), f1_measure(labels, labels), rng())
        assert same.limits == pytest.approx((-limit, limit))
        assert (same.value, same.ci95, same.p) == (0.0, None, 1.0)


def test_a_class_that_neither_finds_may_be_found_by_the_second() -> None:
    """With one of the 10 rare rows found, its F1 is 2/11."""
    labels, common = np.repeat([0, 1], [90, 10]), np.zeros(100, np.intp)
    same = paired_difference(f1_measure(labels, common), f1_measure(labels, common), rng())
    square, change = stats.norm.ppf(0.95) ** 2, (2 * 90 / 189 + 2 / 11) / 2 - 2 * 90 / 190 / 2
    assert same.limits[0] == pytest.approx(-10 * square / (10 + square) * change)


def test_the_limit_of_a_metric_of_counts_with_one_differing_row_is_wider() -> None:
    """One row is better: the bootstrap alone would say that none is worse."""
    labels = np.arange(100) % 2
    worse = labels.copy()
    worse[0] = 1
    found = paired_difference(f1_measure(labels, labels), f1_measure(labels, worse), rng())
    assert found.value == pytest.approx(0.01, abs=1e-4)
    assert found.limits[0] == pytest.approx(-0.0157, abs=3e-4)


def test_measures_of_different_metrics_are_refused() -> None:
    with pytest.raises(TypeError, match="different metrics"):
        paired_difference(Hits(np.ones(2, bool)), mae(np.ones(2)), rng())
    with pytest.raises(TypeError, match="different metrics"):
        unpaired_difference(Hits(np.ones(2, bool)), mae(np.ones(2)), rng())


def test_the_standard_error_of_a_measure() -> None:
    errors = losses(3, 200)[0]
    assert standard_error(mae(errors), rng()) == pytest.approx(stats.sem(errors), rel=0.05)
    assert standard_error(Hits(np.arange(98) < 49), rng()) == pytest.approx(math.sqrt(0.25 / 98))
    assert standard_error(Hits(np.ones(8, bool)), rng()) == pytest.approx(math.sqrt(0.09 / 8))
    area = ranked(1, 100, 0.5)
    assert standard_error(area, rng()) == pytest.approx(np.linalg.norm(area.influences))
    interval = own_interval(mae(errors), rng())
    assert interval
    assert interval[0] < errors.mean() < interval[1]
    assert own_interval(area, rng()) == area.interval
    assert own_interval(Hits(np.ones(8, bool)), rng()) is None


def test_metrics_of_the_same_rows_are_resampled_together() -> None:
    """So a metric that is twice another one has intervals that are twice as wide, and the same p."""
    a, b = losses(3, 40)
    shares = Hits(a > 5), Hits(b > 5)
    doubled = mae(2 * a), mae(2 * b)
    first, of_shares, second = unpaired_differences([(mae(a), mae(b)), shares, doubled], rng())
    assert of_shares == unpaired_difference(*shares, rng())
    assert first.ci95
    assert second.value == pytest.approx(2 * first.value)
    assert second.p == first.p
    assert second.ci95 == pytest.approx([2 * end for end in first.ci95])
    one, none, two = own_intervals([mae(a), shares[0], doubled[0]], rng())
    assert none is None
    assert one
    assert two == pytest.approx([2 * end for end in one])


def test_rows_without_a_group_are_groups_of_their_own() -> None:
    grouped = of_groups(mae(np.array([1.0, 2.0, 3.0, 4.0])), np.array([7, -1, 7, -1]))
    assert sorted(grouped.values[:, 0].tolist()) == [1, 1, 2]
    assert grouped.value == 2.5
