"""What the results say: medians over tables, paired comparisons with one contender, and table by table."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from tests.benchmarks.recipe.intervals import Comparison, compare, mean_ratio
from tests.benchmarks.targets.ours import OURS
from tests.benchmarks.targets.peers import PEERS
from tests.benchmarks.targets.results import Result
from tests.benchmarks.targets.scores import COMPARED, SHOWN, Measure
from tests.benchmarks.targets.tables import KINDS

SECONDS: Final = "seconds"
LARGEST: Final = 10.0
"""The largest logarithm of a ratio that is shown: a linear model with a log link can be off by any factor."""
Cells = Mapping[tuple[str, int], float]
"""A number by table and fold."""


class Contest:
    """The results of one kind of target."""

    def __init__(self, kind: str, results: Sequence[Result]) -> None:
        self.kind, self.measures = kind, COMPARED[kind]
        self.results: dict[str, dict[tuple[str, int], Result]] = {}
        for result in results:
            if result.key.kind == kind and result.scores:
                cell = (result.key.table, result.key.fold)
                self.results.setdefault(result.key.contender, {})[cell] = result
        self.names = sorted(self.results, key=_place)

    def cells(self, contender: str, measure: str) -> Cells:
        """A measure of a contender, or its seconds."""
        return {
            cell: result.seconds if measure == SECONDS else result.scores[measure]
            for cell, result in self.results.get(contender, {}).items()
        }

    def common(self, first: str, second: str, measure: str) -> tuple[dict[str, float], dict[str, float]]:
        """The means by table of two contenders, over the folds that both have."""
        one, other = self.cells(first, measure), self.cells(second, measure)
        shared = sorted(one.keys() & other.keys())
        own, others = (table_means({cell: cells[cell] for cell in shared}) for cells in (one, other))
        return own, others


def _place(contender: str) -> tuple[float, str]:
    """The program as it is, with changed settings, and the peers."""
    listed = [*OURS, *PEERS]
    return (listed.index(contender), "") if contender in listed else (len(OURS) - 0.5, contender)


def table_means(cells: Cells) -> dict[str, float]:
    """The mean over folds, by table."""
    values: dict[str, list[float]] = {}
    for (table, _), value in cells.items():
        values.setdefault(table, []).append(value)
    return {table: statistics.fmean(each) for table, each in values.items()}


def report(results: Sequence[Result], base: str) -> list[str]:
    """All kinds that have results."""
    lines: list[str] = []
    for kind in KINDS:
        contest = Contest(kind, results)
        if contest.names:
            lines += [f"## {kind}", "", *_medians(contest), ""]
            if base in contest.names:
                lines += [*_comparisons(contest, base), "", *_by_table(contest, base), ""]
    failed = (result for result in results if result.error)
    return [*lines, *(f"FAILED: {' '.join(map(str, result.key))}: {result.error}" for result in failed)]


def _medians(contest: Contest) -> Iterator[str]:
    names = SHOWN[contest.kind]
    heads = " ".join(f"{name:>12}" for name in names)
    yield f"{'medians over tables':28} {'tables':>6} {'folds':>5} {heads} {'CPU s':>8}"
    for contender in contest.names:
        cells = contest.results[contender]
        means = [table_means(contest.cells(contender, name)) for name in names]
        numbers = " ".join(f"{statistics.median(each.values()):12.4f}" for each in means)
        seconds = statistics.fmean(result.seconds for result in cells.values())
        yield f"{contender:28} {len(means[0]):6} {len(cells):5} {numbers} {seconds:8.2f}"


def _comparisons(contest: Contest, base: str) -> Iterator[str]:
    """Each contender beside one: the mean over tables, and on how many tables it is better or worse.

    Losses are compared by their ratio, whose mean over tables is geometric.
    """
    heads = (f"{_title(measure):>32} {'better/worse':>12}" for measure in contest.measures)
    yield f"{f'beside {base}':28} {' '.join(heads)} {'CPU time':>9}"
    for contender in contest.names:
        if contender == base:
            continue
        words = [_compared(contest, contender, base, measure) for measure in contest.measures]
        ratio = mean_ratio(*contest.common(contender, base, SECONDS))
        yield f"{contender:28} {' '.join(words)} {'–' if math.isnan(ratio) else f'×{ratio:.2f}':>9}"


def _title(measure: Measure) -> str:
    return f"{measure.name}, {'%' if measure.is_ratio else 'points'} (95 %)"


def _compared(contest: Contest, contender: str, base: str, measure: Measure) -> str:
    own, of_base = contest.common(contender, base, measure.name)
    if measure.is_ratio:
        own, of_base = ({table: math.log(value) for table, value in each.items()} for each in (own, of_base))
    difference = compare(own, of_base)
    if difference is None:
        return f"{'–':>32} {'':12}"
    text = _percent(difference) if measure.is_ratio else difference.text(2, 100)
    better, worse = difference.larger, difference.smaller
    if measure.is_loss:
        better, worse = worse, better
    return f"{text:>32} {f'{better}/{worse}':>12}"


def _percent(logs: Comparison) -> str:
    """The geometric mean of ratios with its interval, as what it is above 1."""
    ends = (logs.mean - logs.half_width, logs.mean + logs.half_width)
    middle, low, high = (f"{100 * math.expm1(min(log, LARGEST)):+.2f}" for log in (logs.mean, *ends))
    return middle if math.isnan(logs.half_width) else f"{middle} [{low}, {high}]"


def _by_table(contest: Contest, base: str) -> Iterator[str]:
    """The first measure of the best peer and of all contenders, as multiples of the one that is compared."""
    first = contest.measures[0].name
    of_base = table_means(contest.cells(base, first))
    heads = " ".join(f"{name[:12]:>12}" for name in contest.names)
    yield f"{first:20} {base[:12]:>12}  {'best peer':28} {heads}"
    for table in sorted(of_base):
        ratios: dict[str, float] = {}
        for contender in contest.names:
            own, other = contest.common(contender, base, first)
            if table in own:
                ratios[contender] = own[table] / other[table]
        peers = {name: ratio for name, ratio in ratios.items() if name in PEERS}
        best = min(peers, key=peers.__getitem__) if peers else None
        behind = f"{best} ×{peers[best]:.3f}{'' if peers[best] >= 1 else ' !'}" if best else "–"
        numbers = (f"{ratios[name]:12.3f}" if name in ratios else f"{'–':>12}" for name in contest.names)
        yield f"{table:20} {of_base[table]:12.4g}  {behind:28} {' '.join(numbers)}"
