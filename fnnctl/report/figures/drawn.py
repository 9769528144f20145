"""All figures of a run as matplotlib's figures, for PNG files or for a page. Imports matplotlib."""

from __future__ import annotations

from collections.abc import Set
from typing import Any

from fnnctl.report.architectures.figures import drawn_architecture
from fnnctl.report.figures.run_figures import run_figures
from fnnctl.report.figures.search_figures import search_figures
from fnnctl.report.summary import Summary
from fnnctl.store import names
from fnnctl.store.folder import RunFolder


def drawn_figures(run: RunFolder, summary: Summary, wanted: Set[str]) -> dict[str, Any]:
    """Those of the wanted figures that the run has numbers for."""
    if summary.search is None:
        return run_figures(run, summary, wanted)
    if not summary.search.results:
        return {}
    figures = search_figures(summary.search, summary.manifest.name, wanted)
    if names.ARCHITECTURE_FIGURE in wanted and (figure := drawn_architecture(run, summary)):
        figures[names.ARCHITECTURE_FIGURE] = figure
    return figures
