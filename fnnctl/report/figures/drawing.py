"""Chooses and draws a run's figures from the numbers in its folder; figures can be deleted and redrawn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass
from typing import Final

from fnnctl.report.figures.record import RunFigure
from fnnctl.report.figures.registry import figures_of, registered_figures
from fnnctl.report.summary import Summary, summarize
from fnnctl.report.target_views import TargetView, target_views
from fnnctl.store import names
from fnnctl.store.folder import RunFolder
from fnnctl.store.manifest import Manifest

MOST_TARGETS: Final = 20
"""So many targets have figures, the first ones: the figures of 200 labels took five minutes."""


def draw_figures(run: RunFolder) -> tuple[str, ...]:
    """Draw each figure that the run has numbers for, but for those of reports; return the files' names."""
    return _draw(run)


def draw_missing_figures(run: RunFolder) -> tuple[str, ...]:
    """Draw only missing figures, those of reports too; raises `MachineError` if one cannot be written.

    All figures of an incomplete search are redrawn, because it may have been resumed since.
    """
    files = run.files()
    goes_on = names.JOURNAL in files and run.read_manifest().status != "completed"
    return _draw(run, frozenset() if goes_on else frozenset(files), for_report=True)


def redraw_figures(run: RunFolder, source: str) -> None:
    """Draw the figures of a file anew, those of targets too.

    Raises `MachineError` if one cannot be written.
    """
    _draw(run, source=source, for_report=True)


@dataclass(frozen=True, slots=True)
class FigureJob:
    """A figure to draw."""

    run: RunFolder
    summary: Summary
    figure: RunFigure

    def write(self, *, on_drawn: Callable[[], None] = lambda: None) -> bool:
        """Draw the figure, call `on_drawn`, and write it; return False if there is nothing to draw."""
        drawn = self.figure.draw(self.run, self.summary)
        if drawn is None:
            return False
        from fnnctl.plots.style import png_bytes

        png = png_bytes(drawn)
        on_drawn()
        self.run.write_figure(self.figure.file, png)
        return True


def figure_jobs(
    run: RunFolder, present: Set[str] = frozenset(), *, for_report: bool = False
) -> list[FigureJob]:
    """The figures that the run may have, except those that are present; some may turn out to be empty."""
    manifest, files = run.read_manifest(), run.files()
    is_search = manifest.kind == "search" or names.JOURNAL in files
    candidates = _with_source(registered_figures(is_search=is_search), files, manifest)
    has_targets = manifest.data is not None and bool(manifest.data.targets)

    def is_missing(figure: RunFigure, present: Set[str] = present) -> bool:
        return figure.file not in present and (for_report or not figure.only_in_reports)

    if not has_targets and not any(map(is_missing, candidates)):  # reading the run takes longer
        return []
    jobs = []
    for job in _possible_jobs(run, summarize(run)):
        of_target = job.run.files() if present and job.run is not run else ()
        if is_missing(job.figure, present | {*of_target}):
            jobs.append(job)
    return jobs


def _possible_jobs(run: RunFolder, summary: Summary) -> Iterator[FigureJob]:
    """All figures that the run and its targets may have."""
    for figure in possible_figures(run, summary):
        yield FigureJob(run, summary, figure)
    for view, figures in figures_of_targets(run, summary):
        for figure in figures:
            yield FigureJob(view.run, view.summary, figure)


def possible_figures(run: RunFolder, summary: Summary) -> list[RunFigure]:
    """The figures that the run may have."""
    figures = _with_source(figures_of(summary), run.files(), summary.manifest)
    return [figure for figure in figures if figure.is_possible(summary)]


def figures_of_targets(run: RunFolder, summary: Summary) -> list[tuple[TargetView, list[RunFigure]]]:
    """Each of several targets with the figures that it may have; none after the first `MOST_TARGETS`."""
    return [
        (view, possible_figures(view.run, view.summary) if number < MOST_TARGETS else [])
        for number, view in enumerate(target_views(run, summary))
    ]


def _draw(
    run: RunFolder, present: Set[str] = frozenset(), *, source: str | None = None, for_report: bool = False
) -> tuple[str, ...]:
    """Draw the figures that are not present, by default from any source."""
    jobs = figure_jobs(run, present, for_report=for_report)
    return tuple(job.figure.file for job in jobs if source in (None, job.figure.source) and job.write())


def _with_source(figures: Sequence[RunFigure], files: Sequence[str], manifest: Manifest) -> list[RunFigure]:
    task = manifest.data.task if manifest.data else "classification"
    return [figure for figure in figures if figure.source in files and figure.task in (None, task)]
