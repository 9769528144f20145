"""Sentences on what the scores of a run are of, and what their intervals leave open."""

from __future__ import annotations

from collections.abc import Iterator

from fnnctl.report.answer.scores import TEST, VALIDATION, first_scores
from fnnctl.report.sections import Notes, number
from fnnctl.report.sizes.sections import size_sections
from fnnctl.report.summary import Summary
from fnnctl.text import counted, shown


def measured_words(summary: Summary, part: str | None) -> str:
    """Where the scores were measured, for the heading of a table; empty without scores."""
    if part is None:
        return ""
    if summary.cross_validation:
        return "mean over the folds"
    if part == VALIDATION and _has_bags(summary):
        return "out of bag"
    if part == TEST and summary.manifest.evaluated is not None:
        return "the evaluated file"
    return {TEST: "test part", VALIDATION: "validation part"}.get(part, "training part")


def certainty(summary: Summary, part: str | None) -> list[str]:
    """The sentences, the most important one first; none without scores."""
    if part is None:
        return []
    has_intervals = any(score.interval for score in first_scores(summary, part))
    of_part = _of_part(summary, part, has_intervals=has_intervals)
    return [*_of_winner(summary), *_of_sizes(summary), of_part, *_of_ensemble(summary)]


def _of_part(summary: Summary, part: str, *, has_intervals: bool) -> str:
    if summary.cross_validation:
        return _of_folds(summary, has_intervals=has_intervals)
    support = (summary.part_metrics(part) or {}).get("support")
    rows = counted(support, "row") if isinstance(support, int) else "the rows"
    if part == TEST:
        return _of_test_rows(summary, rows, has_intervals=has_intervals)
    if part == VALIDATION and _has_bags(summary):
        return f"Measured on {rows} out of bag: each was predicted by a network that had not learned it."
    if part == VALIDATION:
        return (
            f"Measured on {rows} of the validation part, as there is no test part. Where these rows have "
            "chosen anything, such as the best epoch, the scores are optimistic."
        )
    return (
        f"Measured on {rows} that the network has learned: that does not say how well it predicts new rows."
    )


def _of_test_rows(summary: Summary, rows: str, *, has_intervals: bool) -> str:
    manifest = summary.manifest
    if manifest.evaluated is not None:
        name = shown(manifest.data.name) if manifest.data else "the file"
        where, leaves_out = f"{rows} of {name}", "the network is always the same"
    elif manifest.data and manifest.data.test_source:
        where, leaves_out = f"{rows} of the test file, with one seed", "not another seed"
    else:
        where = f"{rows} of the test part, with one split and one seed"
        leaves_out = "not another split or seed"
    if not has_intervals:
        return f"Measured on {where}."
    return f"Measured on {where}. The intervals show what other rows would change, {leaves_out}."


def _of_folds(summary: Summary, *, has_intervals: bool) -> str:
    metrics, facts = summary.cross_validation or {}, summary.manifest.cross_validation
    folds = f"{facts.folds * facts.repeats:,} folds" if facts else "the folds"
    if facts and facts.repeats > 1:
        folds += f" ({facts.folds:,} in each of {facts.repeats:,} repeats)"
    sentence = f"Means over {folds}"
    if has_intervals:
        sentence += "; the intervals of the mean allow for the training rows that folds share"
    if diverged := metrics.get("diverged"):
        sentence += (
            f". {counted(diverged, 'fold')} diverged and {'has' if diverged == 1 else 'have'} no scores"
        )
    return f"{sentence}."


def _of_winner(summary: Summary) -> Iterator[str]:
    """Whose scores a search shows, and what chose it."""
    search = summary.search
    if search is None or search.winner is None:
        return
    if summary.has_former_winner:
        yield (
            f"These are the scores of trial {summary.refitted}: trial {search.winner.trial}, which is the "
            "best one now, is not refitted yet."
        )
        return
    chosen, count = search.confirmation and search.confirmation.chosen, len(search.standings.latest)
    where = "over the folds" if search.part == "cross_validation" else f"on the {search.part} part"
    if search.confirmation and chosen:
        seeds = counted(search.confirmation.compared_seeds, "seed")
        yield f"Trial {search.winner.trial} was chosen by its mean over {seeds}, not by the test part."
    elif count > 1:
        yield f"Trial {search.winner.trial} was the best of {count:,} {where}; the test part chose nothing."


def _of_ensemble(summary: Summary) -> Iterator[str]:
    """The first metric of a search's ensemble on the test part, beside the winner's."""
    if summary.ensemble is None:
        return
    label, key = summary.task_report.metrics[0]
    value = ((summary.ensemble.metrics or {}).get(TEST) or {}).get(key)
    if isinstance(value, float):
        trials = counted(len(summary.ensemble.selection.trials), "trial")
        yield f"The ensemble of {trials} has {label} {number(value)} on the test part."


def _of_sizes(summary: Summary) -> Iterator[str]:
    for section in size_sections(summary):
        if isinstance(section, Notes):
            yield from (f"{text[0].upper()}{text[1:]}." for text in section.rows)


def _has_bags(summary: Summary) -> bool:
    return summary.manifest.model is not None and summary.manifest.model.bags
