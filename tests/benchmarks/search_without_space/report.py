"""What the results say: means, paired comparisons, the oracle's bound, optimism, verdicts and the curve.

Everything is a mean over tables of the mean over the folds that both sides of a comparison have.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter

from tests.benchmarks.recipe.intervals import EQUAL, compare
from tests.benchmarks.search_without_space.contenders import LIMITED, SEARCH, TRAIN
from tests.benchmarks.search_without_space.results import Result, Score, Scores

BEST, ORACLE = "search, best trial", "oracle"
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


class Contest:
    """The results of one kind of task under one time limit."""

    def __init__(self, results: Sequence[Result], metrics: Sequence[Metric]) -> None:
        self.metrics = metrics
        self.results: dict[str, dict[tuple[str, int], Result]] = {}
        for result in results:
            cell = (result.key.table, result.key.fold)
            self.results.setdefault(result.key.contender, {})[cell] = result
            if result.best:
                as_best = replace(result, scores=result.best, model_bytes=None, predict_seconds=None)
                self.results.setdefault(BEST, {})[cell] = as_best
        self.names = list(self.results)

    def folds(self, name: str, metric: Metric, part: Part = TEST) -> Folds:
        """The scores of a contender, or of the oracle: the best contender of each table."""
        if name == ORACLE:
            return self._oracle(metric)
        scores = {
            cell: result.scores and part(result.scores) for cell, result in self.results.get(name, {}).items()
        }
        values = {cell: metric.of(score) for cell, score in scores.items() if score}
        return {cell: value for cell, value in values.items() if value is not None}

    def _oracle(self, metric: Metric) -> Folds:
        """A contender that lacks a fold of a table does not count there."""
        by_name = [self.folds(name, metric) for name in self.names]
        tables: dict[str, set[tuple[str, int]]] = {}
        for folds in by_name:
            for cell in folds:
                tables.setdefault(cell[0], set()).add(cell)
        best: dict[tuple[str, int], float] = {}
        for cells in tables.values():
            complete = [folds for folds in by_name if cells <= folds.keys()]
            if complete:
                means = [statistics.fmean(folds[cell] for cell in cells) for folds in complete]
                best |= {cell: complete[means.index(metric.best(means))][cell] for cell in cells}
        return best


def report(results: Sequence[Result], limit: float) -> list[str]:
    """The whole report; of the contenders with a time limit, those with this one are compared."""
    lines: list[str] = []
    for kind, metrics in (("classification", (ACCURACY, LOG_LOSS)), ("regression", (R2,))):
        of_kind = [result for result in results if result.is_classification is (kind == "classification")]
        if not of_kind:
            continue
        contest = _contest(of_kind, limit, metrics)
        lines += [f"## {kind}, {limit:g} s", "", *_means(contest), ""]
        for base in (SEARCH, TRAIN):
            lines += _comparisons(contest, base)
        lines += [*_by_table(contest), "", *_optimism(contest), *_verdicts(contest)]
        lines += _curve(of_kind, metrics)
    return [*lines, *_failures(results)]


def _contest(results: Sequence[Result], limit: float, metrics: Sequence[Metric]) -> Contest:
    """The contest of the contenders without a time limit and those with this one."""
    return Contest([result for result in results if result.key.limit in (None, limit)], metrics)


def _means(contest: Contest) -> list[str]:
    metrics = contest.metrics
    lines = [
        f"{'':20} {'tables':>6} {'fits':>5} "
        + " ".join(f"{metric.name:>9}" for metric in metrics)
        + f" {'s/fit':>8} {'CPU s/fit':>9} {'rows/s':>10} {'MB':>8}"
    ]
    for name in (*contest.names, ORACLE):
        folds = [contest.folds(name, metric) for metric in metrics]
        runs = [result for result in contest.results.get(name, {}).values() if result.scores]
        speeds = [
            run.test_rows / run.predict_seconds for run in runs if run.test_rows and run.predict_seconds
        ]
        numbers = [
            _mean([run.seconds for run in runs], "8.1f"),
            _mean([run.processor_seconds for run in runs], "9.1f"),
            f"{statistics.median(speeds):10,.0f}" if speeds else f"{'–':>10}",
            _mean([run.model_bytes and run.model_bytes / 1e6 for run in runs], "8.2f"),
        ]
        lines.append(
            f"{name:20} {len(tables(folds[0])):6} {len(folds[0]):5} "
            + " ".join(_mean(list(tables(of_metric).values()), "9.4f") for of_metric in folds)
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
        + "  worst table"
    ]
    for other in (*contest.names, ORACLE):
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
        lines.append(f"{f'{base} − {other}':32} {' '.join(words)}  {worst}")
    return [*lines, ""]


def _by_table(contest: Contest) -> list[str]:
    lines = []
    for metric in contest.metrics:
        scores = {name: tables(contest.folds(name, metric)) for name in (*contest.names, ORACLE)}
        lines.append(f"{metric.name:20} " + " ".join(f"{name[-10:]:>10}" for name in scores))
        for table in sorted(scores[ORACLE]):
            numbers = (_mean([values.get(table)], "10.4f") for values in scores.values())
            lines.append(f"{table:20} {' '.join(numbers)}")
    return lines


def _optimism(contest: Contest) -> list[str]:
    """How far the scores that the program tells are above those on the test rows, by table."""
    lines: list[str] = []
    for metric in contest.metrics:
        columns: dict[str, dict[str, float]] = {}
        for name in (SEARCH, BEST, TRAIN):
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
        search, default = (contest.folds(name, metric) for name in (SEARCH, TRAIN))
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
    lines = [f"{'on other folds, the search is':36} {'better':>8} {'equal':>8} {'worse':>8} than `train`"]
    for said, columns in sorted(counts.items()):
        lines.append(f"{f'it says: {said}':36} {' '.join(f'{count:8}' for count in columns)}")
    return [*lines, ""]


def _curve(results: Sequence[Result], metrics: Sequence[Metric]) -> list[str]:
    """The means over the tables that have all limits, beside the contenders without one."""
    limits = sorted({result.key.limit for result in results if result.key.limit is not None})
    if len(limits) < 2:
        return []
    contests = {limit: _contest(results, limit, metrics) for limit in limits}
    limited = [
        name for name in (*LIMITED, BEST) if all(name in contest.results for contest in contests.values())
    ]
    common_cells = [set(contest.folds(name, metrics[0])) for contest in contests.values() for name in limited]
    cells = set.intersection(*common_cells) if common_cells else set()
    if not cells:
        return []
    names = [name for name in contests[limits[0]].names if name != BEST]
    lines = [f"curve over {len({table for table, _ in cells})} tables, {len(cells)} folds"]
    for metric in metrics:
        means = {
            name: [_inside(contest.folds(name, metric), cells) for contest in contests.values()]
            for name in names
        }
        means = {name: columns for name, columns in means.items() if all(columns)}
        lines.append(f"{metric.name:28} " + " ".join(f"{f'{limit:g} s':>28}" for limit in limits))
        for name, columns in means.items():
            numbers = (_mean([*column.values()], "28.4f") for column in columns)
            lines.append(f"{name:28} {' '.join(numbers)}")
        for name in means if SEARCH in means else ():
            differences = [compare(*both) for both in zip(means[SEARCH], means[name], strict=True)]
            texts = (
                difference.text(metric.digits, metric.factor) if difference else "–"
                for difference in differences
            )
            if name != SEARCH:
                lines.append(f"{f'{SEARCH} − {name}':28} {' '.join(f'{text:>28}' for text in texts)}")
    return [*lines, ""]


def _inside(folds: Folds, cells: set[tuple[str, int]]) -> dict[str, float]:
    """The means by table over these folds; nothing if a contender lacks one of them."""
    return tables({cell: folds[cell] for cell in sorted(cells)}) if cells <= folds.keys() else {}


def _failures(results: Sequence[Result]) -> list[str]:
    return [
        f"FAILED: {result.key.contender}, {result.key.table}, fold {result.key.fold}: {result.error}"
        for result in results
        if result.error
    ]


def tables(folds: Folds) -> dict[str, float]:
    """The mean over folds, by table."""
    by_table: dict[str, list[float]] = {}
    for (table, _), value in folds.items():
        by_table.setdefault(table, []).append(value)
    return {table: statistics.fmean(values) for table, values in by_table.items()}


def common(first: Folds, second: Folds) -> tuple[dict[str, float], dict[str, float]]:
    """The means by table of two contenders, over the folds that both have."""
    shared = first.keys() & second.keys()
    both = ({cell: folds[cell] for cell in sorted(shared)} for folds in (first, second))
    one, other = map(tables, both)
    return one, other


def _mean(values: Sequence[float | None], form: str) -> str:
    present = [value for value in values if value is not None]
    width = form.lstrip("+").partition(".")[0]
    return format(statistics.fmean(present), form) if present else f"{'–':>{width}}"
