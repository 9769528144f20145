"""What the results say: table by table, and over tables, beside one contender."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Mapping, Sequence

from fnnctl.metrics.resampling import student_quantile
from tests.benchmarks.measuring import standard_error
from tests.benchmarks.several_targets.results import Result
from tests.benchmarks.several_targets.tables import FOLDS, KINDS, SOURCES

Folds = Mapping[int, Result]


def report(results: Sequence[Result], base: str, *, by_target: bool = False) -> list[str]:
    """A table of the contenders for each table, and the means over tables of each kind and of all."""
    contenders = [*dict.fromkeys(result.key.contender for result in results)]
    cells: dict[str, dict[str, dict[int, Result]]] = {}
    for result in results:
        if result.targets:
            cells.setdefault(result.key.table, {}).setdefault(result.key.contender, {})[result.key.fold] = (
                result
            )
    lines = []
    for table, of_table in cells.items():
        if base in of_table:
            lines += [*_of_table(table, of_table, base), ""]
            if by_target:
                lines += [*_of_targets(of_table), ""]
    for kind in (*KINDS, None):
        chosen = {
            table: of_table
            for table, of_table in cells.items()
            if base in of_table and kind in (None, SOURCES[table].kind)
        }
        if chosen:
            lines += [*_over_tables(kind or "all", chosen, contenders, base), ""]
    return [*lines, *(f"FAILED: {' '.join(map(str, r.key))}: {r.error}" for r in results if r.error)]


def _of_table(table: str, contenders: Mapping[str, Folds], base: str) -> Iterator[str]:
    measures = sorted(
        {name for result in _all(contenders) for each in result.targets.values() for name in each}
    )
    yield " ".join(
        [f"{table:24} folds", *(f"{name:>9}" for name in measures), f"  CPU s  loss beside {base} (95 %)"]
    )
    for name, folds in contenders.items():
        numbers = " ".join(f"{mean_of(folds, measure):9.4f}" for measure in measures)
        seconds = statistics.fmean(result.seconds for result in folds.values())
        ratio = _ratio_over_folds(folds, contenders[base])
        yield f"{name:24} {len(folds):5} {numbers} {seconds:7.2f}  {ratio}"


def _all(contenders: Mapping[str, Folds]) -> Iterator[Result]:
    return (result for folds in contenders.values() for result in folds.values())


def mean_of(folds: Folds, measure: str) -> float:
    """The mean over folds of the mean over those targets that have a measure; NaN without any."""
    means = [
        statistics.fmean(values)
        for result in folds.values()
        if (values := [scores[measure] for scores in result.targets.values() if measure in scores])
    ]
    return statistics.fmean(means) if means else math.nan


def _ratio_over_folds(folds: Folds, of_base: Folds) -> str:
    """The geometric mean of the losses' ratios, with the corrected interval of folds that share rows."""
    logs = [math.log(folds[fold].loss / of_base[fold].loss) for fold in folds if fold in of_base]
    if not any(logs):
        return "×1"
    half = math.nan
    if len(logs) > 1:
        half = student_quantile(0.975, len(logs) - 1) * standard_error(logs, FOLDS)
    return _with_interval(statistics.fmean(logs), half)


def _with_interval(mean: float, half: float) -> str:
    if math.isnan(half):
        return f"×{math.exp(mean):.3f}"
    return f"×{math.exp(mean):.3f} [{math.exp(mean - half):.3f}, {math.exp(mean + half):.3f}]"


def _of_targets(contenders: Mapping[str, Folds]) -> Iterator[str]:
    targets = next(_all(contenders)).targets
    yield " ".join([f"{'  loss':24}", *(f"{name[:12]:>12}" for name in contenders)])
    for target in targets:
        means = (
            statistics.fmean(result.targets[target]["loss"] for result in folds.values())
            for folds in contenders.values()
        )
        yield " ".join([f"  {target:22}", *(f"{mean:12.4f}" for mean in means)])


def _over_tables(
    kind: str, tables: Mapping[str, Mapping[str, Folds]], contenders: Sequence[str], base: str
) -> Iterator[str]:
    """The geometric means over tables of ratios to the base's losses and seconds, over the folds of both."""
    yield f"{kind:24} tables better/worse   CPU  loss beside {base} (95 %)"
    for name in contenders:
        losses, seconds = [], []
        for of_table in tables.values():
            own, of_base = of_table.get(name, {}), of_table[base]
            shared = own.keys() & of_base.keys()
            if shared:
                losses.append(statistics.fmean(math.log(own[k].loss / of_base[k].loss) for k in shared))
                seconds.append(
                    statistics.fmean(math.log(own[k].seconds / of_base[k].seconds) for k in shared)
                )
        if not losses:
            continue
        half = math.nan
        if len(losses) > 1:
            error = statistics.stdev(losses) / math.sqrt(len(losses))
            half = student_quantile(0.975, len(losses) - 1) * error
        won, lost = sum(value < 0 for value in losses), sum(value > 0 for value in losses)
        time = math.exp(statistics.fmean(seconds))
        yield (
            f"{name:24} {len(losses):6} {f'{won}/{lost}':>12} ×{time:4.2f}  "
            f"{_with_interval(statistics.fmean(losses), half)}"
        )
