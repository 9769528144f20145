"""The final scores: recipes beside their peers on the test rows of the five fixed folds."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.benchmarks.recipe.intervals import compare, mean_ratio
from tests.benchmarks.recipe.measurements import Contender, Measured
from tests.benchmarks.recipe.parts import RECIPES, Settings
from tests.benchmarks.recipe.training import Scored

UNKNOWN_TIME = float("nan")


def contenders(recipes: Sequence[str], changes: Settings, peers: Sequence[str]) -> list[Contender]:
    """The recipes, with these changes, and the peers."""
    return [
        *(Contender(name, RECIPES[name], changes) for name in recipes),
        *(Contender(name, peer=True) for name in peers),
    ]


def with_known_peers(measured: Sequence[Measured], file: Path, peers: Sequence[str]) -> list[Measured]:
    """Add scores that are known from a file, for those of the `peers` that were not run here.

    The file is a JSON object of tables; a table has, by peer, the score of each fold.
    """
    known: Mapping[str, Mapping[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
    return [
        replace(
            each,
            scored={
                **each.scored,
                **{
                    peer: [Scored(known[each.table][peer], [], UNKNOWN_TIME)]
                    for peer in peers
                    if not each.has(peer) and peer in known.get(each.table, {})
                },
            },
        )
        for each in measured
    ]


def report(measured: Sequence[Measured], recipes: Sequence[str], peers: Sequence[str]) -> list[str]:
    """Means, comparisons of each recipe with all others, and the scores on each table, per kind of task."""
    lines: list[str] = []
    for kind in (True, False):
        chosen = [each for each in measured if each.is_classification is kind]
        if chosen:
            names = [name for name in (*recipes, *peers) if any(each.has(name) for each in chosen)]
            lines += [*_means(chosen, names), "", *_comparisons(chosen, recipes, names), ""]
            lines += [*_by_table(chosen, names), ""]
    return lines


def _means(measured: Sequence[Measured], names: Sequence[str]) -> list[str]:
    is_classification = measured[0].is_classification
    kind, metric = ("classification", "accuracy") if is_classification else ("regression", "R²")
    header = f"{kind}: {len(measured)} tables"
    lines = [
        f"{header:26} {metric:>9} {'log loss':>9} {'ECE':>7} {'seconds':>9} {'count':>7} {'diverged':>9} "
        f"{'tables':>7}"
    ]
    for name in names:
        own = [each for each in measured if each.has(name)]
        losses = [each.log_loss(name) for each in own if each.scored[name][0].log_losses]
        errors = [each.calibration_error(name) for each in own if each.scored[name][0].calibration_errors]
        ratio = mean_ratio(_values(own, name, "planned_cost"), _values(own, names[0], "planned_cost"))
        lines.append(
            f"{name:26} {statistics.fmean(each.score(name) for each in own):9.4f} "
            f"{_number(statistics.fmean(losses) if losses else UNKNOWN_TIME, '.4f'):>9} "
            f"{_number(statistics.fmean(errors) if errors else UNKNOWN_TIME, '.4f'):>7} "
            f"{_number(sum(each.mean(name, 'seconds') for each in own), '.1f'):>9} "
            f"{_number(ratio, '.1f'):>7} "
            f"{sum(run.diverged for each in own for run in each.scored[name]):9} {len(own):7}"
        )
    return lines


def _comparisons(measured: Sequence[Measured], recipes: Sequence[str], names: Sequence[str]) -> list[str]:
    lines = [f"{'':36} {'points (95 % interval)':>25} {'log loss':>28} {'won/lost':>9} {'time':>7}  worst"]
    for recipe in recipes:
        for other in names:
            own = [each for each in measured if each.has(recipe, other)]
            scores = compare(*({each.table: each.score(who) for each in own} for who in (recipe, other)))
            if other == recipe or scores is None:
                continue
            known = [each for each in own if each.scored[other][0].log_losses]
            losses = compare(*({each.table: each.log_loss(who) for each in known} for who in (recipe, other)))
            time = mean_ratio(_values(own, recipe, "seconds"), _values(own, other, "seconds"))
            lines.append(
                f"{f'{recipe} − {other}':36} {scores.text(2, 100):>25} "
                f"{losses.text(4) if losses else '':>28} {f'{scores.larger}/{scores.smaller}':>9} "
                f"{_number(time, '.2f', '×'):>7}  {scores.lowest[0]} {100 * scores.lowest[1]:+.1f}"
            )
    return lines


def _by_table(measured: Sequence[Measured], names: Sequence[str]) -> list[str]:
    lines = [f"{'':20} {'rows':>6} " + " ".join(f"{name:>12}" for name in names)]
    for each in measured:
        scores = (_number(each.score(name) if each.has(name) else UNKNOWN_TIME, ".4f") for name in names)
        lines.append(f"{each.table:20} {each.rows:6,} " + " ".join(f"{score:>12}" for score in scores))
    return lines


def _values(measured: Sequence[Measured], contender: str, name: str) -> dict[str, float]:
    return {each.table: each.mean(contender, name) for each in measured}


def _number(value: float, form: str, sign: str = "") -> str:
    return "–" if value != value else f"{sign}{value:{form}}"  # noqa: PLR0124  # NaN
