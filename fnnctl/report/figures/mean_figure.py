"""The figure of observed and predicted means, of counts and amounts."""

from __future__ import annotations

from typing import Any, Final

from fnnctl.metrics.number_metrics import D2, DEVIANCE
from fnnctl.report.figures.record import RunFigure
from fnnctl.report.summary import TEST, Summary, scored_rows
from fnnctl.report.words import number
from fnnctl.store import names
from fnnctl.store.folder import RunFolder
from fnnctl.tasks.regression.tables import read_means


def _draw(run: RunFolder, summary: Summary) -> Any:
    from fnnctl.plots.mean_calibration import mean_calibration_figure

    tenths, data = read_means(run), summary.manifest.data
    if data is None or not tenths:
        return None
    whose = " of the ensemble" if summary.manifest.selection else ""
    title = f"{summary.manifest.name}: means by tenths{whose} {scored_rows(summary)}"
    return mean_calibration_figure(tenths, target=data.estimated, title=title)


def _in_words(summary: Summary) -> str:
    metrics = summary.part_metrics(TEST) or {}
    measured = [metric for metric in (DEVIANCE, D2) if metrics.get(metric.name) is not None]
    return "; ".join(f"{metric.label} {number(metrics[metric.name])}" for metric in measured)


MEANS: Final = RunFigure(
    file="means.png",
    title="observed over predicted means",
    source=names.PREDICTIONS,
    draw=_draw,
    task="regression",
    in_words=_in_words,
    is_possible=lambda summary: DEVIANCE.name in (summary.part_metrics(TEST) or {}),
    reading="""\
Of counts and amounts: the mean target of each tenth of the rows, by prediction, over the mean prediction;
with an exposure, those of rates. Below the diagonal predictions are too high.""",
)
