"""The figures of a search. Imports matplotlib."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from functools import partial
from itertools import groupby
from operator import attrgetter
from typing import Any, Final

import numpy as np

from fnnctl.metrics.registry import is_loss
from fnnctl.plots.architecture import PlottedLayer, architecture_figure
from fnnctl.plots.confirmed import confirmed_figure
from fnnctl.plots.importance import hyperparameter_importance_figure
from fnnctl.plots.parallel import MOST_AXES, parallel_figure
from fnnctl.plots.rungs import rungs_figure
from fnnctl.plots.search_history import rewards_figure, search_history_figure
from fnnctl.plots.searched import PlottedLeader, PlottedResult, PlottedTrial, PlottedWorker
from fnnctl.plots.timeline import timeline_figure
from fnnctl.records.confirmation import Confirmation
from fnnctl.records.history import SearchHistory
from fnnctl.records.standings import Standings
from fnnctl.records.timeline import Timeline
from fnnctl.records.trials import CURVE, Result, Status
from fnnctl.report.searched_settings import importances, leading_first, searched_settings
from fnnctl.report.summary import Summary
from fnnctl.report.topics.architecture import best_model, moving_average, rewards
from fnnctl.store import names
from fnnctl.store.folder import RunFolder
from fnnctl.tasks.epoch_metrics import UNCORRECTED_LOSS, VALIDATION_LOSS
from fnnctl.text import counted

UPDATES: Final = 5
"""The moving average of the rewards is over the results of so many updates."""


def drawn_rewards(search: SearchHistory, name: str) -> Any:
    """The rewards over time."""
    known, window = rewards(search), UPDATES * search.batch
    label = search.metric if search.direction == "maximize" else f"−{search.metric}"
    return rewards_figure(
        known,
        moving_average(known, window),
        window=window,
        label=label,
        title=f"{name}: reward of each trial",
    )


def drawn_architecture(run: RunFolder, summary: Summary) -> Any | None:
    """The best architecture; None if there is none."""
    best = best_model(summary)
    if best is None:
        return None
    model, winner = best.model, run.winner()
    facts = winner.read_manifest().model if winner else None
    layers = [
        PlottedLayer(
            layer.units,
            _name(layer.activation or model.activation),
            _name(layer.normalization or model.normalization),
            adds=bool(model.residual_of(index)),
        )
        for index, layer in enumerate(model.hidden)
    ]
    ends = (facts.layers[0], facts.layers[-1]) if facts else (None, None)
    title = f"{summary.manifest.name}: the best architecture"
    return architecture_figure(layers, *ends, output=_name(model.output), title=title)


def _name(section: Any) -> str:
    return str(section.name)


def plotted_leaders(found: Confirmation) -> list[PlottedLeader]:
    """The leaders of a complete confirmation, the best first."""
    leaders = []
    for leader in found.ranked:
        interval = found.summary(leader)["ci95"]
        leaders.append(
            PlottedLeader(
                trial=leader.trial,
                scores=np.array(leader.scores, dtype=np.float64),
                interval=(interval[0], interval[1]) if interval else None,
                objective=leader.result.objective if found.same_epochs(leader) else None,
                standing="failed"
                if leader.mean is None
                else "winner"
                if leader is found.winner
                else "tied"
                if leader.trial in found.tied
                else "worse",
            )
        )
    return leaders


LOSSES: Final = (VALIDATION_LOSS, UNCORRECTED_LOSS)


def search_figures(
    search: SearchHistory, name: str, wanted: Set[str], timeline: Timeline | None = None
) -> dict[str, Callable[[], Any]]:
    """A function for each wanted figure of a search with results; `name` is the experiment's name.

    Without a timeline there is none for its figure.
    """
    figures: dict[str, Callable[[], Any]]
    figures = {file: partial(draw, search, name) for file, draw in _DRAW.items() if file in wanted}
    if timeline and names.TIMELINE_FIGURE in wanted:
        figures[names.TIMELINE_FIGURE] = partial(_timeline, timeline, name)
    return figures


def _history(search: SearchHistory, name: str) -> Any:
    return search_history_figure([*_results(search)], title=f"{name}: search history", **_axis(search))


def _rungs(search: SearchHistory, name: str) -> Any:
    """Draws the recorded curve closest to the objective; without recorded curves, the objective itself."""
    curve, drawn = None, _axis(search)
    if any(map(_curves, search.results)):
        curve = _closest_curve(search)
        drawn = {"metric": curve.replace("_", " "), "minimized": curve in LOSSES}
    budgets = _budgets(search)
    by_trial = groupby(sorted(search.results, key=attrgetter("trial", "budget")), key=attrgetter("trial"))
    trials = [_plotted_trial(search, list(results), curve, budgets) for _, results in by_trial]
    title = f"{name}: learning curve of each trial"
    return rungs_figure(trials, budgets, title=title, **drawn)


def _closest_curve(search: SearchHistory) -> str:
    """The recorded column closest to the objective: the loss if that is a loss, else the recorded metric.

    If the output or the class weights are searched, trials may have different loss functions, so it is the
    metric in any case.
    """
    recorded = dict.fromkeys(name for result in search.results for name in _curves(result))
    metrics = [name for name in recorded if name.startswith("validation_") and name not in LOSSES]
    losses = [name for name in recorded if name in LOSSES] or [VALIDATION_LOSS]
    if not metrics or (is_loss(search.metric) and search.has_one_loss and len(losses) == 1):
        return losses[0]
    return metrics[0]


def _parallel(search: SearchHistory, name: str) -> Any:
    ranked = search.standings.ranked()
    trials = [search.trials[result.trial] for result in ranked]
    objectives = np.array([result.objective for result in ranked], dtype=np.float64)
    title = f"{name}: {counted(len(trials), 'trial')}, each after its last epoch"
    axis = {**_axis(search), "metric": search.metric}  # where it was measured would not fit
    best = next((place for place, trial in enumerate(trials) if trial is search.best), None)
    settings = leading_first(search, searched_settings(search, trials), MOST_AXES)
    return parallel_figure(settings, objectives, title=title, best=best, **axis)


def _importance(search: SearchHistory, name: str) -> Any:
    budget, found = importances(search) or (None, {})
    bars = {setting: (each.share, each.chance) if each else None for setting, each in found.items()}
    after = "" if budget is None else f" after {counted(budget, 'epoch')}"
    axis = f"importance{after}, as a share of that of all settings"
    return hyperparameter_importance_figure(
        bars, axis=axis, title=f"{name}: importance of the settings for {search.metric}"
    )


def _confirmed(search: SearchHistory, name: str) -> Any:
    found = search.confirmation
    leaders = plotted_leaders(found) if found else []
    seeds, counting = (found.seeds, found.compared_seeds) if found else (0, 0)
    some = "" if counting == seeds else f"{counting:,} of "
    title = f"{name}: the best trials, each with {some}{counted(seeds, 'seed')}"
    return confirmed_figure(leaders, metric=search.metric, title=title)


def _timeline(timeline: Timeline, name: str) -> Any:
    workers = [
        PlottedWorker(
            name=worker.name,
            starts=np.array([stack.start for stack in worker.stacks]),
            stops=np.array([stack.stop for stack in worker.stacks]),
            budgets=np.array([stack.budget or 0 for stack in worker.stacks]),
            share=worker.share,
        )
        for worker in timeline.workers
    ]
    title = f"{name}: {counted(len(workers), 'worker')}, busy {timeline.busy:.0%} of the time"
    return timeline_figure(workers, timeline.ends, title=title)


_DRAW: Final[Mapping[str, Callable[[SearchHistory, str], Any]]] = {
    names.SEARCH_HISTORY_FIGURE: _history,
    names.RUNGS_FIGURE: _rungs,
    names.PARALLEL_FIGURE: _parallel,
    names.IMPORTANCE_FIGURE: _importance,
    names.CONFIRMED_FIGURE: _confirmed,
    names.REWARDS_FIGURE: drawn_rewards,
}


def _axis(search: SearchHistory) -> dict[str, Any]:
    """The label of the objective's axis, and whether the objective is minimized."""
    metric = search.metric if search.part == "validation" else f"{search.metric}, cross-validated"
    return {"metric": metric, "minimized": search.direction == "minimize"}


def _results(search: SearchHistory) -> Iterator[PlottedResult]:
    spent, drawn = 0, {result.key for result in search.rung_results}
    standings, stops = Standings(search.direction), {(stop.trial, stop.budget): stop for stop in search.stops}
    for result in search.results:
        spent += result.epochs
        standings.tell(result)
        standings.stop([stops[result.key]] if result.key in stops else [])
        if result.key in drawn:
            best = standings.incumbent
            yield PlottedResult(spent, result.budget, result.objective, best.objective if best else None)


def _budgets(search: SearchHistory) -> dict[int, list[int]]:
    """The rungs' epochs by bracket; if curves stopped all trials of a bracket, the most that one has had."""
    found: dict[int, list[int]] = {}
    for rung in search.rungs:
        found.setdefault(rung.bracket, []).append(rung.epochs)
    most: dict[int, int] = {}
    for result in search.results:
        bracket = search.trials[result.trial].bracket
        most[bracket] = max(most.get(bracket, 0), result.budget)
    return {bracket: found.get(bracket, [epochs]) for bracket, epochs in most.items()}


def _plotted_trial(
    search: SearchHistory, results: Sequence[Result], curve: str | None, budgets: Mapping[int, Sequence[int]]
) -> PlottedTrial:
    """The trial's curve over all its jobs or, without a curve, its objective at each rung."""
    if curve is None:
        epochs = np.array([result.budget for result in results], dtype=np.float64)
        values = [result.objective for result in results]
    else:
        values = []
        for result in results:
            values[search.starts[result.key] :] = _curves(result).get(curve, ())
        epochs = np.arange(1.0, len(values) + 1)
    latest, trial = results[-1], search.trials[results[0].trial]
    was_stopped = search.standings.latest[trial.number].status is Status.STOPPED_BY_CURVE
    reached_top = latest.budget == budgets[trial.bracket][-1] and not was_stopped
    return PlottedTrial(
        bracket=trial.bracket,
        epochs=epochs,
        values=np.array(values, dtype=np.float64),
        fate="diverged" if latest.objective is None else "top" if reached_top else "dropped",
        best=trial is search.best,
    )


def _curves(result: Result) -> Mapping[str, Sequence[float | None]]:
    """One value per epoch of the job, by column of the history; empty if none were recorded."""
    curves: Mapping[str, Sequence[float | None]] = (result.facts or {}).get(CURVE) or {}
    return curves
