"""How to read each figure, as Markdown for the documentation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fnnctl.report.figures import run_figures, search_figures
from fnnctl.report.figures.record import RunFigure
from fnnctl.text import capitalized


def figures_reference() -> str:
    """The part of the documentation that describes the registered figures."""
    runs = "\n\n".join(_entries(run_figures.RUN_FIGURES))
    searches = "\n\n".join(_entries(search_figures.SEARCH_FIGURES))
    return f"## Of a run\n\n{runs}\n\n## Of a search\n\n{searches}\n"


def _entries(figures: Iterable[RunFigure]) -> Iterator[str]:
    for figure in figures:
        only = f" In a {figure.task}." if figure.task else ""
        yield f"### {capitalized(figure.title)}"
        yield f"`{figure.file}`, drawn from `{figure.source}`.{only}"
        yield figure.reading
