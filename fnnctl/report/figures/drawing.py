"""Chooses and draws a run's figures from the numbers in its folder; figures can be deleted and redrawn."""

from __future__ import annotations

from collections.abc import Set

from fnnctl.report.architectures.best import best_model
from fnnctl.report.summary import summarize, task_report
from fnnctl.store import names
from fnnctl.store.folder import RunFolder


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


def _draw(run: RunFolder, present: Set[str]) -> tuple[str, ...]:
    files = run.files()
    sources = {
        **{figure.name: figure.source for figure in task_report(run.read_manifest()).figures},
        names.LEARNING_CURVE_FIGURE: names.HISTORY,
        names.DATA_SIZE_FIGURE: names.DATA_SIZE,
        names.FEATURE_IMPORTANCE_FIGURE: names.FEATURE_IMPORTANCE,
        **dict.fromkeys((*names.SEARCH_FIGURES, *names.ARCHITECTURE_FIGURES), names.JOURNAL),
    }
    wanted = {figure for figure, source in sources.items() if source in files} - present
    if not wanted:
        return ()
    summary = summarize(run)
    if summary.search is not None and not summary.search.has_rungs:
        wanted.discard(names.RUNGS_FIGURE)
    found = summary.search.confirmation if summary.search else None
    if found is None or not found.is_complete:
        wanted.discard(names.CONFIRMED_FIGURE)
    if summary.timeline is None:
        wanted.discard(names.TIMELINE_FIGURE)
    if summary.search is not None and not summary.search.has_rewards:
        wanted.discard(names.REWARDS_FIGURE)
    if best_model(summary) is None:
        wanted.discard(names.ARCHITECTURE_FIGURE)
    if not wanted:
        return ()
    # Importing matplotlib takes half a second; reports without new figures should not wait for it.
    from fnnctl.report.architectures.figures import architecture_png  # noqa: PLC0415
    from fnnctl.report.figures.run_figures import run_figures  # noqa: PLC0415
    from fnnctl.report.figures.search_figures import search_figures  # noqa: PLC0415

    figures = {}
    if summary.search is None:
        figures = run_figures(run, summary, wanted)
    elif summary.search.results:
        figures = search_figures(summary.search, summary.manifest.name, wanted, summary.timeline)
        if names.ARCHITECTURE_FIGURE in wanted and (png := architecture_png(run, summary)):
            figures[names.ARCHITECTURE_FIGURE] = png
    for name, png in figures.items():
        run.write_figure(name, png)
    return tuple(figures)
