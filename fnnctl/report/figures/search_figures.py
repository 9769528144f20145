"""The figures of a search."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any, Final, Literal

import numpy as np

from fnnctl.metrics.registry import is_loss, label_of
from fnnctl.plots.searched import PlottedLeader, PlottedResult, PlottedTrial, PlottedWorker
from fnnctl.records.confirmation import Confirmation, Leader
from fnnctl.records.history import SearchHistory
from fnnctl.records.standings import Standings
from fnnctl.records.trials import CURVE, Result, Status
from fnnctl.report.best_model import best_model, moving_average, rewards
from fnnctl.report.blocks import DrawnNumbers
from fnnctl.report.figures.ensemble_figure import ENSEMBLE_FIGURE
from fnnctl.report.figures.numbers import some_numbers, table_numbers
from fnnctl.report.figures.record import RunFigure
from fnnctl.report.searched_settings import importances, leading_first, searched_settings
from fnnctl.report.summary import Summary
from fnnctl.report.words import number, workers_text
from fnnctl.store import names
from fnnctl.store.folder import RunFolder
from fnnctl.tasks.epoch_metrics import UNCORRECTED_LOSS, VALIDATION_LOSS
from fnnctl.text import capitalized, counted, joined_words

LOSSES: Final = (VALIDATION_LOSS, UNCORRECTED_LOSS)
UPDATES: Final = 5
"""The moving average of the rewards is over the results of this many updates."""
MAX_NAMED: Final = 3


def _has_results(summary: Summary) -> bool:
    return bool(summary.search_history.results)


def _axis(search: SearchHistory) -> dict[str, Any]:
    """The label of the objective's axis, and whether the objective is minimized."""
    return {
        "metric": f"{search.metric}{search.scheme.words.axis}",
        "minimized": search.direction == "minimize",
    }


# The history: the objective of each result, over the epochs of all trials.


def _draw_history(run: RunFolder, summary: Summary) -> Any:
    from fnnctl.plots.search_history import search_history_figure

    search = summary.search_history
    title = f"{summary.manifest.name}: search history"
    return search_history_figure([*_plotted_results(search)], title=title, **_axis(search))


def _plotted_results(search: SearchHistory) -> Iterator[PlottedResult]:
    spent, drawn = 0, {result.key for result in search.rung_results}
    standings, stops = Standings(search.direction), {(stop.trial, stop.budget): stop for stop in search.stops}
    for result in search.results:
        spent += result.epochs
        standings.add(result)
        standings.stop([stops[result.key]] if result.key in stops else [])
        if result.key in drawn:
            best = standings.incumbent
            yield PlottedResult(spent, result.budget, result.objective, best.objective if best else None)


def _progress_in_words(summary: Summary) -> str:
    search = summary.search_history
    finite = [result for result in search.results if result.objective is not None]
    if not finite:
        return ""
    best = min(finite, key=search.loss_of)
    return (
        f"{capitalized(label_of(search.metric))} was {number(finite[0].objective)} in the first result and "
        f"{number(best.objective)} in the best of {counted(len(search.results), 'result')}."
    )


def _history_numbers(run: RunFolder, summary: Summary) -> DrawnNumbers | None:
    """The results in the order in which they were recorded, with the best so far."""
    search, rows, spent, best = summary.search_history, [], 0, float("inf")
    for result in search.results:
        spent += result.epochs
        best = min(best, search.loss_of(result))
        objective = result.status.value if result.objective is None else number(result.objective)
        best_text = number(search.from_loss(best) if best < float("inf") else None)
        rows.append([f"{spent}", f"{result.trial}", f"{result.budget}", objective, best_text])
    header = ("epochs of all trials", "trial", "its epochs", search.metric, "best so far")
    return some_numbers(header, rows, names.JOURNAL) if rows else None


# The rungs: the learning curve of each trial.


def _draw_rungs(run: RunFolder, summary: Summary) -> Any:
    """Draw the recorded curve closest to the objective; without recorded curves, the objective itself."""
    from fnnctl.plots.rungs import rungs_figure

    search, curve = summary.search_history, None
    drawn = _axis(search)
    if any(map(_curves, search.results)):
        curve = _closest_curve(search)
        drawn = {"metric": curve.replace("_", " "), "minimized": curve in LOSSES}
    budgets = _budgets(search)
    by_trial = groupby(sorted(search.results, key=attrgetter("trial", "budget")), key=attrgetter("trial"))
    trials = [_plotted_trial(search, list(results), curve, budgets) for _, results in by_trial]
    title = f"{summary.manifest.name}: learning curve of each trial"
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


def _budgets(search: SearchHistory) -> dict[int, list[int]]:
    """The rungs' epochs by bracket; if curves stopped all trials of a bracket, the most that one has had."""
    rung_epochs: dict[int, list[int]] = {}
    for rung in search.rungs:
        rung_epochs.setdefault(rung.bracket, []).append(rung.epochs)
    most: dict[int, int] = {}
    for result in search.results:
        bracket = search.trials[result.trial].bracket
        most[bracket] = max(most.get(bracket, 0), result.budget)
    return {bracket: rung_epochs.get(bracket, [epochs]) for bracket, epochs in most.items()}


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


def _rungs_in_words(summary: Summary) -> str:
    brackets: dict[int, list[str]] = {}
    for rung in summary.search_history.rungs:
        words = f"{counted(len(rung.results), 'trial')} after {counted(rung.epochs, 'epoch')}"
        brackets.setdefault(rung.bracket, []).append(words)
    return "; ".join(f"bracket {bracket}: {', '.join(words)}" for bracket, words in brackets.items())


# The settings: parallel coordinates, and their importance.


def _draw_parallel(run: RunFolder, summary: Summary) -> Any:
    from fnnctl.plots.parallel import MAX_AXES, parallel_figure

    search = summary.search_history
    ranked = search.standings.ranked()
    trials = [search.trials[result.trial] for result in ranked]
    objectives = np.array([result.objective for result in ranked], dtype=np.float64)
    title = f"{summary.manifest.name}: {counted(len(trials), 'trial')}, each after its last epoch"
    axis = {**_axis(search), "metric": search.metric}  # where it was measured would not fit
    best = next((index for index, trial in enumerate(trials) if trial is search.best), None)
    settings = leading_first(search, searched_settings(search, trials), MAX_AXES)
    return parallel_figure(settings, objectives, title=title, best=best, **axis)


def _best_in_words(summary: Summary) -> str:
    search = summary.search_history
    if (best := search.best) is None:
        return ""
    settings = ", ".join(f"{path} {value}" for path, value in best.assignment.items())
    return f"The best of {counted(len(search.standings.latest), 'trial')} has {settings}."


def _leaderboard_numbers(run: RunFolder, summary: Summary) -> DrawnNumbers | None:
    return table_numbers(run, names.LEADERBOARD)


def _draw_importance(run: RunFolder, summary: Summary) -> Any:
    from fnnctl.plots.importance import hyperparameter_importance_figure

    search = summary.search_history
    budget, by_setting = importances(search) or (None, {})
    bars = {
        name: (importance.share, importance.chance) if importance else None
        for name, importance in by_setting.items()
    }
    after = "" if budget is None else f" after {counted(budget, 'epoch')}"
    axis = f"importance{after}, as a share of that of all settings"
    title = f"{summary.manifest.name}: importance of the settings for {search.metric}"
    return hyperparameter_importance_figure(bars, axis=axis, title=title)


def _importance_in_words(summary: Summary) -> str:
    _, by_setting = importances(summary.search_history) or (None, {})
    shares = {name: importance.share for name, importance in by_setting.items() if importance}
    first = sorted(shares, key=lambda name: -shares[name])[:MAX_NAMED]
    return ", ".join(f"{name}: {shares[name]:.0%}" for name in first)


# The architecture that was found, and the rewards of the controller that searched for it.


def _draw_architecture(run: RunFolder, summary: Summary) -> Any:
    from fnnctl.plots.architecture import PlottedLayer, architecture_figure

    best = best_model(summary)
    if best is None:
        return None
    model, winner = best.model, run.winner()
    description = winner.read_manifest().model if winner else None
    layers = [
        PlottedLayer(
            layer.units, str(layer.activation.name), str(layer.normalization.name), adds=layer.residual
        )
        for layer in model.layers
    ]
    ends = (description.layers[0], description.layers[-1]) if description else (None, None)
    title = f"{summary.manifest.name}: the best architecture"
    return architecture_figure(layers, *ends, output=str(model.output.name), title=title)


def _draw_rewards(run: RunFolder, summary: Summary) -> Any:
    from fnnctl.plots.search_history import rewards_figure

    search = summary.search_history
    values, window = rewards(search), UPDATES * search.batch
    label = search.metric if search.direction == "maximize" else f"−{search.metric}"
    title = f"{summary.manifest.name}: reward of each trial"
    return rewards_figure(values, moving_average(values, window), window=window, label=label, title=title)


def _architecture_in_words(summary: Summary) -> str:
    if (best := best_model(summary)) is None:
        return ""
    layers = [f"{counted(layer.units, 'unit')} ({layer.activation.name})" for layer in best.model.layers]
    count = counted(len(layers), "hidden layer")
    return f"{count}, from the inputs to the outputs: {', '.join(layers)}." if layers else f"{count}."


def _rewards_in_words(summary: Summary) -> str:
    search = summary.search_history
    values = rewards(search)
    if not len(values):
        return ""
    window = min(len(values), UPDATES * search.batch)
    averages, trials = moving_average(values, window), counted(window, "trial")
    return (
        f"The mean reward is {number(averages[window - 1])} over the first {trials} and "
        f"{number(averages[-1])} over the last {trials}."
    )


# The confirmation of the best trials, and the workers.


def _draw_confirmed(run: RunFolder, summary: Summary) -> Any:
    from fnnctl.plots.confirmed import confirmed_figure

    search = summary.search_history
    if (confirmation := search.confirmation) is None:
        return None
    leaders = plotted_leaders(confirmation)
    seeds, counting = confirmation.seeds, confirmation.compared_seeds
    some = "" if counting == seeds else f"{counting:,} of "
    title = f"{summary.manifest.name}: the best trials, each with {some}{counted(seeds, 'seed')}"
    return confirmed_figure(leaders, metric=search.metric, title=title)


def _confirmed_in_words(summary: Summary) -> str:
    if (confirmation := summary.search_history.confirmation) is None:
        return ""
    means = [
        f"{number(leader.mean)} for trial {leader.trial}"
        for leader in confirmation.ranked
        if leader.mean is not None
    ]
    mean = f"the mean {label_of(confirmation.metric)} is {joined_words(means)}"
    return f"Over {counted(confirmation.compared_seeds, 'seed')}, {mean}." if means else ""


def _is_confirmed(summary: Summary) -> bool:
    confirmation = summary.search_history.confirmation
    return confirmation is not None and confirmation.is_complete and _has_results(summary)


def plotted_leaders(confirmation: Confirmation) -> list[PlottedLeader]:
    """The leaders of a complete confirmation, the best first."""
    return [_plotted_leader(confirmation, leader) for leader in confirmation.ranked]


def _plotted_leader(confirmation: Confirmation, leader: Leader) -> PlottedLeader:
    interval = confirmation.summary(leader)["ci95"]
    standing: Literal["winner", "tied", "worse", "failed"] = "worse"
    if leader.mean is None:
        standing = "failed"
    elif leader is confirmation.winner:
        standing = "winner"
    elif leader.trial in confirmation.tied:
        standing = "tied"
    return PlottedLeader(
        trial=leader.trial,
        scores=np.array(leader.scores, dtype=np.float64),
        interval=(interval[0], interval[1]) if interval else None,
        objective=leader.result.objective if confirmation.same_epochs(leader) else None,
        standing=standing,
    )


def _draw_timeline(run: RunFolder, summary: Summary) -> Any:
    from fnnctl.plots.timeline import timeline_figure

    if (timeline := summary.timeline) is None:
        return None
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
    title = (
        f"{summary.manifest.name}: {counted(len(workers), 'worker')}, busy {timeline.busy:.0%} of the time"
    )
    return timeline_figure(workers, timeline.ends, title=title)


def _timeline_in_words(summary: Summary) -> str:
    return f"{workers_text(summary.timeline)}." if summary.timeline else ""


def _timeline_numbers(run: RunFolder, summary: Summary) -> DrawnNumbers | None:
    """What was trained when, in the order of time."""
    if summary.timeline is None:
        return None
    stacks = [(stack, worker.name) for worker in summary.timeline.workers for stack in worker.stacks]
    rows = [
        [
            f"{stack.start:.3f}",
            f"{stack.stop:.3f}",
            name,
            "confirmation" if stack.budget is None else f"{stack.budget}",
            f"{stack.networks}",
        ]
        for stack, name in sorted(stacks, key=lambda pair: (pair[0].start, pair[1]))
    ]
    header = ("start in seconds", "end in seconds", "worker", "up to epoch", "networks")
    return some_numbers(header, rows, names.TIMELINE)


SEARCH_FIGURES: Final[tuple[RunFigure, ...]] = (
    RunFigure(
        file="search_history.png",
        title="the objective over the epochs trained",
        source=names.JOURNAL,
        draw=_draw_history,
        place="The search",
        is_possible=_has_results,
        in_words=_progress_in_words,
        numbers=_history_numbers,
        reading="""\
The objective of each trial, over the number of epochs that the search had trained when it was measured. The
line is the best trial so far. That is the best among the trials with the most epochs, so the line can get
worse where a trial reaches a higher rung. If it has long been flat, more trials of this kind gain little.""",
    ),
    RunFigure(
        file="rungs.png",
        title="the learning curve of each trial",
        source=names.JOURNAL,
        draw=_draw_rungs,
        place="Brackets and rungs",
        is_possible=lambda summary: _has_results(summary) and summary.search_history.plans_rungs,
        in_words=_rungs_in_words,
        is_slow=True,
        reading="""\
The learning curves of all trials, cut where they were dropped. If curves of the survivors cross long
after a rung, its epochs were too few to judge by; the report's audit measures this.""",
    ),
    RunFigure(
        file="parallel_coordinates.png",
        title="the settings and objective of each trial",
        source=names.JOURNAL,
        draw=_draw_parallel,
        place="The settings of all trials",
        is_possible=_has_results,
        in_words=_best_in_words,
        numbers=_leaderboard_numbers,
        is_wide=True,
        is_slow=True,
        reading="""\
One line per trial through its settings and its objective. Each colour stands for a tenth of the trials,
from the best to the worst; the ten best are thick, and the best one is black, with a star. Where the best
lines meet, the setting matters, and they show its best values. Where they are spread over the axis, it
hardly matters. Where they gather at an end of an axis, extend the space beyond it.""",
    ),
    RunFigure(
        file="importance.png",
        title="the importance of each setting",
        source=names.JOURNAL,
        draw=_draw_importance,
        place="Importance of the settings",
        is_possible=_has_results,
        in_words=_importance_in_words,
        reading="""\
How much the values of the best tenth of the trials differ from those of all trials (PED-ANOVA), beside the
level that chance alone reaches.""",
    ),
    RunFigure(
        file="confirmed.png",
        title="the scores of the confirmed trials for each seed",
        source=names.JOURNAL,
        draw=_draw_confirmed,
        place="Is the winner better than the others?",
        is_possible=_is_confirmed,
        in_words=_confirmed_in_words,
        reading="""\
With `search.confirm`. The scores of the best trials over several seeds show how much of the first ranking
was luck.""",
    ),
    RunFigure(
        file="timeline.png",
        title="what each worker did when",
        source=names.TIMELINE,
        draw=_draw_timeline,
        place="Workers",
        is_possible=lambda summary: summary.timeline is not None and _has_results(summary),
        in_words=_timeline_in_words,
        numbers=_timeline_numbers,
        is_wide=True,
        reading="""\
What each worker trained when, and for which share of the time. In the gaps it waited; dotted lines are
pauses between sessions of a search that was resumed.""",
    ),
    RunFigure(
        file="architecture.png",
        title="the best architecture",
        source=names.JOURNAL,
        draw=_draw_architecture,
        place="The best architecture",
        is_possible=lambda summary: _has_results(summary) and best_model(summary) is not None,
        in_words=_architecture_in_words,
        reading="""\
With `nas` and `evolution`. The layers of the best trial, from the inputs to the outputs.""",
    ),
    RunFigure(
        file="reward.png",
        title="the controller's rewards over time",
        source=names.JOURNAL,
        draw=_draw_rewards,
        place="The best architecture",
        is_possible=lambda summary: _has_results(summary) and summary.search_history.has_rewards,
        in_words=_rewards_in_words,
        reading="""\
With `nas`. The controller's rewards should rise over the trials.""",
    ),
    ENSEMBLE_FIGURE,
)
"""In the order in which they are listed and shown."""
