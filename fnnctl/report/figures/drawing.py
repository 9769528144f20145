"""Chooses and draws a run's figures from the numbers in its folder; figures can be deleted and redrawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from functools import partial
from typing import Any

from fnnctl.report.summary import Summary, summarize, task_report
from fnnctl.store import names
from fnnctl.store.folder import RunFolder


def figure_functions(run: RunFolder, summary: Summary, wanted: Set[str]) -> dict[str, Callable[[], Any]]:
    """A function for each wanted figure, which draws it with matplotlib.

    It returns None if the run has no numbers for the figure.
    """
    if summary.search is None:
        from fnnctl.report.figures.run_figures import run_figures

        return run_figures(run, summary, wanted)
    if not summary.search.results:
        return {}
    from fnnctl.report.figures.search_figures import (
        drawn_architecture,
        search_figures,
    )

    figures = search_figures(summary.search, summary.manifest.name, wanted, summary.timeline)
    if names.ARCHITECTURE_FIGURE in wanted:
        figures[names.ARCHITECTURE_FIGURE] = partial(drawn_architecture, run, summary)
    return figures


def draw_figures(run: RunFolder) -> tuple[str, ...]:
    """Draw each figure that the run has numbers for; return the names of the files written."""
    return _draw(run, frozenset())


def draw_missing_figures(run: RunFolder) -> tuple[str, ...]:
    """Draw only missing figures; raises `MachineError` if one cannot be written.

    All figures of an incomplete search are redrawn, because it may have been resumed since.
    """
    files = run.files()
    goes_on = names.JOURNAL in files and run.read_manifest().status != "completed"
    return _draw(run, frozenset() if goes_on else frozenset(files))


def redraw_importance(run: RunFolder) -> None:
    """Draw the figure of the columns' importance anew; raises `MachineError` if it cannot be written."""
    _draw(run, frozenset(run.files()) - {names.FEATURE_IMPORTANCE_FIGURE})


def write_figure(
    run: RunFolder, name: str, draw: Callable[[], Any], *, on_drawn: Callable[[], None] = lambda: None
) -> bool:
    """Draw a figure, call `on_drawn`, and write it; return False if there are no numbers for it."""
    from fnnctl.plots.style import png_bytes  # it imports matplotlib, see below

    if (figure := draw()) is None:
        return False
    png = png_bytes(figure)
    on_drawn()
    run.write_figure(name, png)
    return True


def possible_figures(run: RunFolder, summary: Summary) -> set[str]:
    """The names of the figures that the run has numbers for; some of them may turn out to be empty."""
    wanted = _with_sources(run)
    search = summary.search
    if search is not None and not search.has_rungs:
        wanted.discard(names.RUNGS_FIGURE)
    found = search.confirmation if search else None
    if found is None or not found.is_complete:
        wanted.discard(names.CONFIRMED_FIGURE)
    if summary.timeline is None:
        wanted.discard(names.TIMELINE_FIGURE)
    if search is not None and not search.has_rewards:
        wanted.discard(names.REWARDS_FIGURE)
    if search is not None:
        from fnnctl.report.topics.architecture import best_model  # most runs are no searches

        if best_model(summary) is None:
            wanted.discard(names.ARCHITECTURE_FIGURE)
    return wanted


def figures_to_draw(run: RunFolder, present: Set[str] = frozenset()) -> Mapping[str, Callable[[], Any]]:
    """A function for each figure that the run may have, except those that are present: see `drawn`."""
    if not _with_sources(run) - present:
        return {}
    summary = summarize(run)
    wanted = possible_figures(run, summary) - present
    if not wanted:
        return {}
    # Importing matplotlib takes half a second; reports without new figures should not wait for it.

    return figure_functions(run, summary, wanted)


def _draw(run: RunFolder, present: Set[str]) -> tuple[str, ...]:
    figures = figures_to_draw(run, present)
    return tuple(name for name, draw in figures.items() if write_figure(run, name, draw))


def _with_sources(run: RunFolder) -> set[str]:
    """The names of the figures whose sources are in the folder."""
    files = run.files()
    sources = {
        **{figure.name: figure.source for figure in task_report(run.read_manifest()).figures},
        names.LEARNING_CURVE_FIGURE: names.HISTORY,
        names.DATA_SIZE_FIGURE: names.DATA_SIZE,
        names.FEATURE_IMPORTANCE_FIGURE: names.FEATURE_IMPORTANCE,
        **dict.fromkeys((*names.SEARCH_FIGURES, *names.ARCHITECTURE_FIGURES), names.JOURNAL),
    }
    return {figure for figure, source in sources.items() if source in files}
