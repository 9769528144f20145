"""What a comparison of runs with several targets says, as a document and as a JSON object."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from fnnctl.metrics.registry import is_loss, label_of
from fnnctl.report.blocks import Notes, Table, Warnings
from fnnctl.report.comparison.comparison import RunComparison
from fnnctl.report.comparison.differences import ends, has_points, signed
from fnnctl.report.comparison.figure import target_figures
from fnnctl.report.comparison.pairs import LETTERS, Verdict
from fnnctl.report.comparison.sections import (
    direction_words,
    of_networks,
    of_runs,
    pair_json,
    pair_sentence,
    score_json,
    warnings,
)
from fnnctl.report.comparison.target_comparison import TargetComparison
from fnnctl.report.document import Document, Section, block_section, merge_blocks
from fnnctl.report.words import NOTHING, number
from fnnctl.text import counted, joined_words, p_number, quoted, word_list

NAMED: Final = 4
"""More targets of one verdict are counted and not named."""


def target_verdicts(comparison: TargetComparison) -> list[str]:
    """For each pair, on which targets a run is better; then the means."""
    sentences = [_pair_in_words(comparison, index) for index in range(len(comparison.first.pairs))]
    for count, mean in comparison.means:
        what = f"Mean {label_of(mean.metric)} of {count:,} targets"
        sentences += [f"{what}: {pair_sentence(mean, pair)}" for pair in mean.pairs]
    return sentences


def _pair_in_words(comparison: TargetComparison, index: int) -> str:
    """Such as `A is better than B on 2 of 4 targets, 'price' and 'days'; 2 are ties.`"""
    pair, total = comparison.first.pairs[index], len(comparison.targets)
    a, b = LETTERS[pair.first], LETTERS[pair.second]
    names_by_verdict: dict[Verdict, list[str]] = {"better": [], "worse": [], "tie": []}
    for name, of_target in comparison.targets:
        names_by_verdict[of_target.pairs[index].verdict].append(quoted(name))
    parts = [
        f"{better} is better than {worse} on {len(names):,} of {counted(total, 'target')}{_named(names)}"
        for better, worse, names in ((a, b, names_by_verdict["better"]), (b, a, names_by_verdict["worse"]))
        if names
    ]
    ties = names_by_verdict["tie"]
    if not parts:
        return f"{a} and {b} are tied on {'all ' if total > 1 else ''}{counted(total, 'target')}."
    if ties:
        parts.append(f"they are tied on {len(ties):,}{_named(ties)}")
    return f"{'; '.join(parts)}."


def _named(names: list[str]) -> str:
    return f" ({joined_words(names)})" if len(names) <= NAMED else ""


def target_document(comparison: TargetComparison) -> Document:
    """All of it, the verdict first."""
    verdicts = target_verdicts(comparison)
    sections = (
        block_section(Notes("Verdict", tuple(verdicts)), "summary"),
        block_section(Warnings("Warnings", tuple(warnings(comparison.first))), "warning"),
        block_section(_scores(comparison)),
        block_section(_differences(comparison)),
        Section("Figure", tuple(target_figures(comparison, " ".join(verdicts))), "figures"),
        *of_runs(comparison.first, [*_limits(comparison)]),
    )
    filled = (section for section in sections if merge_blocks(section.blocks))
    targets, runs = counted(len(comparison.targets), "target"), counted(len(comparison.runs), "run")
    return Document(f"{targets} of {runs}", _headline(comparison), tuple(filled))


def _headline(comparison: TargetComparison) -> str:
    """Which metrics are compared; those of a kind are equal."""
    metrics = {each.metric.rpartition(".")[2]: each for _, each in comparison.targets}
    texts = [
        f"{label_of(name)} ({direction_words(name)}{', differences in points' if has_points(name) else ''})"
        for name in metrics
    ]
    return joined_words(texts)


def _label(each: RunComparison) -> str:
    return label_of(each.metric.rpartition(".")[2])


def _named_comparisons(comparison: TargetComparison) -> Iterator[tuple[str, RunComparison]]:
    """Each target, and the means."""
    yield from comparison.targets
    for _, mean in comparison.means:
        yield f"mean {_label(mean)}", mean


def _scores(comparison: TargetComparison) -> Table:
    rows = [
        (name, _label(each), *(number(run.value) for run in each.runs))
        for name, each in _named_comparisons(comparison)
    ]
    letters = [f"{LETTERS[index]}  {run.manifest.name}" for index, run in enumerate(comparison.runs)]
    if len(letters) > 2:
        letters = [*LETTERS[: len(letters)]]
    return Table("Targets", ("target", "metric", *letters), tuple(rows), texts=(0, 1))


def _differences(comparison: TargetComparison) -> Table:
    """One row per target and pair, and the means."""
    has_pairs = len(comparison.first.pairs) > 1
    rows = []
    for name, each in _named_comparisons(comparison):
        for pair in each.pairs:
            a, b = LETTERS[pair.first], LETTERS[pair.second]
            who = {"tie": "tie", "better": f"{a} is better", "worse": f"{b} is better"}[pair.verdict]
            difference = pair.test.difference
            rows.append(
                (
                    name,
                    *([str(pair)] if has_pairs else []),
                    who,
                    signed(difference.value, each.metric),
                    ends(difference.ci95, each.metric),
                    p_number(difference.p),
                    p_number(pair.p_holm) if each.tests > 1 else NOTHING,
                )
            )
    header = (
        "target",
        *(["pair"] if has_pairs else []),
        "verdict",
        "difference",
        "95 % interval",
        "p",
        "Holm's p",
    )
    title = "Differences" if has_pairs else f"Differences, {comparison.first.pairs[0]}"
    words = (1, 2) if has_pairs else (1,)
    return Table(title, header, tuple(rows), texts=(0, *words), unbroken=words)


def _limits(comparison: TargetComparison) -> Iterator[str]:
    """Which tests were made, and for how many p is corrected."""
    by_test: dict[tuple[str, str | None], list[str]] = {}
    for name, each in comparison.targets:
        for pair in each.pairs:
            how = f"{pair.test.method} of {pair.test.sample}", pair.test.why_unpaired
            by_test.setdefault(how, []).append(quoted(name))
    for (method, why), names in by_test.items():
        unpaired = "" if why is None else f", not paired, because {why}"
        targets = word_list([*dict.fromkeys(names)])
        yield f"{method[:1].upper()}{method[1:]}{unpaired}: {targets}."
    yield from of_networks(comparison.first)
    tests = comparison.first.tests
    if tests > 1:
        yield (
            f"The verdicts on targets follow from p with Holm's correction for {tests:,} tests; intervals "
            "are those of each test alone."
        )
    if comparison.means:
        pairs = len(comparison.first.pairs)
        corrected = f" for {pairs:,} pairs" if pairs > 1 else ""
        alone = f"corrected{corrected} alone" if pairs > 1 else "not corrected"
        yield f"A mean over targets is a question of its own: its p is {alone}."


def target_json(comparison: TargetComparison) -> dict[str, Any]:
    """The object of `compare --json`: as that of one metric, with the target and metric in each entry."""
    first = comparison.first
    return {
        "runs": [run.path for run in first.runs],
        "metric": None,
        "better": None,
        "comparisons": [
            {"target": name, **_metric_json(each), **pair_json(each, pair)}
            for name, each in comparison.targets
            for pair in each.pairs
        ],
        "scores": [
            {"target": name, **_metric_json(each), **score_json(run)}
            for name, each in comparison.targets
            for run in each.runs
        ],
        "means": [
            {
                "targets": count,
                **_metric_json(each),
                "comparisons": [pair_json(each, pair) for pair in each.pairs],
                "scores": [score_json(run) for run in each.runs],
            }
            for count, each in comparison.means
        ],
        "settings": {path: list(values) for path, values in first.settings},
        "other_differences": {name: list(values) for name, values in first.other_differences},
        "warnings": warnings(first),
    }


def _metric_json(each: RunComparison) -> dict[str, Any]:
    return {"metric": each.metric, "better": "lower" if is_loss(each.metric) else "higher"}
