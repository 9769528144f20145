"""What the results say, as Markdown tables. Coverage is measured minus asked, in points of a percent."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from fnnctl.metrics.paired import holm
from tests.benchmarks.coverage.measured import COVERAGES, Held, Level, Measured, expected
from tests.benchmarks.coverage.nested import AS_CHOSEN, BY_OTHERS

CLASSIFICATION: Final = "classification"
NAMES: Final = [f"{coverage:g}" for coverage in COVERAGES]
USUAL: Final = 0.9
SIGNIFICANT: Final = 0.05
STANDARD_ERRORS: Final = 2.0


def report(results: Sequence[Measured]) -> list[str]:
    """The tables of each study that has results."""
    studies = _grouped(results, lambda result: result.key.study)
    lines: list[str] = []
    for study, section in SECTIONS.items():
        if study in studies:
            lines += [f"## {study}", "", *section(studies[study]), ""]
    return lines


def _simulated(results: Sequence[Measured]) -> Iterator[str]:
    yield _header("", "tables", *NAMES, f"size at {USUAL}")
    groups: dict[str, list[Measured]] = {}
    for result in results:
        for name in (result.kind, f"{result.rows} rows", "all"):
            groups.setdefault(name, []).append(result)
    kinds = {result.kind for result in results}
    for name in sorted(groups, key=lambda name: (name not in kinds, len(name), name)):
        differences = [
            [_share(level.all) - coverage for _, level in _at(groups[name], coverage)]
            for coverage in COVERAGES
        ]
        sizes = [_size(*pair) for pair in _at(groups[name], USUAL)]
        size = "" if name not in kinds else _mean(sizes)
        yield _row(name, len(groups[name]), *map(_against_zero, differences), size)
    yield ""
    yield "By class, those with a limit of their own:"
    yield ""
    yield _header("", "tables", *NAMES)
    for kind in sorted(kinds):
        of_kind = [result for result in results if result.kind == kind]
        names = sorted({name for result in of_kind for level in result.levels for name in level.classes})
        for name in names:
            differences = [
                [
                    _share(level.classes[name]) - coverage
                    for _, level in _at(of_kind, coverage)
                    if _has_own_limit(level.classes.get(name))
                ]
                for coverage in COVERAGES
            ]
            yield _row(f"{kind}: {name}", len(differences[1]), *map(_against_zero, differences))


def _nested(results: Sequence[Measured]) -> Iterator[str]:
    """By how much the coverage rises if other rows choose: that is what the choices flatter."""
    yield _header("", "rows", "tables", *NAMES, f"size at {USUAL}")
    lines: dict[tuple[str, int], dict[float, list[tuple[float, float]]]] = {}
    pairs = _grouped(results, lambda result: f"{result.key.contender.partition(':')[0]}: {result.key.table}")
    for pair in pairs.values():
        levels = {result.key.contender.partition(": ")[2]: result.levels for result in pair}
        kind = "classes" if any(level.classes for level in pair[0].levels) else "numbers"
        name = f"{pair[0].key.contender.partition(':')[0]}, {kind}"
        for first, other in zip(levels[AS_CHOSEN], levels[BY_OTHERS], strict=True):
            difference = _share(other.all) - _share(first.all), other.size / first.size - 1.0
            lines.setdefault((name, pair[0].rows), {}).setdefault(first.coverage, []).append(difference)
    for (name, rows), by_coverage in sorted(lines.items()):
        shares = [[share for share, _ in by_coverage.get(coverage, [])] for coverage in COVERAGES]
        sizes = [size for _, size in by_coverage.get(USUAL, [])]
        size = f"{100 * statistics.fmean(sizes):+.1f} %" if sizes else "–"
        yield _row(name, rows, len(shares[0]), *map(_against_zero, shares), size)


def _choices(results: Sequence[Measured]) -> Iterator[str]:
    """Coverage less the expectation of split conformal prediction with as many scores."""
    for is_classification in (False, True):
        yield f"{'Classes' if is_classification else 'Numbers'}: measured less expected"
        yield ""
        yield _header("", "tables", *NAMES, f"size at {USUAL}")
        chosen = [
            result
            for result in results
            if result.levels and bool(result.levels[0].classes) is is_classification
        ]
        for name, measured in _grouped(chosen, lambda result: result.key.contender).items():
            cells = [
                [
                    _share(level.all) - _expected(level, is_classification)
                    for _, level in _at(measured, coverage)
                ]
                for coverage in COVERAGES
            ]
            sizes = [_size(*pair) for pair in _at(measured, USUAL)]
            yield _row(name, len(measured), *map(_against_zero, cells), _mean(sizes))
        yield ""


def _expected(level: Level, is_classification: bool) -> float:
    """The expectation for the classes that the rows have, if they have limits of their own."""
    if not is_classification:
        return expected(level.all, level.coverage, sides=2)
    pooled = expected(level.all, level.coverage, sides=1)
    parts = [
        (held.rows, pooled if held.scores is None else expected(held, level.coverage, sides=1))
        for held in level.classes.values()
    ]
    return sum(rows * share for rows, share in parts) / level.all.rows


def _tables(results: Sequence[Measured]) -> Iterator[str]:
    tests = [test for result in results for test in _tests(result)]
    corrected = holm([p for _, p in tests])
    bad = [(name, p, own) for (name, own), p in zip(tests, corrected, strict=True) if p < SIGNIFICANT]
    lowest = min(tests, key=lambda test: test[1])
    yield f"{len(tests)} tests of folds and of their classes by the beta-binomial distribution: with Holm's "
    yield f"correction {len(bad)} below the coverage; the smallest p is {lowest[1]:.2g} ({lowest[0]})."
    yield from (f"- {name}: p = {own:.2g}, corrected {p:.2g}" for name, p, own in bad)
    yield ""
    for is_classification in (True, False):
        chosen = [result for result in results if (result.kind == CLASSIFICATION) is is_classification]
        if not chosen:
            continue
        size = "set" if is_classification else "width"
        yield _header(
            "classes" if is_classification else "numbers",
            "folds",
            *NAMES,
            *(f"{size} at {name}" for name in NAMES),
        )
        by_table = _grouped(chosen, lambda result: result.key.table)
        means: list[list[float]] = [[] for _ in COVERAGES]
        for table in sorted(by_table):
            folds = by_table[table]
            cells, sizes = [], []
            for column, coverage in zip(means, COVERAGES, strict=True):
                levels = _at(folds, coverage)
                rows = sum(level.all.rows for _, level in levels)
                share = sum(level.all.held for _, level in levels) / rows if rows else math.nan
                if rows:
                    column.append(share - coverage)
                cells.append(f"{100 * (share - coverage):+.1f}" if rows else "–")
                sizes.append(_mean([_size(*pair) for pair in levels]))
            yield _row(table, len(folds), *cells, *sizes)
        yield _row("mean", len(by_table), *map(_against_zero, means), *("" for _ in COVERAGES))
        yield ""
    yield from _classes(results)


def _tests(result: Measured) -> Iterator[tuple[str, float]]:
    """The probability of as few held rows, of all rows and of each class with a limit of its own."""
    sides = 1 if result.kind == CLASSIFICATION else 2
    for level in result.levels:
        name = f"{result.key.table}, fold {result.key.fold}, {level.coverage:g}"
        yield name, as_few(level.all, level.coverage, sides=sides)
        for of_class, held in level.classes.items():
            if _has_own_limit(held):
                yield f"{name}, {of_class}", as_few(held, level.coverage, sides=sides)


def _classes(results: Sequence[Measured]) -> Iterator[str]:
    """Classes with limits of their own, the rarest of each table, and those without."""
    yield _header("rarest classes", "rows", *NAMES, "limits")
    chosen = [result for result in results if result.kind == CLASSIFICATION]
    for table, folds in sorted(_grouped(chosen, lambda result: result.key.table).items()):
        counts: dict[str, int] = {}
        for result in folds:
            for name, held in result.levels[0].classes.items():
                counts[name] = counts.get(name, 0) + held.rows
        rarest = min(counts, key=lambda name: counts[name])
        cells, limits = [], ""
        for coverage in COVERAGES:
            held_rows = [level.classes[rarest] for _, level in _at(folds, coverage)]
            rows = sum(held.rows for held in held_rows)
            share = sum(held.held for held in held_rows) / rows if rows else math.nan
            cells.append(f"{100 * (share - coverage):+.1f}" if rows else "–")
            limits = "shared" if any(held.scores is None for held in held_rows) else "own"
        yield _row(f"{table}: {rarest}", counts[rarest], *cells, limits)


def _beside(results: Sequence[Measured]) -> Iterator[str]:
    """Means over tables of the means over folds, on the tables that all contenders have."""
    for is_classification in (True, False):
        what, size = ("classes", "set") if is_classification else ("numbers", "width")
        yield _header(what, "tables", *NAMES, *(f"{size} at {name}" for name in NAMES))
        chosen = [result for result in results if (result.kind == CLASSIFICATION) is is_classification]
        contenders = _grouped(chosen, lambda result: result.key.contender)
        tables = [{result.key.table for result in of_one} for of_one in contenders.values()]
        shared = set.intersection(*tables) if tables else set()
        for name, of_one in contenders.items():
            folds = _grouped(of_one, lambda result: result.key.table)
            differences, sizes = [], []
            for coverage in COVERAGES:
                levels = [_at(folds[table], coverage) for table in sorted(shared)]
                known = [of_table for of_table in levels if of_table]
                differences.append(
                    [statistics.fmean(_share(level.all) - coverage for _, level in each) for each in known]
                )
                sizes.append([statistics.fmean(_size(*pair) for pair in each) for each in known])
            yield _row(name, len(shared), *map(_against_zero, differences), *map(_mean, sizes))
        yield ""


def as_few(held: Held, coverage: float, *, sides: int) -> float:
    """The probability that at most so many of m new rows are held: the share that n scores give is a random
    number with a beta distribution, so the count is beta-binomial (Vovk, Machine Learning 92, 2013).
    """
    level, n = 1 - (1 - coverage) / sides, held.scores or 0
    outside = sides * (n + 1 - math.ceil((n + 1) * level - 1e-9))
    a, b, m = n + 1 - outside, outside, held.rows
    if not b:
        return 1.0

    def log_beta(x: float, y: float) -> float:
        return math.lgamma(x) + math.lgamma(y) - math.lgamma(x + y)

    logs = (
        math.lgamma(m + 1)
        - math.lgamma(k + 1)
        - math.lgamma(m - k + 1)
        + log_beta(k + a, m - k + b)
        - log_beta(a, b)
        for k in range(held.held + 1)
    )
    return min(1.0, math.fsum(map(math.exp, logs)))


def _at(results: Sequence[Measured], coverage: float) -> list[tuple[Measured, Level]]:
    """The levels of this coverage, of those that can have it."""
    return [(result, level) for result in results for level in result.levels if level.coverage == coverage]


def _has_own_limit(held: Held | None) -> bool:
    """Whether the rows of a class, if there are any, have a limit that no other class has."""
    return held is not None and held.scores is not None and held.rows > 0


def _share(held: Held) -> float:
    return held.held / held.rows


def _size(result: Measured, level: Level) -> float:
    """The size of a set, or the width of an interval in standard deviations of the targets."""
    return level.size / (result.deviation or 1.0)


def _against_zero(differences: Sequence[float]) -> str:
    """The mean with its standard error, bold if it is more than two of them below 0."""
    if len(differences) < 2:
        return _mean([100 * value for value in differences], "+.1f")
    mean, error = statistics.fmean(differences), statistics.stdev(differences) / math.sqrt(len(differences))
    text = f"{100 * mean:+.2f} ± {100 * error:.2f}"
    return f"**{text}**" if mean < -STANDARD_ERRORS * error else text


def _mean(values: Sequence[float], form: str = ".2f") -> str:
    return format(statistics.fmean(values), form) if values else "–"


def _header(*names: str) -> str:
    return _row(*names) + "\n" + _row("---", *("---:" for _ in names[1:]))


def _row(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def _grouped(results: Sequence[Measured], key: Callable[[Measured], str]) -> dict[str, list[Measured]]:
    groups: dict[str, list[Measured]] = {}
    for result in results:
        groups.setdefault(key(result), []).append(result)
    return groups


SIMULATED, NESTED, CHOSEN, TABLES, BESIDE = "simulated", "nested", "choices", "tables", "beside"
SECTIONS: Final[Mapping[str, Callable[[Sequence[Measured]], Iterator[str]]]] = {
    SIMULATED: _simulated,
    NESTED: _nested,
    CHOSEN: _choices,
    TABLES: _tables,
    BESIDE: _beside,
}
