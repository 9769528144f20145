"""What a comparison says, as a document and as a JSON object."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterator, Sequence
from typing import Any, Final

from fnnctl.metrics.paired import LEVEL
from fnnctl.metrics.registry import is_loss
from fnnctl.report.blocks import Command, Facts, Notes, Table, Warnings
from fnnctl.report.comparison.compared_run import ComparedRun, MeasuredFolds, MeasuredPart
from fnnctl.report.comparison.comparison import RunComparison, has_several_configs, resolved_run
from fnnctl.report.comparison.differences import (
    amount,
    detectable_difference,
    ends,
    finite,
    gain_ends,
    has_points,
    signed,
)
from fnnctl.report.comparison.figure import comparison_figure_block
from fnnctl.report.comparison.pairs import LETTERS, Pair
from fnnctl.report.document import Document, Section, block_section, merge_blocks
from fnnctl.report.words import number
from fnnctl.store.names import RESOLVED
from fnnctl.text import counted, joined_words, p_number, p_text

FEW_RUNS: Final = 3
"""With more runs only the pairs with the best one get a sentence."""
ENOUGH_FOLDS: Final = 20
"""With at least this many folds more repeats hardly help: the folds share training rows."""
OUT_OF_REACH: Final = 10_000
"""A sample that must be larger by more than this factor is called out of reach."""


def verdict_sentences(comparison: RunComparison) -> list[str]:
    """One sentence per pair; with many runs, only for the pairs of the best one, the nearest first."""
    if len(comparison.runs) <= FEW_RUNS:
        return [pair_sentence(comparison, pair) for pair in comparison.pairs]
    best, *rest = comparison.ranked
    tied: list[str] = []
    beaten: list[str] = []
    for other in rest:
        is_tie = comparison.pair(best, other).verdict == "tie"
        (tied if is_tie else beaten).append(LETTERS[other])
    sentence = f"{LETTERS[best]} has the best {comparison.metric}"
    if beaten:
        sentence += f"; it is better than {joined_words(beaten)}"
    if tied:
        sentence += f"{', but' if beaten else '; it is'} tied with {joined_words(tied)} at this sample size"
    pairs = [comparison.pair(best, other) for other in rest]
    return [f"{sentence}.", *(pair_sentence(comparison, pair) for pair in pairs)]


def pair_sentence(comparison: RunComparison, pair: Pair) -> str:
    """Who is better, by how much, and how sure that is."""
    a, b = LETTERS[pair.first], LETTERS[pair.second]
    metric, difference = comparison.metric, pair.test.difference
    p = p_text(pair.p_holm, name="Holm's p" if comparison.tests > 1 else "p")
    if pair.verdict != "tie":
        better, worse = (a, b) if pair.verdict == "better" else (b, a)
        interval = difference.ci95 and f"95 % interval {gain_ends(difference, metric)}; "
        return f"{better} is better than {worse} by {amount(difference.value, metric)} ({interval or ''}{p})."
    if difference.ci95 is None:
        if difference.value == 0:
            return f"{a} and {b} are tied: the two scores are equal in every sample."
        apart = amount(difference.value, metric)
        return f"{a} and {b} are tied: {apart} apart, from too few samples to tell."
    first, second = (comparison.runs[index].predictions for index in (pair.first, pair.second))
    if first is not None and first == second:
        return f"{a} and {b} are tied: their predictions are identical."
    most = amount(max(map(abs, difference.ci95)), metric)
    corrected = " after Holm's correction" if difference.p < LEVEL else ""
    interval = f"95 % interval of {pair}: {ends(difference.ci95, metric)}"
    return f"{a} and {b} are a tie at this sample size{corrected}: at most {most} apart ({interval}; {p})."


def warnings(comparison: RunComparison) -> list[str]:
    """Pairs whose data differ: what is compared is then not only the runs."""
    pairs = [
        str(pair)
        for pair in comparison.pairs
        if comparison.runs[pair.first].data_key != comparison.runs[pair.second].data_key
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
        *of_networks(comparison),
        *_smallest(comparison),
        *_holm(comparison),
    ]


def _tests(comparison: RunComparison) -> Iterator[str]:
    """Which test was made of which pairs, and why some are not paired."""
    by_test: dict[tuple[str, str | None], list[str]] = {}
    for pair in comparison.pairs:
        how = f"{pair.test.method} of {pair.test.sample}", pair.test.why_unpaired
        by_test.setdefault(how, []).append(str(pair))
    for (method, why), pairs in by_test.items():
        if why is None:
            yield f"{joined_words(pairs)}: {method}."
        else:
            unpaired = f"{method}, not paired, because {why}"
            yield f"{joined_words(pairs)}: {unpaired}. An unpaired test is less sensitive."


def of_networks(comparison: RunComparison) -> Iterator[str]:
    """What a single test split leaves open."""
    parts = [run for run in comparison.runs if isinstance(run.sample, MeasuredPart)]
    if parts:
        has_split = any(not run.data.test_source and not run.manifest.evaluated for run in parts)
        yield (
            "A single test split compares these networks, not their settings; another seed would change "
            f"{'both the network and the test rows' if has_split else 'the network'}. A cross-validation "
            "with repeats compares the settings."
        )


def _smallest(comparison: RunComparison) -> Iterator[str]:
    """The detectable difference, and how large a sample it takes to detect the one that was measured."""
    for pair in comparison.pairs:
        smallest = detectable_difference(pair.test.difference, comparison.metric)
        if smallest is None:
            continue
        true = f"a true difference of {amount(smallest, comparison.metric)} is detected 80 % of the time"
        if math.isinf(smallest):
            true = "even the largest true difference is detected less than 80 % of the time"
        yield f"{pair}: with samples of this size, {true}{_needed(comparison, pair)}."


def _needed(comparison: RunComparison, pair: Pair) -> str:
    factor = pair.test.difference.samples_needed()
    if pair.verdict != "tie" or factor is None or factor <= 1:
        return ""
    size = f"one of {amount(pair.test.difference.value, comparison.metric)}, as measured,"
    if factor > OUT_OF_REACH:
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
    return f"{comparison.metric} of {counted(len(comparison.runs), 'run')}"


def headline(comparison: RunComparison) -> str:
    """A line below the title."""
    unit = ", differences in percentage points" if has_points(comparison.metric) else ""
    return f"{direction_words(comparison.metric)}{unit}"


def comparison_document(comparison: RunComparison) -> Document:
    """All of it, the verdict first; the figure follows the differences, which are its numbers."""
    figure = comparison_figure_block(comparison, " ".join(verdict_sentences(comparison)))
    sections = (
        block_section(Notes("Verdict", tuple(verdict_sentences(comparison))), "summary"),
        block_section(Warnings("Warnings", tuple(warnings(comparison))), "warning"),
        block_section(_runs(comparison)),
        block_section(_differences(comparison)),
        Section("Figure", (figure,), "figures"),
        *of_runs(comparison, limit_sentences(comparison)),
    )
    filled = (section for section in sections if merge_blocks(section.blocks))
    return Document(title(comparison), headline(comparison), tuple(filled))


def of_runs(comparison: RunComparison, limits: Sequence[str]) -> tuple[Section, ...]:
    """What is said of the runs below the differences of their metrics: how they differ otherwise."""
    letters = tuple(LETTERS[: len(comparison.runs)])
    return (
        block_section(
            Table(
                "Settings that differ",
                ("setting", *letters),
                tuple((path, *values) for path, values in comparison.settings),
            )
        ),
        block_section(
            Table(
                "Other differences",
                ("", *letters),
                tuple((name, *values) for name, values in comparison.other_differences),
            )
        ),
        block_section(Notes("How sure", tuple(limits))),
        block_section(
            Facts("Folders", tuple(zip(letters, (run.place for run in comparison.runs), strict=True)))
        ),
        *map(block_section, _next_steps(comparison)),
    )


def comparison_json(comparison: RunComparison) -> dict[str, Any]:
    """The object of `compare --json`; `difference` is a − b in the metric's own units."""
    return {
        "runs": [run.path for run in comparison.runs],
        "metric": comparison.metric,
        "better": "lower" if is_loss(comparison.metric) else "higher",
        "comparisons": [pair_json(comparison, pair) for pair in comparison.pairs],
        "scores": [score_json(run) for run in comparison.runs],
        "settings": {path: list(values) for path, values in comparison.settings},
        "other_differences": {name: list(values) for name, values in comparison.other_differences},
        "warnings": warnings(comparison),
    }


def pair_json(comparison: RunComparison, pair: Pair) -> dict[str, Any]:
    """The difference of a pair; that of a − b in the metric's own units."""
    difference = pair.test.difference
    detectable = finite(detectable_difference(difference, comparison.metric))
    return {
        "a": comparison.runs[pair.first].path,
        "b": comparison.runs[pair.second].path,
        "difference": difference.value,
        "ci95": difference.ci95,
        "p": difference.p,
        "p_holm": pair.p_holm,
        "verdict": pair.verdict,
        "paired": pair.test.why_unpaired is None,
        "why_unpaired": pair.test.why_unpaired,
        "test": pair.test.method,
        "samples": pair.test.samples,
        "count": pair.test.count,
        "detectable_difference": detectable,
        "found_in_80_percent": detectable,  # the former name, which scripts read
        "sentence": pair_sentence(comparison, pair),
    }


def score_json(run: ComparedRun) -> dict[str, Any]:
    """The metric of a run."""
    return {
        "run": run.path,
        "name": run.manifest.name,
        "kind": run.manifest.kind,
        "status": run.manifest.status,
        "seed": run.manifest.seed,
        "value": run.value,
        "ci95": run.interval,
        "folds": len(run.sample.scores) if isinstance(run.sample, MeasuredFolds) else None,
        "rows": None if isinstance(run.sample, MeasuredFolds) else len(run.sample.rows.rows),
    }


def _runs(comparison: RunComparison) -> Table:
    """The runs, the best first."""
    rows = []
    for index in comparison.ranked:
        run = comparison.runs[index]
        status = "" if run.status == "completed" else f" ({run.status})"
        rows.append(
            (
                LETTERS[index],
                run.manifest.name,
                f"{run.kind}{status}",
                number(run.value),
                number(run.interval),
                _sample(run),
            )
        )
    header = ("", "name", "kind", comparison.metric, "95 % interval", "measured on")
    return Table("Runs", header, tuple(rows), texts=(0, 1, 2, 5))


def _sample(run: ComparedRun) -> str:
    if isinstance(run.sample, MeasuredFolds):
        failed = run.sample.number - len(run.sample.scores)
        without = f", {failed:,} without a value" if failed else ""
        return f"{counted(run.sample.number, 'fold')}{without}"
    return counted(len(run.sample.rows.rows), "row")


def _differences(comparison: RunComparison) -> Table:
    several = len(comparison.pairs) > 1
    rows = []
    for pair in comparison.pairs:
        difference, a, b = pair.test.difference, LETTERS[pair.first], LETTERS[pair.second]
        who = {"tie": "tie", "better": f"{a} is better", "worse": f"{b} is better"}[pair.verdict]
        p = (difference.p, pair.p_holm) if several else (difference.p,)
        rows.append(
            (
                str(pair),
                who,
                signed(difference.value, comparison.metric),
                ends(difference.ci95, comparison.metric),
                *map(p_number, p),
            )
        )
    header = ("", "verdict", "difference", "95 % interval", "p", *(["Holm's p"] if several else []))
    return Table("Differences", header, tuple(rows), texts=(0, 1))


def _next_steps(comparison: RunComparison) -> list[Command]:
    """The cross-validations that compare the settings, if some run has only one test part.

    All have the same seed, so that they are paired. A network that was scored twice has one config.
    """
    if all(isinstance(run.sample, MeasuredFolds) for run in comparison.runs):
        return []
    if any(run.folder.named is None for run in comparison.runs):
        return []
    runs = [resolved_run(run) for run in comparison.runs]
    configs = [run.path / RESOLVED if run else None for run in runs]
    if len({*configs} - {None}) < 2:
        return []
    seeds = {run.manifest.seed for run in comparison.runs}
    seed = "" if len(seeds) == 1 else f" --seed {min(seed for seed in seeds if seed is not None)}"
    return [
        Command(
            f"Cross-validate {_best_trial_of(comparison.runs[index])}{LETTERS[index]}",
            (f"fnnctl evaluate {shlex.quote(str(config))} --folds 5 --repeats 5{seed}",),
        )
        for index, config in enumerate(configs)
        if config is not None and config not in configs[:index]
    ]


def _best_trial_of(run: ComparedRun) -> str:
    return "the best trial of " if has_several_configs(run) else ""
