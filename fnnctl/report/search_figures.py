"""A search's figures, drawn from its journal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Set
from typing import TYPE_CHECKING, Any

import numpy as np

from fnnctl.config.metric_names import is_loss
from fnnctl.plots.searched import PlottedResult, PlottedTrial
from fnnctl.report.search_content import SearchContent, Trial
from fnnctl.report.search_settings import importances, searched_settings
from fnnctl.store import names

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def search_figures(search: SearchContent, name: str, wanted: Set[str]) -> dict[str, bytes]:
    """The figures that are wanted of a search that has results; `name` is the experiment's."""
    # Importing matplotlib takes half a second, which a report without figures need not wait for.
    from fnnctl.plots.importances import importance_figure  # noqa: PLC0415
    from fnnctl.plots.parallel import parallel_figure  # noqa: PLC0415
    from fnnctl.plots.rungs import rungs_figure  # noqa: PLC0415
    from fnnctl.plots.search_history import search_history_figure  # noqa: PLC0415
    from fnnctl.plots.style import png_bytes  # noqa: PLC0415

    metric = search.metric if search.part == "validation" else f"{search.metric}, cross-validated"
    judged: dict[str, Any] = {"metric": metric, "minimized": search.minimized}

    def history() -> Figure:
        return search_history_figure([*_results(search)], title=f"{name}: search history", **judged)

    def rungs() -> Figure:
        curve = _drawn_curve(search)
        drawn = {"metric": curve.replace("_", " "), "minimized": is_loss(search.metric)} if curve else judged
        trials = [_way(search, trial, curve) for trial in search.trials.values() if trial.results]
        budgets: dict[int, list[int]] = {}
        for rung in search.rungs:
            budgets.setdefault(rung.bracket, []).append(rung.epochs)
        has_rungs = max(map(len, budgets.values())) > 1
        title = f"{name}: learning curves" + (", up to where trials were dropped" if has_rungs else "")
        return rungs_figure(trials, budgets, title=title, **drawn)

    def parallel() -> Figure:
        trials = search.ranked
        objectives = [np.nan if (value := trial.results[-1].objective) is None else value for trial in trials]
        title = f"{name}: {len(trials):,} trial{'s' if len(trials) > 1 else ''}, each after its last epoch"
        settings = searched_settings(search, trials)
        return parallel_figure(settings, np.array(objectives), title=title, **judged)

    def importance() -> Figure:
        budget, found = importances(search) or (None, {})
        bars = {setting: (each.share, each.chance) if each else None for setting, each in found.items()}
        after = "" if budget is None else f" after {budget:,} epochs"
        axis = f"share of the variance of the ranks{after} that the setting explains by itself"
        return importance_figure(bars, axis=axis, title=f"{name}: what {search.metric} depends on")

    draw: Mapping[str, Callable[[], Figure]] = {
        names.SEARCH_HISTORY_FIGURE: history,
        names.RUNGS_FIGURE: rungs,
        names.PARALLEL_FIGURE: parallel,
        names.IMPORTANCE_FIGURE: importance,
    }
    return {file: png_bytes(figure()) for file, figure in draw.items() if file in wanted}


def _results(search: SearchContent) -> Iterator[PlottedResult]:
    spent = 0
    for result in search.results:
        spent += result.epochs
        yield PlottedResult(spent, result.budget, result.objective)


def _drawn_curve(search: SearchContent) -> str | None:
    """The recorded curve that comes closest to the objective; None where there are no curves."""
    has_curves = any(result.curve for result in search.results)
    return ("validation_loss" if is_loss(search.metric) else "validation_accuracy") if has_curves else None


def _way(search: SearchContent, trial: Trial, curve: str | None) -> PlottedTrial:
    """The trial's curve through all its jobs; without one, its objective at each rung."""
    if curve is None:
        epochs = np.array([result.budget for result in trial.results], dtype=np.float64)
        values = [result.objective for result in trial.results]
    else:
        values = [value for result in trial.results for value in result.curve.get(curve, ())]
        epochs = np.arange(1.0, len(values) + 1)
    top = max(rung.epochs for rung in search.rungs if rung.bracket == trial.bracket)
    latest = trial.results[-1]
    return PlottedTrial(
        bracket=trial.bracket,
        epochs=epochs,
        values=np.array(values, dtype=np.float64),
        fate="diverged" if latest.objective is None else "top" if latest.budget == top else "dropped",
        best=trial is search.best,
    )
