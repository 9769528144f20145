"""Permutation importance of a table's columns: how much worse a metric gets when a column's values are
permuted.

The importance is the mean over the permutations, as in Breiman (Machine Learning 45, 2001) and scikit-learn.
The interval is for the importance of the column to this network among all rows like these, so it covers both
the choice of the permutations and the finite number of rows. The mean loss under permutation is an incomplete
U-statistic of order two (Fisher, Rudin & Dominici, JMLR 20(177), 2019): its terms pair a row that receives a
value with the row that gives it. So a row's influence on it is the mean change of its own loss with the
values of others, plus the mean change of the losses of the rows that got its value (Hoeffding, Annals of
Mathematical Statistics 19, 1948). A change is relative to the loss without permutation: the losses are
paired. The variance of the importance is that of the influences, divided by the number of rows; a metric that
is not a mean is linearized (the delta method). With R permutations the influences vary by about 1/R more than
with all of them, so the interval is slightly too wide. It is Student's, with one degree of freedom less than
there are rows.

A row may lack one of several targets: it gives values to others, but its own loss does not count. The mean
loss is then the sum of the losses that count, divided by the number of these rows: a ratio of two means over
all rows, which is linearized, too.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, Literal

import numpy as np

from fnnctl.arrays import BoolArray, FloatArray, IntArray
from fnnctl.metrics.metric import OfRows
from fnnctl.metrics.paired import MANY
from fnnctl.metrics.ranking import Z_95
from fnnctl.metrics.registry import metric_of
from fnnctl.metrics.resampling import student_quantile
from fnnctl.metrics.rows import Form
from fnnctl.seeds import Purpose, stream

REPEATS: Final = 10
LEAST_ROWS: Final = 5
"""Fewer rows give no interval: the errors of two or three are too much alike, by chance; judgement."""
_ROWS, _COLUMN = 0, 1


def permutations(seed: int, column: str, rows: int, *, repeats: int = REPEATS) -> IntArray:
    """Permutations of row indices, (repeats, rows): row i gets the column's value of row `donors[r, i]`."""
    digest = hashlib.sha256(column.encode("utf-8", "surrogatepass")).digest()[:8]
    rng = stream(seed, Purpose.IMPORTANCE, _COLUMN, int.from_bytes(digest, "big"))
    return np.array([rng.permutation(rows) for _ in range(repeats)], np.intp).reshape(repeats, rows)


def drawn_rows(seed: int, rows: int, most: int) -> IntArray:
    """The sorted indices of at most `most` of the rows, drawn at random."""
    if rows <= most:
        return np.arange(rows)
    return np.sort(stream(seed, Purpose.IMPORTANCE, _ROWS).permutation(rows)[:most])


@dataclass(frozen=True, slots=True)
class Estimate:
    """How much worse a metric gets: a loss rises, any other metric falls by `mean`."""

    mean: float
    """Over the permutations."""
    std: float
    """Of the permutations, divided by their number as in scikit-learn."""
    ci95: list[float] | None
    """None for fewer than `LEAST_ROWS` rows."""

    @property
    def is_positive(self) -> bool:
        """Whether it can be told from zero: the interval is above it."""
        return self.ci95 is not None and self.ci95[0] > 0.0


def estimate(
    metric: str,
    losses: FloatArray,
    permuted: FloatArray,
    donors: IntArray,
    targets: FloatArray,
    is_counted: BoolArray | None = None,
) -> Estimate | None:
    """The importance of a column for a metric that follows from a value per row; None if it does not exist.

    Args:
        metric: Its name in metrics.json.
        losses: (n,) the loss of each row.
        permuted: (R, n) the loss of each row with the column's value of another row.
        donors: (R, n) the number of that row; each line is a permutation.
        targets: (n,) for R² only: their variance.
        is_counted: (n,) which rows have the target, at least one; by default all. The losses and targets of
            others are any finite numbers.
    """
    rows = len(losses)
    counted = rows if is_counted is None else int(np.count_nonzero(is_counted))
    weights = np.ones(rows) if is_counted is None else is_counted * (rows / counted)
    with np.errstate(all="ignore"):  # a metric may not exist
        influence, rises = _linearized(metric, losses, permuted - losses, donors, targets, weights)
    if not np.isfinite(rises).all():
        return None
    mean, interval = float(rises.mean()), None
    error = float(np.std(influence, ddof=1)) / math.sqrt(rows) if counted >= LEAST_ROWS else math.nan
    if math.isfinite(error):
        # As if the squares had been divided by one less than the rows that count.
        error *= math.sqrt((rows - 1) * counted / (rows * (counted - 1)))
        half_width = _quantile(counted - 1) * error
        interval = [mean - half_width, mean + half_width]
    return Estimate(mean, float(rises.std()), interval)


def _linearized(
    metric: str,
    losses: FloatArray,
    changes: FloatArray,
    donors: IntArray,
    targets: FloatArray,
    weights: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Each row's influence on the importance, up to a constant, (n,), and each permutation's value, (R,).

    `changes` (R, n) are the permuted rows' losses less their own. The `weights` (n,) have the mean 1, and are
    0 for rows that do not count.
    """
    losses, changes = weights * losses, weights * changes
    form, before, changed = _form(metric), losses.mean(), changes.mean(axis=1)
    effects = changes.mean(axis=0) + _given(changes, donors)
    surplus = weights - 1.0  # 0 if all rows count
    if form == "mean":
        return effects - changed.mean() * surplus, changed
    if form == "explained":
        squares = weights * np.square(targets - (weights * targets).mean())
        variance = squares.mean()
        rises = changed / variance
        return (effects - rises.mean() * squares) / variance, rises
    # The square root's slope: a mean loss of 0 is the least possible, so no row has an influence.
    means = (before + changed.mean(), before)
    slopes = [0.5 / math.sqrt(mean) if mean > 0 else 0.0 for mean in means]
    influence = slopes[0] * (losses + effects - means[0] * surplus) - slopes[1] * (
        losses - means[1] * surplus
    )
    return influence, np.sqrt(before + changed) - np.sqrt(before)


def _form(name: str) -> Form:
    metric = metric_of(name)
    if metric is None or not isinstance(metric.formula, OfRows):
        raise LookupError(f"{name} does not follow from a value per row")
    return metric.formula.form


def _given(changes: FloatArray, donors: IntArray) -> FloatArray:
    """(n,) the mean change of the rows that got a row's value."""
    total = np.zeros(changes.shape[1])
    for column_changes, column_donors in zip(changes, donors, strict=True):
        total[column_donors] += column_changes
    return total / len(changes)


@lru_cache
def _quantile(freedom: int) -> float:
    return Z_95 if freedom > MANY else student_quantile(0.975, freedom)


@dataclass(frozen=True, slots=True)
class ColumnImportance:
    """The importance of one column."""

    column: str
    estimates: dict[str, Estimate | None]
    """By the metric's name in metrics.json."""
    correlated: tuple[str, float] | None = None
    """The column that is correlated with it most, and the correlation, if that is strong."""


@dataclass(frozen=True, slots=True)
class FeatureImportances:
    """The importance of all columns, the most important one first."""

    part: Literal["test", "validation"]
    """Where it was measured: an evaluated file is the test part of its run."""
    rows: int
    """The rows that were scored. Values are permuted among all rows, also those without one of several
    targets."""
    repeats: int
    """The permutations of each column."""
    columns: tuple[ColumnImportance, ...]
    of_targets: Mapping[str, FeatureImportances] = field(default_factory=dict)
    """Those for each of several targets, by its name; the others are for the loss of all together."""

    @property
    def metrics(self) -> tuple[str, ...]:
        """The names of the metrics, the headline first; empty without columns."""
        return tuple(self.columns[0].estimates) if self.columns else ()

    def headline(self, column: ColumnImportance) -> Estimate | None:
        """The estimate that columns are ranked by; None if the metric does not exist."""
        return column.estimates[self.metrics[0]]

    def undecided(self) -> tuple[str, ...]:
        """The columns whose importance cannot be told from zero."""
        return tuple(
            column.column
            for column in self.columns
            if (estimate := self.headline(column)) is None or not estimate.is_positive
        )


def by_importance(columns: list[ColumnImportance]) -> tuple[ColumnImportance, ...]:
    """The columns by decreasing importance for their first metric, ties in their order."""

    def key(column: ColumnImportance) -> float:
        estimate = next(iter(column.estimates.values()))
        return math.inf if estimate is None else -estimate.mean

    return tuple(sorted(columns, key=key))


STRONG: Final = 0.9
MIN_CORRELATED: Final = 20
"""With fewer rows, independent columns may be correlated as strongly by chance."""
MAX_NUMBERS: Final = 2000
"""With more numeric columns, the matrix of all pairs would take too long and too much memory."""


def strong_correlations(numbers: FloatArray, columns: Mapping[str, IntArray]) -> dict[str, tuple[str, float]]:
    """For each column, the one that is correlated with it most, and the correlation, if it is above 0.9.

    `numbers` is (n, p); a column has some of the p, usually one. Correlations are Pearson's, and their sign
    is kept. Of columns with several numbers the strongest one counts.
    """
    owners = np.full(numbers.shape[1], -1)
    for position, numbers_of in enumerate(columns.values()):
        owners[numbers_of] = position
    numbers, owners = numbers[:, owners >= 0], owners[owners >= 0]
    if len(numbers) < MIN_CORRELATED or not 2 <= len(owners) <= MAX_NUMBERS:
        return {}
    with np.errstate(all="ignore"):  # a constant column has no correlation
        correlations = np.nan_to_num(np.corrcoef(numbers.astype(np.float64), rowvar=False))
    correlations[owners[:, None] == owners] = 0.0
    names, strongest = list(columns), np.abs(correlations).argmax(axis=1)
    partners: dict[str, tuple[str, float]] = {}
    for number, partner in enumerate(strongest.tolist()):
        correlation, name = float(correlations[number, partner]), names[owners[number]]
        if abs(correlation) > max(STRONG, abs(partners.get(name, ("", 0.0))[1])):
            partners[name] = (names[owners[partner]], correlation)
    return partners
