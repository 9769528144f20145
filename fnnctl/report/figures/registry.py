"""The figures that a run may have."""

from __future__ import annotations

from collections.abc import Sequence

from fnnctl.report.figures import run_figures
from fnnctl.report.figures.record import RunFigure
from fnnctl.report.summary import Summary


def registered_figures(*, is_search: bool) -> Sequence[RunFigure]:
    """The figures of a search and its winner, or of another run, in the order in which they are listed."""
    if not is_search:
        return run_figures.RUN_FIGURES
    from fnnctl.report.figures import search_figures  # most runs are no searches

    return (*search_figures.SEARCH_FIGURES, *run_figures.RUN_FIGURES)


def figures_of(summary: Summary) -> Sequence[RunFigure]:
    """The registered figures of a run's kind."""
    return registered_figures(is_search=summary.search is not None)
