"""The winner of a search: its scores wherever they were measured, what chose it, how to train it alone."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from fnnctl.config.yaml_text import flow_yaml
from fnnctl.metrics.registry import label_of
from fnnctl.records.history import SearchHistory
from fnnctl.records.trials import Result
from fnnctl.report.blocks import Block, Command, Facts, Notes, Table
from fnnctl.report.searched_settings import paths_by_importance, setting_text, short_names
from fnnctl.report.summary import TEST, Summary
from fnnctl.report.topics.default_trial import (
    default_trial_result,
    search_comparison,
    ties_text,
    winners_comparison,
)
from fnnctl.report.topics.topic import ABOUT, SUMMARY
from fnnctl.report.words import NOTHING, number
from fnnctl.store import names
from fnnctl.store.manifest import SearchFacts
from fnnctl.text import counted


def best_trial(summary: Summary) -> Iterator[Block]:
    """The winner and its objective."""
    search = summary.search_history
    if (best := search.winner) is None:
        return
    differ = search.has_rungs or not search.is_complete
    after = f" after {counted(search.epochs_of(best), 'epoch')}" if differ else ""
    score = f"{label_of(search.metric)} {number(best.objective)}"
    yield Facts(SUMMARY, (("best trial", f"{best.trial}, with {score} {search.scheme.words.where}{after}"),))


def best_settings(summary: Summary) -> Iterator[Block]:
    """The searched settings of the winner."""
    search = summary.search_history
    if (best := search.winner) is None:
        return
    assignment = search.trials[best.trial].assignment
    # The most important ones first, as the end may be left out.
    paths = [path for path in paths_by_importance(search) if path in assignment]
    named = zip(paths, short_names(paths), strict=True)
    text = ", ".join(f"{name} {setting_text(assignment[path])}" for path, name in named)
    yield Facts(SUMMARY, (("its settings", text),))


def choice(summary: Summary) -> Iterator[Block]:
    """Whose scores are shown, and what chose the trial."""
    search = summary.search_history
    if (best := search.winner) and (sentence := _choice(summary, search, best)):
        yield Notes(ABOUT, (sentence,))


def _choice(summary: Summary, search: SearchHistory, best: Result) -> str | None:
    confirmation, count = search.confirmation, len(search.standings.latest)
    if summary.has_former_winner:
        return (
            f"These are the scores of trial {summary.refitted}: trial {best.trial}, which is the best now, "
            f"{search.scheme.words.winner.not_made}."
        )
    if summary.has_ensemble_result and summary.ensemble:
        trials = counted(len(summary.ensemble.selection.trials), "trial")
        return f"These are the scores of the ensemble of {trials}, selected out of bag, not on the test part."
    if confirmation is not None and confirmation.chosen:
        seeds = counted(confirmation.compared_seeds, "seed")
        return f"Trial {best.trial} was chosen by its mean over {seeds}, not on the test part."
    if count > 1:
        return (
            f"Trial {best.trial} was chosen from {count:,} {search.scheme.words.where}, not on the test part."
        )
    return None


def winner(summary: Summary) -> Iterator[Block]:
    """Its scores wherever they were measured, and what is known of it."""
    search = summary.search_history
    if (best := search.winner) is None:
        return
    label = label_of(search.metric)
    header = ("", label, "95 % interval", "chosen by it")
    scores = tuple(_scores(summary, search, best))
    yield Table(f"{label} of the winner", header, scores, texts=(0, 3))
    yield Facts("Best trial", tuple(_definitions(summary, search, best)))


def commands(summary: Summary) -> Iterator[Block]:
    """How to train the winner alone, and how to extend the search."""
    search = summary.search_history
    if (best := search.winner) is None:
        return
    yield Command("Train it alone", tuple(_training_command(summary, best)))
    if facts := summary.manifest.search:
        yield Notes("The weights that it keeps alone", tuple(_restored_weights(best, facts)))
    yield Command("Extend the search", tuple(_extension(summary, search)))


def _scores(summary: Summary, search: SearchHistory, best: Result) -> Iterator[tuple[str, ...]]:
    """One row per measurement of the objective's metric, for comparison."""
    count, confirmation = len(search.standings.latest), search.confirmation
    part = search.scheme.words.short
    chosen = confirmation.chosen if confirmation else None
    among = f"yes, the best of {count:,}" if count > 1 else "no"
    yield f"in the search, {part}", number(best.objective), NOTHING, "to be confirmed" if chosen else among
    if confirmation and chosen and confirmation.is_complete:
        half, mean = confirmation.half_width(chosen), chosen.mean
        interval = NOTHING if half is None or mean is None else number([mean - half, mean + half])
        seeds = f"mean over {counted(confirmation.compared_seeds, 'other seed')}"
        yield seeds, number(mean), interval, f"yes, the best of {len(confirmation.leaders):,}"
    default = default_trial_result(summary)
    if default and default.budget == best.budget:
        yield f"the default settings, {part}", result_text(default), NOTHING, "no"
    test = summary.winner_part(TEST)
    if test.get(search.metric) is not None and not summary.has_former_winner:
        interval = number(test.get(f"{search.metric}_ci95"))
        yield search.scheme.words.winner.on_test_part, number(test[search.metric]), interval, "no"
        compared = search_comparison(summary)
        for metric in compared.metrics if compared else ():
            if metric.metric == search.metric:
                yield "`fnnctl train`, test part", number(metric.default), NOTHING, "no"
        baseline = summary.baseline or {}
        if baseline.get(search.metric) is not None:
            yield "baseline, test part", number(baseline[search.metric]), NOTHING, "no"


def result_text(result: Result) -> str:
    """The objective, or the status if there is none."""
    return result.status.value if result.objective is None else number(result.objective)


def _definitions(summary: Summary, search: SearchHistory, best: Result) -> Iterator[tuple[str, str]]:
    yield "trial", f"{best.trial}, after {counted(search.epochs_of(best), 'epoch')}"
    yield label_of(search.metric), number(best.objective)
    confirmation, words = search.confirmation, search.scheme.words.winner
    made, networks = words.made, summary.networks
    if names.BEST not in summary.files or summary.has_former_winner:
        made, networks = f"to be {words.made}", 1 if search.scheme.trains_ensembles else search.members
    if confirmation and confirmation.chosen:
        epochs = counted(confirmation.chosen.epochs, "epoch")
        seeds = counted(confirmation.compared_seeds, "seed")
        yield "confirmed", f"{number(confirmation.chosen.mean)} on average over {seeds}"
        yield f"{made} for", f"{epochs}, the median of the epochs that its networks kept"
    if networks > 1:
        yield f"{made} as", f"an ensemble of {networks:,} networks"
    if (count := len(search.standings.latest)) > 1 and best is search.standings.incumbent:
        yield "best of", f"{count:,} trials, so its {search.scheme.words.score} is optimistic"
        comparison = winners_comparison(summary)
        if comparison and (ties := ties_text(comparison)):
            yield "ties", ties
    if summary.has_former_winner:
        reason = f"{names.BEST}/ and the metrics below are those of trial {summary.refitted}"
        yield words.run, f"not yet: {reason}"
    if (test := _test_score(summary, search)) is not None:
        yield "on the test part", f"{number(test)}{words.after}, not optimistic"
    for path, value in search.trials[best.trial].assignment.items():
        yield path, flow_yaml(value)


def _test_score(summary: Summary, search: SearchHistory) -> float | None:
    """The objective's metric of the refitted winner on the test part; unlike the objective not optimistic.

    None if there is none, or if another trial is refitted.
    """
    if summary.has_former_winner:
        return None
    score = summary.winner_part(TEST).get(search.metric)
    return score if isinstance(score, float) else None


def _training_command(summary: Summary, best: Result) -> Iterator[str]:
    """The command that trains the best trial alone.

    It uses the complete config in the run folder, because the original config may have changed since and the
    search may have had overrides.
    """
    yield f"fnnctl train {shlex.quote(str(summary.path / names.RESOLVED))}"
    for word in summary.set_words(best.trial):
        yield f"--set {shlex.quote(word)}"


def _restored_weights(best: Result, facts: SearchFacts) -> Iterator[str]:
    """Why the command's scores can differ from the objective."""
    kept = facts.restored_weights
    if kept is not None and kept.trial == best.trial:
        epoch = "another epoch may have been" if kept.kept is None else f"epoch {kept.kept:,} was"
        yield (
            f"The objective was measured after epoch {kept.objective_of:,}, but {epoch} the best by what "
            "early stopping monitors. The command restores the weights of the best epoch "
            "(early_stopping.restore_best), so its scores can differ from the objective."
        )


def _extension(summary: Summary, search: SearchHistory) -> Iterator[str]:
    """The command that gives a complete search twice its trials or, with brackets, more epochs.

    Nothing if the search is not complete, or cannot grow in one of these ways.
    """
    if not search.is_complete or search.settings.get("max_trials"):
        return
    trials, budget = search.settings.get("trials"), search.settings.get("budget") or {}
    has_grid = search.sampling is not None and search.sampling.lists_grid
    has_brackets = search.scheduling is not None and search.scheduling.has_brackets
    if isinstance(trials, int) and not has_grid:
        word = f"search.trials={2 * trials}"
    elif has_brackets and budget.get("max_epochs"):
        factor = budget.get("reduction_factor") or 3
        word = f"search.budget.max_epochs={round(budget['max_epochs'] * factor)}"
    else:
        return
    yield f"fnnctl search --resume {shlex.quote(str(summary.path))}"
    yield f"--set {word}"


def json_entries(summary: Summary) -> Mapping[str, Any]:
    """The best trial; null without one."""
    search = summary.search_history
    if (best := search.winner) is None:
        return {"best": None}
    return {
        "best": {
            "trial": best.trial,
            "objective": best.objective,
            "best_of": len(search.standings.latest),
            "test_objective": _test_score(summary, search),
            "epochs": search.standings.epochs[best.trial],
            "configuration": dict(search.trials[best.trial].assignment),
            "config": str(summary.path / names.RESOLVED),
            "set": summary.set_words(best.trial),
            "metrics": None if summary.has_former_winner else summary.winner_metrics,
        }
    }
