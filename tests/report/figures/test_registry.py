"""A figure that is registered is drawn, listed, shown and documented, without any other change."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fnnctl.console.output import Output
from fnnctl.plots.style import new_figure
from fnnctl.report.figures import run_figures, search_figures
from fnnctl.report.figures.drawing import draw_missing_figures
from fnnctl.report.figures.record import RunFigure
from fnnctl.report.figures.registry import registered_figures
from fnnctl.report.figures.server import draw_in_parallel
from fnnctl.report.formats.registry import runs_report
from fnnctl.report.summary import Summary, summarize
from fnnctl.store import names
from fnnctl.store.folder import RunFolder
from fnnctl.store.run import OpenRun
from tests.reference_pages import plots_page
from tests.report.searches import halving, start_search


def draw(run: RunFolder, summary: Summary) -> Any:
    with new_figure(3.0, 2.0, f"{summary.manifest.name}: made") as figure:
        figure.subplots().plot([0, 1])
    return figure


MADE = RunFigure(
    file="made.png",
    title="what was made",
    source=names.MANIFEST,
    draw=draw,
    in_words=lambda summary: f"made of {summary.manifest.kind}",
    reading="Made to be found.",
)


@pytest.fixture
def trained(finished_run: Callable[..., OpenRun], monkeypatch: pytest.MonkeyPatch) -> OpenRun:
    run = finished_run()
    monkeypatch.setattr(run_figures, "RUN_FIGURES", (*run_figures.RUN_FIGURES, MADE))
    return run


@pytest.fixture
def searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OpenRun:
    monkeypatch.setattr(search_figures, "SEARCH_FIGURES", (*search_figures.SEARCH_FIGURES, MADE))
    run = start_search(tmp_path, halving())
    run.finish("completed", {"total": 1.0, "training": 1.0})
    return run


@pytest.mark.parametrize(("kind", "in_parallel"), [("trained", False), ("searched", True)])
def test_a_registered_figure_is_in_every_report(
    kind: str, in_parallel: bool, request: pytest.FixtureRequest
) -> None:
    run: OpenRun = request.getfixturevalue(kind)
    if in_parallel:
        draw_in_parallel([run])
    else:
        assert MADE.file in draw_missing_figures(run)
    assert (run.path / MADE.file).read_bytes().startswith(b"\x89PNG\r\n")
    report = runs_report([summarize(run)])
    text = Output().rendered(report.terminal(100), plain=True)
    assert "made.png what was made" in " ".join(text.split())
    markdown = report.text("markdown", run.path)
    assert "- [made.png](made.png): what was made" in markdown
    assert "![what was made](made.png)" in markdown
    page = report.text("html")
    assert "<figcaption>What was made</figcaption>" in page
    assert f"<desc>made of {run.read_manifest().kind}</desc>" in page
    assert MADE.file in report.to_dict()["runs"][0]["files"]
    assert "Made to be found." in plots_page()


def test_every_figure_has_its_own_file_and_says_how_it_is_read() -> None:
    figures = registered_figures(is_search=True)
    assert len({figure.file for figure in figures}) == len(figures)
    for figure in figures:
        assert figure.file.endswith(names.FIGURE_ENDING)
        assert figure.source in names.LAYOUT
        assert figure.title[0].islower() or figure.title.startswith("ROC")
        assert figure.reading.endswith(".")
