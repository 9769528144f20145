"""Chooses and draws a run's figures from the numbers in its folder; figures can be deleted and redrawn."""

from __future__ import annotations

from collections.abc import Set

from fnnctl.report.architectures.best import best_model
from fnnctl.report.summary import Summary, summarize, task_report
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


def possible_figures(run: RunFolder, summary: Summary) -> set[str]:
    """The names of the figures that the run has numbers for; some of them may turn out to be empty."""
    wanted = _with_sources(run)
    search = summary.search
    if search is not None and not search.has_rungs:
        wanted.discard(names.RUNGS_FIGURE)
    found = search.confirmation if search else None
    if found is None or not found.is_complete:
        wanted.discard(names.CONFIRMED_FIGURE)
    if search is not None and not search.has_rewards:
        wanted.discard(names.REWARDS_FIGURE)
    if best_model(summary) is None:
        wanted.discard(names.ARCHITECTURE_FIGURE)
    return wanted


def _draw(run: RunFolder, present: Set[str]) -> tuple[str, ...]:
    if not _with_sources(run) - present:
        return ()
    summary = summarize(run)
    wanted = possible_figures(run, summary) - present
    if not wanted:
        return ()
    # Importing matplotlib takes half a second; reports without new figures should not wait for it.
    from fnnctl.plots.style import png_bytes  # noqa: PLC0415
    from fnnctl.report.figures.drawn import drawn_figures  # noqa: PLC0415

    figures = {name: png_bytes(figure) for name, figure in drawn_figures(run, summary, wanted).items()}
    for name, png in figures.items():
        run.write_figure(name, png)
    return tuple(figures)


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
