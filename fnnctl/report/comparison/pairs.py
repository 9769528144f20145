"""All pairs of the compared runs: the test that suits each, the correction for their number, and the verdict.

Runs that were measured on the same rows are paired, others are not; the result says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Final, Literal, TypeAlias

from fnnctl.metrics.comparison.difference import Difference
from fnnctl.metrics.comparison.folds import folds_and_part, paired_folds, unpaired_folds
from fnnctl.metrics.comparison.measures import Hits, Influences, Measure
from fnnctl.metrics.comparison.rows import paired_difference, standard_error, unpaired_difference
from fnnctl.metrics.paired import LEVEL, holm
from fnnctl.metrics.registry import is_loss
from fnnctl.report.comparison.compared_run import ComparedRun, MeasuredFolds, MeasuredPart
from fnnctl.seeds import Purpose, stream
from fnnctl.text import counted

Samples: TypeAlias = Literal["rows", "folds", "mixed"]

PAIRED_FOLDS: Final = "corrected resampled t-test"
UNPAIRED_FOLDS: Final = "Welch's t-test with corrected variances"
MIXED: Final = "t-test of the mean"
LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
"""What runs are called, by their index."""


@dataclass(frozen=True, slots=True)
class PairTest:
    """The result of the test that suits two runs."""

    difference: Difference
    """First minus second."""
    method: str
    """The test, in words."""
    samples: Samples
    """What was compared: rows of test parts, folds, or folds and one test part."""
    count: int
    """How many pairs of rows or folds there are; if unpaired, how many the smaller sample has."""
    why_unpaired: str | None = None
    """In words; None if the samples are paired."""

    @property
    def sample(self) -> str:
        """The samples in words, such as `the same 360 rows`."""
        noun = "row" if self.samples == "rows" else "fold"
        if self.why_unpaired is None:
            return f"the same {counted(self.count, noun)}"
        if self.samples == "mixed":
            return f"{counted(self.count, noun)} and one test part"
        return f"different {noun}s ({self.count:,} or more)"


def suitable_test(a: ComparedRun, b: ComparedRun) -> PairTest:
    """Compare two runs with the same target."""
    other_data = None if a.data_key == b.data_key else "the data differ"
    match a.sample, b.sample:
        case MeasuredFolds(), MeasuredFolds():
            return _of_folds(a.sample, b.sample, other_data, _seeds(a, b))
        case MeasuredPart(), MeasuredPart():
            why = other_data
            if why is None and not a.sample.rows.same_rows(b.sample.rows):
                why = f"{_seeds(a, b)}the test parts have other rows"
            return _of_parts(a.sample, b.sample, why)
        case MeasuredFolds(), MeasuredPart():
            return _of_both(a.sample, b.sample, other_data)
        case MeasuredPart(), MeasuredFolds():
            mixed = _of_both(b.sample, a.sample, other_data)
            return replace(mixed, difference=mixed.difference.reversed())
    raise TypeError("a run was measured on something else")


def _of_parts(a: MeasuredPart, b: MeasuredPart, why_unpaired: str | None) -> PairTest:
    rng, names = stream(0, Purpose.BOOTSTRAP), _names(a.measure)
    count = min(len(a.rows.rows), len(b.rows.rows))
    if why_unpaired is None:
        return PairTest(paired_difference(a.measure, b.measure, rng), names[0], "rows", count)
    return PairTest(unpaired_difference(a.measure, b.measure, rng), names[1], "rows", count, why_unpaired)


def _names(measure: Measure) -> tuple[str, str]:
    match measure:
        case Hits():
            return "McNemar's exact test", "Fisher's exact test"
        case Influences():
            return "DeLong's test", "z-test with DeLong's variances"
    return "randomization test and paired bootstrap", "two independent bootstraps"


def _of_folds(a: MeasuredFolds, b: MeasuredFolds, other_data: str | None, seeds: str) -> PairTest:
    keys = None if other_data else a.common(b)
    if keys is not None:
        scores = [a.scores[key] for key in keys], [b.scores[key] for key in keys]
        share = max(a.test_share, b.test_share)
        return PairTest(paired_folds(*scores, test_share=share), PAIRED_FOLDS, "folds", len(keys))
    shares = (a.test_share, b.test_share)
    difference = unpaired_folds([*a.scores.values()], [*b.scores.values()], test_shares=shares)
    why = other_data or f"{seeds}the folds have other rows"
    return PairTest(difference, UNPAIRED_FOLDS, "folds", min(len(a.scores), len(b.scores)), why)


def _of_both(folds: MeasuredFolds, part: MeasuredPart, other_data: str | None) -> PairTest:
    """The folds against the test part."""
    difference = folds_and_part(
        [*folds.scores.values()],
        part.measure.value,
        test_share=folds.test_share,
        error=standard_error(part.measure, stream(0, Purpose.BOOTSTRAP)),
    )
    why = "a test part scores one network, each fold of a cross-validation another one on other rows"
    why = f"{other_data}, and {why}" if other_data else why
    return PairTest(difference, MIXED, "mixed", len(folds.scores), why)


def _seeds(a: ComparedRun, b: ComparedRun) -> str:
    return "the seeds differ, so " if a.manifest.seed != b.manifest.seed else ""


Verdict: TypeAlias = Literal["better", "worse", "tie"]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two runs of a comparison, by their indices in it."""

    first: int
    second: int
    test: PairTest
    p_holm: float
    """p, corrected for the number of tests: of pairs and, with several targets, of these."""
    verdict: Verdict
    """Whether the first run is better."""

    def __str__(self) -> str:
        """The difference, as `A − B`."""
        return f"{LETTERS[self.first]} − {LETTERS[self.second]}"


def compared_pairs(runs: Sequence[ComparedRun], metric: str) -> list[Pair]:
    """All pairs in the order of the runs, which have the same target."""
    return compared_families([(runs, metric)])[0]


def compared_families(families: Sequence[tuple[Sequence[ComparedRun], str]]) -> list[list[Pair]]:
    """The same for several metrics of the same runs, which are corrected together."""
    indices = [*combinations(range(len(families[0][0])), 2)]
    tests = [[suitable_test(runs[first], runs[second]) for first, second in indices] for runs, _ in families]
    corrected = iter(holm([test.difference.p for of_metric in tests for test in of_metric]))
    return [
        [
            Pair(first, second, test, p, verdict(test.difference.value, p, metric))
            for (first, second), test in zip(indices, of_metric, strict=True)
            for p in (next(corrected),)
        ]
        for of_metric, (_, metric) in zip(tests, families, strict=True)
    ]


def verdict(difference: float, p: float, metric: str) -> Verdict:
    """Whether the first of two runs is better, from the difference first minus second and its p."""
    if p >= LEVEL:
        return "tie"
    return "better" if (difference < 0) == is_loss(metric) else "worse"
