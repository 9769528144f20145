"""The answer of a run, from its summary."""

from __future__ import annotations

from typing import Final

from fnnctl.report.answer.facts import failure_words, first_facts
from fnnctl.report.answer.values import Answer
from fnnctl.report.content import headline
from fnnctl.report.sections import TableSection
from fnnctl.report.summary import Summary
from fnnctl.report.topics.classes import confused_pairs, worst_groups
from fnnctl.report.topics.feature_importance import importance_sections
from fnnctl.report.topics.next_steps import next_commands
from fnnctl.report.topics.scores import TEST, certainty, first_scores, judged_part, measured_words
from fnnctl.report.topics.sizes import size_sections

WORST: Final = 3
MOST_PAIRS: Final = 5


def answer(summary: Summary) -> Answer:
    """The answer of a run of any kind, complete or not."""
    manifest, task = summary.manifest, summary.task_report
    part = judged_part(summary)
    scores = first_scores(summary, part) if part else []
    compared = {score.key for score in scores if score.baseline is not None}
    confusion = summary.confusion if part == TEST else None
    pairs, count = confused_pairs(*confusion, MOST_PAIRS) if confusion else ([], 0)
    return Answer(
        path=summary.path,
        name=manifest.name,
        kind=manifest.kind,
        status=summary.shown_status,
        when=headline(summary),
        failure=failure_words(summary),
        facts=tuple(first_facts(summary)),
        measured=measured_words(summary, part),
        scores=tuple(scores),
        sizes=next((each for each in size_sections(summary) if isinstance(each, TableSection)), None),
        certainty=(
            *certainty(summary, part),
            *(sentence for sentence, key in task.baseline if key in compared),
        ),
        group=task.groups.column if task.groups else "",
        worst=tuple(worst_groups(summary, part, WORST)) if part else (),
        confused=tuple(pairs),
        pairs=count,
        repeats=manifest.cross_validation.repeats if manifest.cross_validation else 1,
        warnings=(*_doubts(summary), *manifest.warnings),
        importance=tuple(importance_sections(summary.importances, task)),
        commands=tuple(next_commands(summary)),
    )


def _doubts(summary: Summary) -> list[str]:
    """Warnings that are not among those of the manifest."""
    if summary.search is None:
        return []
    from fnnctl.report.topics.winner import doubts_of_winner  # most runs are no searches

    return doubts_of_winner(summary)
