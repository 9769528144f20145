"""The topics of reports, and the order of their headings. A new topic is a module here, and lines below."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final, Literal, TypeAlias

from fnnctl.report.document import Document, merge_sections
from fnnctl.report.sections import (
    DATA,
    FIGURES,
    NEXT_STEPS,
    SCORES,
    SUMMARY,
    WRONG,
    Command,
    FileList,
    Formats,
    Section,
)
from fnnctl.report.summary import Summary, headline
from fnnctl.report.topics import (
    classes,
    data,
    ensemble,
    examples,
    feature_importance,
    files,
    model_card,
    next_steps,
    outcome,
    provenance,
    scores,
    sizes,
    thresholds,
    training,
)
from fnnctl.report.topics.topic import Topic
from fnnctl.store.volumes import is_in_memory

Look: TypeAlias = Literal["block", "columns", "failure", "figures", "summary", "warning"]

CONTENTS: Final[Mapping[str, Look]] = {
    outcome.FAILED: "failure",
    outcome.INCOMPLETE: "warning",
    SUMMARY: "summary",
    "The winner": "columns",
    outcome.WARNINGS: "warning",
    WRONG: "columns",
    "Is the winner better than the others?": "figures",
    "The search": "figures",
    "Brackets and rungs": "figures",
    "Rung audit": "columns",
    "The settings of all trials": "figures",
    "The best trials": "block",
    "Importance of the settings": "figures",
    "The best architecture": "figures",
    "Ensemble of trials": "figures",
    "Workers": "figures",
    "Train and extend": "block",
    FIGURES: "figures",
    SCORES: "columns",
    "Importance": "columns",
    DATA: "columns",
    NEXT_STEPS: "block",
    "Provenance": "block",
    model_card.TITLE: "block",
    "Files": "block",
}
"""The headings of a page in their order, each with its look: `columns` are side by side if there is room."""
TOPICS: Final[tuple[Topic, ...]] = (
    outcome.TOPIC,
    scores.TOPIC,
    sizes.TOPIC,
    classes.TOPIC,
    thresholds.TOPIC,
    examples.TOPIC,
    feature_importance.TOPIC,
    ensemble.TOPIC,
    data.TOPIC,
    training.TOPIC,
    next_steps.TOPIC,
    provenance.TOPIC,
    model_card.TOPIC,
    files.TOPIC,
)
"""The topics of all runs; below a heading their sections have this order."""


def topics_of(summary: Summary) -> Iterable[Topic]:
    """The topics that a run may have something to say about, each once."""
    return TOPICS if summary.search is None else dict.fromkeys((*search_topics(), *TOPICS))


def search_topics() -> tuple[Topic, ...]:
    """The topics of searches, in the order of their entries in JSON."""
    # Most runs are no searches, and wait for their report.
    from fnnctl.report.topics import (
        architecture,
        audit,
        confirmation,
        default_trial,
        hyperparameter_importance,
        leaderboard,
        rungs,
        search,
        winner,
        workers,
    )

    return (
        search.TOPIC,
        winner.TOPIC,
        default_trial.TOPIC,
        confirmation.TOPIC,
        ensemble.TOPIC,
        leaderboard.TOPIC,
        rungs.TOPIC,
        audit.TOPIC,
        hyperparameter_importance.TOPIC,
        architecture.TOPIC,
        workers.TOPIC,
    )


def short_document(summary: Summary) -> Document:
    """What short reports show."""
    sections = [
        _placed(section, topic) for topic in topics_of(summary) for section in topic.highlights(summary)
    ]
    return _document(summary, sections)


def text_document(summary: Summary) -> Document:
    """What complete texts show: the tables of scores first, because only pages begin with large numbers."""
    sections = [section for section in _all_sections(summary) if section.formats is Formats.ALL]
    headings = [heading for heading in CONTENTS if heading != SCORES]
    headings.insert(headings.index(SUMMARY), SCORES)
    return _document(summary, merge_sections(sections), headings)


def page_document(summary: Summary) -> Document:
    """What pages show."""
    sections = [section for section in _all_sections(summary) if section.formats is not Formats.SHORT]
    return _document(summary, sections)


def json_entries(summary: Summary) -> dict[str, Any]:
    """What the topics add to a run's entry in `report --json`."""
    return {key: value for topic in topics_of(summary) for key, value in topic.json(summary).items()}


def _all_sections(summary: Summary) -> list[Section]:
    return [
        _placed(section, topic)
        for topic in topics_of(summary)
        for sections in (topic.highlights, topic.details)
        for section in sections(summary)
    ]


def _placed(section: Section, topic: Topic) -> Section:
    return section if section.heading else replace(section, heading=topic.heading)


def _document(
    summary: Summary, sections: Iterable[Section], headings: Iterable[str] | None = None
) -> Document:
    """The sections in the order of the headings, by default that of the page."""
    order = {heading: index for index, heading in enumerate(headings or CONTENTS)}

    def position(section: Section) -> tuple[int, int]:
        # In a summary, the sections of many topics alternate: their priorities are their order there, too.
        priority = section.priority if section.heading == SUMMARY else None
        return order[section.heading], priority or 0

    filled = [section for section in sections if section.rows]
    if is_in_memory(summary.path):  # no command can name it, and it has no files
        filled = [section for section in filled if not isinstance(section, Command | FileList)]
    return Document(
        path=summary.path,
        name=summary.manifest.name,
        kind=summary.manifest.kind,
        status=summary.displayed_status,
        when=headline(summary),
        sections=tuple(sorted(filled, key=position)),
    )
