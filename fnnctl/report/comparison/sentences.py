"""What a comparison means, in sentences."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from fnnctl.config.schema.metric_names import is_loss
from fnnctl.metrics.paired import LEVEL
from fnnctl.report.comparison.comparison import LETTERS, RunComparison
from fnnctl.report.comparison.pairs import Pair
from fnnctl.report.comparison.sides import MeasuredPart
from fnnctl.report.comparison.words import amount, ends, findable, gain_ends, listed, p_text

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
        sentence += f"; it is better than {listed(beaten)}"
    if tied:
        sentence += f"{', but' if beaten else '; it is'} tied with {listed(tied)} at this sample size"
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
    return [f"the data of {listed(pairs)} differ: a difference may come from the data, not the networks"]


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
            yield f"{listed(pairs)}: {method}."
        else:
            yield f"{listed(pairs)}: {method}, not paired, because {why}. An unpaired test is less sensitive."


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
