"""The blocks of a search's page: its winner, how it was found, and what can be learned from the trials."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from fnnctl.report.html.figures import PageFigure, figure_part, with_numbers
from fnnctl.report.html.markup import element
from fnnctl.report.html.page import Block, Part
from fnnctl.report.html.sections import section_body
from fnnctl.report.sections import Section
from fnnctl.report.summary import Summary
from fnnctl.report.topics.ensemble import ensemble_sections
from fnnctl.report.topics.search import SearchSections, grouped_sections
from fnnctl.report.topics.winner import extension, winner_scores
from fnnctl.store import names


def winner_blocks(summary: Summary) -> Iterator[Block]:
    """The winner's scores wherever they were measured, and whether it is better than others."""
    found = grouped_sections(summary)
    if found is not None:
        yield from _block(
            "The winner",
            _parts([winner_scores(summary), *found.winner, *found.own_settings]),
            look="columns",
        )


def search_blocks(summary: Summary, figures: Mapping[str, PageFigure], prefix: str) -> Iterator[Block]:
    """How the winner was found; blocks that do not apply to the search are absent."""
    found = grouped_sections(summary, table_width=None)
    if found is None:
        return

    def drawn(*files: str) -> list[Part]:
        return [
            figure_part(with_numbers(figures[file], summary), prefix) for file in files if file in figures
        ]

    yield from _confirmation(found, drawn(names.CONFIRMED_FIGURE))
    history = [*drawn(names.SEARCH_HISTORY_FIGURE), *_parts(found.overview)]
    yield from _block("The search", history)
    yield from _block("Brackets and rungs", [*drawn(names.RUNGS_FIGURE), *_parts(found.rungs)])
    yield from _block("Rung audit", _parts(found.audit), look="columns")
    yield from _block("The settings of all trials", drawn(names.PARALLEL_FIGURE))
    yield from _block("The best trials", _parts(found.leaderboard, titled=False), look="block")
    importance = [*drawn(names.IMPORTANCE_FIGURE), *_parts(found.importance)]
    yield from _block("Importance of the settings", importance if any(_filled(found.importance)) else [])
    learned = drawn(names.ARCHITECTURE_FIGURE, names.REWARDS_FIGURE)
    yield from _block("The best architecture", [*learned, *_parts(found.architecture)])
    yield from _block("Ensemble of trials", _parts(ensemble_sections(summary)), look="columns")
    yield from _block("Workers", [*drawn(names.TIMELINE_FIGURE), *_parts(found.workers)])
    yield from _block("Train and extend", _parts([*found.command, extension(summary)]), look="block")


def _confirmation(found: SearchSections, figures: list[Part]) -> Iterator[Block]:
    sections = [*_filled(found.confirmation)]
    if sections:
        *tables, notes = sections
        sentences = Part(element("div", section_body(notes), class_="wide"))
        yield from _block(notes.title, [*figures, *_parts(tables), sentences])


def _parts(sections: Iterable[Section], *, titled: bool = True) -> list[Part]:
    """The sections that are not empty, each below its own heading."""
    return [
        Part(section_body(section), title=section.title if titled else None) for section in _filled(sections)
    ]


def _filled(sections: Iterable[Section]) -> Iterator[Section]:
    return (section for section in sections if section.rows)


def _block(title: str, parts: list[Part], *, look: str = "figures") -> Iterator[Block]:
    """A block of these parts; none without any."""
    if parts:
        yield Block(title, tuple(parts), look)
