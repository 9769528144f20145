"""The figure of predicted quantiles beside the targets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fnnctl.metrics.registry import PER_LEVEL
from fnnctl.report.figures.record import RunFigure
from fnnctl.report.summary import TEST, Summary, scored_rows
from fnnctl.report.words import share_text
from fnnctl.store import names
from fnnctl.store.folder import RunFolder
from fnnctl.tasks.regression.tables import read_estimates
from fnnctl.text import joined_words


def _draw(run: RunFolder, summary: Summary) -> Any:
    from fnnctl.plots.quantiles import quantiles_figure

    stored, data = read_estimates(run), summary.manifest.data
    if stored is None or stored.quantiles is None or data is None:
        return None
    whose = " of the ensemble" if summary.manifest.selection else ""
    title = f"{summary.manifest.name}: predicted quantiles{whose} {scored_rows(summary)}"
    return quantiles_figure(stored, stored.quantiles, target=data.target, title=title)


def _levels(summary: Summary) -> Mapping[str, Mapping[str, Any]]:
    """The metrics of each level; empty without quantiles."""
    return (summary.part_metrics(TEST) or {}).get(PER_LEVEL) or {}


def _in_words(summary: Summary) -> str:
    shares = [f"{share_text(entry['coverage'])} for {level}" for level, entry in _levels(summary).items()]
    return f"Targets at or below the quantile: {joined_words(shares)}." if shares else ""


QUANTILES: Final = RunFigure(
    file="quantiles.png",
    title="predicted quantiles and targets",
    source=names.PREDICTIONS,
    draw=_draw,
    task="regression",
    in_words=_in_words,
    is_possible=lambda summary: bool(_levels(summary)),
    reading="""\
With `model.output: quantile`. The rows in the order of their predictions, with the quantiles of each row as
bands around the prediction and the targets as dots. The dots should be above and below each band as often as
its levels say, along the whole order. If a band holds all dots of its rows, it is too wide there.""",
)
