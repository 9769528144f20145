"""One record per figure: what it is drawn from, when, how, and where reports show it.

Whoever draws, lists, shows or documents figures reads the records. A new figure is a record in the registry
of its kind, `run_figures` or `search_figures`, and a module of `plots`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from fnnctl.report.blocks import FIGURES, DrawnNumbers
from fnnctl.report.figures.numbers import table_numbers
from fnnctl.report.summary import Summary
from fnnctl.store.folder import RunFolder

Draw: TypeAlias = Callable[[RunFolder, Summary], Any]


def always(summary: Summary) -> bool:
    """The figure needs nothing but its source."""
    return True


@dataclass(frozen=True, slots=True)
class RunFigure:
    """A figure in a run's folder."""

    file: str
    """The name of its file, which ends with `.png`."""
    title: str
    """What it shows, in a few words, for lists of files and captions: `ROC curves`."""
    source: str
    """The file of the run that it is drawn from; a run without it has no such figure."""
    draw: Draw
    """Returns a matplotlib figure, or None if there is nothing to draw. Imports its module of `plots` itself,
    because to import matplotlib takes half a second, and most reports draw nothing."""
    in_words: Callable[[Summary], str]
    """What it shows, in numbers, for those who do not see it; empty if there are none."""
    reading: str
    """How to read it, for the documentation, in Markdown."""
    place: str = FIGURES
    """The heading under which a page shows it."""
    task: str | None = None
    """The only task whose runs have it; None if all have."""
    is_possible: Callable[[Summary], bool] = always
    """Whether a run that has the source has the figure, too."""
    numbers: Callable[[RunFolder, Summary], DrawnNumbers | None] | None = None
    """The numbers that are drawn; None: those of the source, if that is a table."""
    is_wide: bool = False
    """Whether it has much side by side, and is as wide as a page."""
    is_slow: bool = False
    """Whether it takes long to draw. Slow figures are begun first."""
    only_in_reports: bool = False
    """Whether only `fnnctl report` draws it, because few read it and training shall not wait for it."""

    def drawn_numbers(self, run: RunFolder, summary: Summary) -> DrawnNumbers | None:
        """Some of the numbers that are drawn, for a table below the figure; None if there are none."""
        if self.numbers is not None:
            return self.numbers(run, summary)
        return table_numbers(run, self.source) if self.source.endswith(".csv") else None
