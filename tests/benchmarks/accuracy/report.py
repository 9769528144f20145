"""What the results say: means, paired comparisons, optimism and verdicts.

Everything is a mean over tables of the mean over the folds that both sides of a comparison have.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Self

from tests.benchmarks.accuracy.contenders import DEFAULT, SEARCH
from tests.benchmarks.accuracy.results import Result, Score, Scores
from tests.benchmarks.recipe.intervals import EQUAL, compare, mean_ratio

BEST = "search, best trial"
Folds = Mapping[tuple[str, int], float]
"""A number by table and fold."""
Part = Callable[[Scores], Score | None]
"""Which rows are meant."""
TEST: Part = attrgetter("test")
TOLD: Mapping[str, Part] = {"out-of-bag": attrgetter("out_of_bag"), "nested": attrgetter("nested")}
"""Where the program itself scores a predictor, without the test rows."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One of the numbers of a score."""

    name: str
    names: tuple[str, ...]
    """What the program calls it."""
    of: Callable[[Score], float | None]
    best: Callable[[Iterable[float]], float]
    factor: float = 1.0
    """What differences are multiplied by."""
    digits: int = 4


ACCURACY = Metric("accuracy", ("accuracy",), lambda score: score.value, max, 100, 2)
LOG_LOSS = Metric("log loss", ("log_loss", "loss"), lambda score: score.log_loss, min)
R2 = Metric("R²", ("r2",), lambda score: score.value, max, 100, 2)
KINDS: Mapping[str, Sequence[Metric]] = {"classification": (ACCURACY, LOG_LOSS), "regression": (R2,)}


class Contest:
    """The results of one kind of task: of the contenders without a time limit, and of those with one."""

    def __init__(self, results: Sequence[Result], metrics: Sequence[Metric]) -> None:
        self.metrics = metrics
        self.results: dict[str, dict[tuple[str, int], Result]] = {}
        for result in results:
            cell = (result.key.table, result.key.fold)
            self.results.setdefault(result.key.contender, {})[cell] = result
            if result.best:
                as_best = replace(
                    result, scores=result.best, model_bytes=None, predict_seconds=None, fit_seconds=None
                )
                self.results.setdefault(BEST, {})[cell] = as_best
        self.names = list(self.results)

    @classmethod
    def of(cls, results: Sequence[Result], limit: float, kind: str) -> Self:
        """The contest of a kind of task in which the limited contenders have this time."""
        is_classification = kind == "classification"
        return cls(
            [
                result
                for result in results
                if result.key.limit in (None, limit) and result.is_classification is is_classification
            ],
            KINDS[kind],
        )

    def fit_seconds(self, name: str) -> Folds:
        """What a contender's trainings took, where that is known."""
        runs = self.results.get(name, {}).items()
        return {cell: run.fit_seconds for cell, run in runs if run.scores and run.fit_seconds}

    def folds(self, name: str, metric: Metric, part: Part = TEST) -> Folds:
        """The scores of a contender, as far as it has them."""
        scores = {
            cell: result.scores and part(result.scores) for cell, result in self.results.get(name, {}).items()
        }
        values = {cell: metric.of(score) for cell, score in scores.items() if score}
        return {cell: value for cell, value in values.items() if value is not None}


def report(results: Sequence[Result], limit: float) -> list[str]:
    """The whole report; of the contenders with a time limit, those with this one are compared."""
    lines: list[str] = []
    for kind in KINDS:
        contest = Contest.of(results, limit, kind)
        if contest.names:
            lines += [f"## {kind}, {limit:g} s", "", *_means(contest), ""]
            for base in (SEARCH, DEFAULT):
                lines += _comparisons(contest, base)
            lines += [*_by_table(contest), "", *_optimism(contest), *_verdicts(contest)]
    return [*lines, *_failures(results)]


def _means(contest: Contest) -> list[str]:
    metrics = contest.metrics
    lines = [
        f"{'':20} {'tables':>6} {'fits':>5} "
        + " ".join(f"{metric.name:>9}" for metric in metrics)
        + f" {'s':>8} {'CPU s':>8} {'fit':>8} {'rows/s':>10} {'MB':>8}"
    ]
    for name in contest.names:
        folds = [contest.folds(name, metric) for metric in metrics]
        runs = [result for result in contest.results.get(name, {}).values() if result.scores]
        speeds = [
            run.test_rows / run.predict_seconds for run in runs if run.test_rows and run.predict_seconds
        ]
        numbers = [
            _mean([run.seconds for run in runs], "8.1f"),
            _mean([run.processor_seconds for run in runs], "8.1f"),
            _mean([run.fit_seconds for run in runs], "8.2f"),
            f"{statistics.median(speeds):10,.0f}" if speeds else f"{'–':>10}",
            _mean([run.model_bytes and run.model_bytes / 1e6 for run in runs], "8.2f"),
        ]
        lines.append(
            f"{name:20} {len(table_means(folds[0])):6} {len(folds[0]):5} "
            + " ".join(_mean(list(table_means(of_metric).values()), "9.4f") for of_metric in folds)
            + f" {' '.join(numbers)}"
        )
    return lines


def _comparisons(contest: Contest, base: str) -> list[str]:
    """The differences of one contender to all others; positive is better in a score, worse in a loss."""
    if base not in contest.results:
        return []
    lines = [
        f"{'':32} "
        + " ".join(f"{f'{metric.name} (95 %)':>28} {'better/worse':>12}" for metric in contest.metrics)
        + f" {'fit time':>8}  worst table"
    ]
    for other in contest.names:
        if other == base:
            continue
        words, worst = [], ""
        for metric in contest.metrics:
            first, second = common(contest.folds(base, metric), contest.folds(other, metric))
            difference = compare(first, second)
            if difference is None:
                break
            counts = difference.larger, difference.smaller
            better, worse = counts if metric.best is max else counts[::-1]
            words.append(f"{difference.text(metric.digits, metric.factor):>28} {f'{better}/{worse}':>12}")
            if metric is contest.metrics[0]:
                worst = f"{difference.lowest[0]} {metric.factor * difference.lowest[1]:+.1f}"
        ratio = mean_ratio(*common(contest.fit_seconds(base), contest.fit_seconds(other)))
        time = "–" if math.isnan(ratio) else f"×{ratio:.2f}"
        lines.append(f"{f'{base} − {other}':32} {' '.join(words)} {time:>8}  {worst}")
    return [*lines, ""]


def _by_table(contest: Contest) -> list[str]:
    lines = []
    for metric in contest.metrics:
        scores = {name: table_means(contest.folds(name, metric)) for name in contest.names}
        lines.append(f"{metric.name:20} " + " ".join(f"{name[-10:]:>10}" for name in scores))
        for table in sorted({table for means in scores.values() for table in means}):
            numbers = (_mean([values.get(table)], "10.4f") for values in scores.values())
            lines.append(f"{table:20} {' '.join(numbers)}")
    return lines


def _optimism(contest: Contest) -> list[str]:
    """How far the scores that the program tells are above those on the test rows, by table."""
    lines: list[str] = []
    for metric in contest.metrics:
        columns: dict[str, dict[str, float]] = {}
        for name in (SEARCH, BEST, DEFAULT):
            for kind, part in TOLD.items() if name in contest.results else ():
                told, true = common(contest.folds(name, metric, part), contest.folds(name, metric))
                if told:
                    columns[f"{name}: {kind}"] = {table: told[table] - true[table] for table in told}
        if not columns:
            continue
        lines.append(f"{metric.name}, told − on the test rows: {'; '.join(columns)}")
        form = f"+10.{metric.digits}f"
        for table in sorted({table for values in columns.values() for table in values}):
            numbers = (
                _mean([metric.factor * values[table]] if table in values else [], form)
                for values in columns.values()
            )
            lines.append(f"{table:32} {' '.join(numbers)}")
        for title, values in columns.items():
            rise = compare(values, dict.fromkeys(values, 0.0))
            lines += [f"{title:32} {rise.text(metric.digits, metric.factor)}"] if rise else []
        lines.append("")
    return lines


def _verdicts(contest: Contest) -> list[str]:
    """How often a verdict was given, and what the difference is on the test rows of the table's other folds.

    On the rows that the verdict is from, it cannot be wrong.
    """
    counts: dict[str, list[int]] = {}
    for metric in contest.metrics:
        search, default = (contest.folds(name, metric) for name in (SEARCH, DEFAULT))
        for cell, result in contest.results.get(SEARCH, {}).items():
            folds = [fold for fold in search.keys() & default.keys() if fold[0] == cell[0] and fold != cell]
            verdict = result.verdict
            if verdict is None or verdict.metric not in metric.names or not folds:
                continue
            gain = statistics.fmean(search[fold] - default[fold] for fold in folds)
            if metric.best is min:
                gain = -gain
            column = 1 if abs(gain) < EQUAL else 0 if gain > 0 else 2
            counts.setdefault(verdict.said, [0, 0, 0])[column] += 1
    if not counts:
        return []
    lines = [f"{'on other folds, the search is':36} {'better':>8} {'equal':>8} {'worse':>8} than the default"]
    for said, columns in sorted(counts.items()):
        lines.append(f"{f'it says: {said}':36} {' '.join(f'{count:8}' for count in columns)}")
    return [*lines, ""]


def _failures(results: Sequence[Result]) -> list[str]:
    return [
        f"FAILED: {result.key.contender}, {result.key.table}, fold {result.key.fold}: {result.error}"
        for result in results
        if result.error
    ]


def table_means(folds: Folds) -> dict[str, float]:
    """The mean over folds, by table."""
    values_by_table: dict[str, list[float]] = {}
    for (table, _), value in folds.items():
        values_by_table.setdefault(table, []).append(value)
    return {table: statistics.fmean(values) for table, values in values_by_table.items()}


def common(first: Folds, second: Folds) -> tuple[dict[str, float], dict[str, float]]:
    """The means by table of two contenders, over the folds that both have."""
    shared = first.keys() & second.keys()
    both = ({cell: folds[cell] for cell in sorted(shared)} for folds in (first, second))
    one, other = map(table_means, both)
    return one, other


def _mean(values: Sequence[float | None], form: str) -> str:
    present = [value for value in values if value is not None]
    width = form.lstrip("+").partition(".")[0]
    return format(statistics.fmean(present), form) if present else f"{'–':>{width}}"
