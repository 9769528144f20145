"""The sections and the JSON object of a comparison."""

from __future__ import annotations

import shlex
from typing import Any

from fnnctl.config.schema.metric_names import is_loss
from fnnctl.report.comparison.comparison import LETTERS, RunComparison
from fnnctl.report.comparison.folds import MeasuredFolds
from fnnctl.report.comparison.pairs import Pair
from fnnctl.report.comparison.sentences import (
    direction_words,
    limit_sentences,
    pair_sentence,
    verdict_sentences,
    warnings,
)
from fnnctl.report.comparison.settings import resolved_file
from fnnctl.report.comparison.sides import Side
from fnnctl.report.comparison.words import ends, findable, finite, has_points, p_number, signed
from fnnctl.report.sections import Command, FactList, Notes, Section, TableSection, number
from fnnctl.text import counted


def title(comparison: RunComparison) -> str:
    """The title of the comparison."""
    return f"{comparison.metric} of {counted(len(comparison.sides), 'run')}"


def headline(comparison: RunComparison) -> str:
    """A line below the title."""
    unit = ", differences in percentage points" if has_points(comparison.metric) else ""
    return f"{direction_words(comparison.metric)}{unit}"


def comparison_sections(comparison: RunComparison) -> list[Section]:
    """All non-empty sections, the verdict first."""
    letters = tuple(LETTERS[: len(comparison.sides)])
    sections: list[Section] = [
        Notes("Verdict", tuple(verdict_sentences(comparison))),
        Notes("Warnings", tuple(warnings(comparison))),
        _runs(comparison),
        _differences(comparison),
        TableSection(
            "Settings that differ",
            ("setting", *letters),
            tuple((path, *values) for path, values in comparison.settings),
        ),
        TableSection(
            "Other differences",
            ("", *letters),
            tuple((name, *values) for name, values in comparison.facts),
        ),
        Notes("How sure", tuple(limit_sentences(comparison))),
        FactList("Folders", tuple(zip(letters, (side.path for side in comparison.sides), strict=True))),
        *_next_steps(comparison),
    ]
    return [section for section in sections if section.rows]


def comparison_json(comparison: RunComparison) -> dict[str, Any]:
    """The object of `compare --json`; `difference` is a − b in the metric's own units."""
    return {
        "runs": [side.path for side in comparison.sides],
        "metric": comparison.metric,
        "better": "lower" if is_loss(comparison.metric) else "higher",
        "comparisons": [_pair_json(comparison, pair) for pair in comparison.pairs],
        "scores": [_score_json(side) for side in comparison.sides],
        "settings": {path: list(values) for path, values in comparison.settings},
        "other_differences": {name: list(values) for name, values in comparison.facts},
        "warnings": warnings(comparison),
    }


def _pair_json(comparison: RunComparison, pair: Pair) -> dict[str, Any]:
    found = pair.test.difference
    return {
        "a": comparison.sides[pair.first].path,
        "b": comparison.sides[pair.second].path,
        "difference": found.value,
        "ci95": found.ci95,
        "p": found.p,
        "p_holm": pair.p_holm,
        "verdict": pair.verdict,
        "paired": pair.test.why_unpaired is None,
        "why_unpaired": pair.test.why_unpaired,
        "test": pair.test.method,
        "samples": pair.test.samples,
        "count": pair.test.count,
        "found_in_80_percent": finite(findable(found, comparison.metric)),
        "sentence": pair_sentence(comparison, pair),
    }


def _score_json(side: Side) -> dict[str, Any]:
    return {
        "run": side.path,
        "name": side.manifest.name,
        "kind": side.manifest.kind,
        "status": side.manifest.status,
        "seed": side.manifest.seed,
        "value": side.value,
        "ci95": side.interval,
        "folds": len(side.on.scores) if isinstance(side.on, MeasuredFolds) else None,
        "rows": None if isinstance(side.on, MeasuredFolds) else len(side.on.rows.rows),
    }


def _runs(comparison: RunComparison) -> TableSection:
    """The runs, the best first."""
    rows = []
    for place in comparison.ranked:
        side = comparison.sides[place]
        status = "" if side.status == "completed" else f" ({side.status})"
        rows.append(
            (
                LETTERS[place],
                side.manifest.name,
                f"{side.kind}{status}",
                number(side.value),
                number(side.interval),
                _sample(side),
            )
        )
    header = ("", "name", "kind", comparison.metric, "95 % interval", "measured on")
    return TableSection("Runs", header, tuple(rows), texts=(0, 1, 2, 5))


def _sample(side: Side) -> str:
    if isinstance(side.on, MeasuredFolds):
        failed = side.on.number - len(side.on.scores)
        without = f", {failed:,} without a value" if failed else ""
        return f"{counted(side.on.number, 'fold')}{without}"
    return counted(len(side.on.rows.rows), "row")


def _differences(comparison: RunComparison) -> TableSection:
    several = len(comparison.pairs) > 1
    rows = []
    for pair in comparison.pairs:
        found, a, b = pair.test.difference, LETTERS[pair.first], LETTERS[pair.second]
        who = {"tie": "tie", "better": f"{a} is better", "worse": f"{b} is better"}[pair.verdict]
        p = (p_number(found.p), p_number(pair.p_holm)) if several else (p_number(found.p),)
        rows.append(
            (
                f"{a} − {b}",
                who,
                signed(found.value, comparison.metric),
                ends(found.ci95, comparison.metric),
                *p,
            )
        )
    header = ("", "verdict", "difference", "95 % interval", "p", *(["Holm's p"] if several else []))
    return TableSection("Differences", header, tuple(rows), texts=(0, 1))


def _next_steps(comparison: RunComparison) -> list[Command]:
    """The cross-validations that compare the settings, if some run has only one test part.

    All have the same seed, so that they are paired. A network that was scored twice has one config.
    """
    if all(isinstance(side.on, MeasuredFolds) for side in comparison.sides):
        return []
    configs = [resolved_file(side) for side in comparison.sides]
    if len({*configs} - {None}) < 2:
        return []
    seeds = {side.manifest.seed for side in comparison.sides}
    seed = "" if len(seeds) == 1 else f" --seed {min(each for each in seeds if each is not None)}"
    return [
        Command(
            f"Cross-validate {LETTERS[place]}",
            (f"fnnctl evaluate {shlex.quote(str(config))} --folds 5 --repeats 5{seed}",),
        )
        for place, config in enumerate(configs)
        if config is not None and config not in configs[:place]
    ]
