"""What a comparison says, as sections with tables and sentences, and as a JSON object."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterator
from typing import Any, Final

from fnnctl.metrics.paired import LEVEL
from fnnctl.metrics.registry import is_loss
from fnnctl.report.comparison.compared_run import ComparedRun, MeasuredFolds, MeasuredPart
from fnnctl.report.comparison.comparison import LETTERS, RunComparison, resolved_file
from fnnctl.report.comparison.pairs import Pair
from fnnctl.report.comparison.words import amount, ends, findable, finite, gain_ends, has_points, signed
from fnnctl.report.sections import Command, FactList, Notes, Section, TableSection
from fnnctl.report.words import number
from fnnctl.text import counted, joined_words, p_number, p_text

FEW_RUNS: Final = 3
"""With more runs only the pairs with the best one get a sentence."""
ENOUGH_FOLDS: Final = 20


def verdict_sentences(comparison: RunComparison) -> list[str]:
    """One sentence per pair; with many runs, only for the pairs of the best one, the nearest first."""
    if len(comparison.sides) <= FEW_RUNS:
        return [pair_sentence(comparison, pair) for pair in comparison.pairs]
    best, *others = comparison.ranked
    tied: list[str] = []
    beaten: list[str] = []
    for other in others:
        is_tie = comparison.of(min(best, other), max(best, other)).verdict == "tie"
        (tied if is_tie else beaten).append(LETTERS[other])
    sentence = f"{LETTERS[best]} has the best {comparison.metric}"
    if beaten:
        sentence += f"; it is better than {joined_words(beaten)}"
    if tied:
        sentence += f"{', but' if beaten else '; it is'} tied with {joined_words(tied)} at this sample size"
    pairs = [comparison.of(min(best, other), max(best, other)) for other in others]
    return [f"{sentence}.", *(pair_sentence(comparison, pair) for pair in pairs)]


def pair_sentence(comparison: RunComparison, pair: Pair) -> str:
    """Who is better, by how much, and how sure that is."""
    a, b = LETTERS[pair.first], LETTERS[pair.second]
    metric, found = comparison.metric, pair.test.difference
    p = p_text(pair.p_holm, name="Holm's p" if len(comparison.pairs) > 1 else "p")
    if pair.verdict != "tie":
        better, worse = (a, b) if pair.verdict == "better" else (b, a)
        interval = found.ci95 and f"95 % interval {gain_ends(found, metric)}; "
        return f"{better} is better than {worse} by {amount(found.value, metric)} ({interval or ''}{p})."
    if found.ci95 is None:
        if found.value == 0:
            return f"{a} and {b} are tied: the two scores are equal in every sample."
        return f"{a} and {b} are tied: {amount(found.value, metric)} apart, from too few samples to tell."
    predictions = [comparison.sides[place].predictions for place in (pair.first, pair.second)]
    if predictions[0] is not None and predictions[0] == predictions[1]:
        return f"{a} and {b} are tied: their predictions are identical."
    most = amount(max(map(abs, found.ci95)), metric)
    corrected = " after Holm's correction" if found.p < LEVEL else ""
    interval = f"95 % interval of {_names(pair)}: {ends(found.ci95, metric)}"
    return f"{a} and {b} are a tie at this sample size{corrected}: at most {most} apart ({interval}; {p})."


def warnings(comparison: RunComparison) -> list[str]:
    """Pairs whose data differ: what is compared is then not only the runs."""
    pairs = [
        _names(pair)
        for pair in comparison.pairs
        if comparison.sides[pair.first].data_key != comparison.sides[pair.second].data_key
    ]
    if not pairs:
        return []
    return [
        f"the data of {joined_words(pairs)} differ: a difference may come from the data, not the networks"
    ]


def limit_sentences(comparison: RunComparison) -> list[str]:
    """What the comparison does not say: why pairs are unpaired, and which differences it cannot see."""
    return [
        *_tests(comparison),
        *_of_networks(comparison),
        *_smallest(comparison),
        *_holm(comparison),
    ]


def _tests(comparison: RunComparison) -> Iterator[str]:
    """Which test was made of which pairs, and why some are not paired."""
    by_test: dict[tuple[str, str | None], list[str]] = {}
    for pair in comparison.pairs:
        how = f"{pair.test.method} of {pair.test.sample}", pair.test.why_unpaired
        by_test.setdefault(how, []).append(_names(pair))
    for (method, why), pairs in by_test.items():
        if why is None:
            yield f"{joined_words(pairs)}: {method}."
        else:
            unpaired = f"{method}, not paired, because {why}"
            yield f"{joined_words(pairs)}: {unpaired}. An unpaired test is less sensitive."


def _names(pair: Pair) -> str:
    return f"{LETTERS[pair.first]} − {LETTERS[pair.second]}"


def _of_networks(comparison: RunComparison) -> Iterator[str]:
    parts = [side for side in comparison.sides if isinstance(side.on, MeasuredPart)]
    if parts:
        has_split = any(not side.data.test_source and not side.manifest.evaluated for side in parts)
        yield (
            "A single test split compares these networks, not their settings; another seed would change "
            f"{'both the network and the test rows' if has_split else 'the network'}. A cross-validation "
            "with repeats compares the settings."
        )


def _smallest(comparison: RunComparison) -> Iterator[str]:
    """The difference that would have been found, and what it would take to find the one that was measured."""
    for pair in comparison.pairs:
        found = pair.test.difference
        smallest = findable(found, comparison.metric)
        if smallest is None:
            continue
        true = f"a true difference of {amount(smallest, comparison.metric)} is detected 80 % of the time"
        if math.isinf(smallest):
            true = "even the largest true difference is detected less than 80 % of the time"
        yield f"{_names(pair)}: with samples of this size, {true}{_needed(comparison, pair)}."


def _needed(comparison: RunComparison, pair: Pair) -> str:
    factor = pair.test.difference.samples_needed()
    if pair.verdict != "tie" or factor is None or factor <= 1:
        return ""
    size = f"one of {amount(pair.test.difference.value, comparison.metric)}, as measured,"
    if factor > 10_000:
        return f"; {size} is out of reach"
    if pair.test.samples == "rows":
        return f"; {size} needs about {_rounded(factor * pair.test.count)} test rows"
    if pair.test.samples == "folds" and pair.test.count < ENOUGH_FOLDS:
        return f"; for {size} try more repeats (`--repeats 5`), then more rows"
    return f"; {size} needs more rows: more repeats narrow the interval only so far"


def _rounded(rows: float) -> str:
    digits = max(0, math.floor(math.log10(rows)) - 1)
    return f"{math.ceil(rows / 10**digits) * 10**digits:,}"


def _holm(comparison: RunComparison) -> Iterator[str]:
    if len(comparison.pairs) > 1:
        yield (
            f"The verdicts follow from p with Holm's correction for {len(comparison.pairs):,} pairs; the "
            "intervals are those of each pair alone."
        )


def direction_words(metric: str) -> str:
    """Which values are better."""
    return "lower is better" if is_loss(metric) else "higher is better"


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


def _score_json(side: ComparedRun) -> dict[str, Any]:
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


def _sample(side: ComparedRun) -> str:
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
