"""How each figure of a run is drawn, for PNG files or for a page. Imports matplotlib when it is asked.

The figures of a search are imported if there is one: most runs are none, and wait for their figures.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from functools import partial
from typing import Any

from fnnctl.report.summary import Summary
from fnnctl.store import names
from fnnctl.store.folder import RunFolder


def figure_functions(run: RunFolder, summary: Summary, wanted: Set[str]) -> dict[str, Callable[[], Any]]:
    """A function for each wanted figure, which draws it with matplotlib.

    It returns None if the run has no numbers for the figure.
    """
    if summary.search is None:
        from fnnctl.report.figures.run_figures import run_figures  # noqa: PLC0415

        return run_figures(run, summary, wanted)
    if not summary.search.results:
        return {}
    from fnnctl.report.architectures.figures import drawn_architecture  # noqa: PLC0415
    from fnnctl.report.figures.search_figures import search_figures  # noqa: PLC0415

    figures = search_figures(summary.search, summary.manifest.name, wanted, summary.timeline)
    if names.ARCHITECTURE_FIGURE in wanted:
        figures[names.ARCHITECTURE_FIGURE] = partial(drawn_architecture, run, summary)
    return figures
