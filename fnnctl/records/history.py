"""The history of a search, for reports: its journal, its standings, and what follows from them."""

from __future__ import annotations

import math
import shlex
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from fnnctl.config.schema.methods import METHODS, SAMPLERS, SCHEDULERS, TIMES, Sampling, Scheduling
from fnnctl.config.schema.search import DEFAULT_BATCH
from fnnctl.config.schema.validation_schemes import ValidationScheme, scheme_named
from fnnctl.config.yaml_text import flow_yaml
from fnnctl.metrics.registry import is_loss
from fnnctl.records.confirmation import confirmation
from fnnctl.records.journal import COMPLETE, SAMPLER, Journal, decode
from fnnctl.records.record_values import MEMBERS, RUNGS
from fnnctl.records.standings import Standings, finite_objective, leaderboard_table
from fnnctl.records.trials import CURVE, FOLDS, Direction, JobKey, Result, Status, Stop, Trial
from fnnctl.store import names
from fnnctl.store.atomic import damaged
from fnnctl.store.folder import RunFolder
from fnnctl.store.journal import JournalRecord
from fnnctl.store.manifest import SearchFacts
from fnnctl.text import counted

EPOCHS: Final = "training.epochs"
WAITING: Final = "waiting"
"""The status of a trial that has no result yet."""


@dataclass(frozen=True, slots=True)
class RungResults:
    """One budget level of a bracket that has results."""

    bracket: int
    rung: int
    epochs: int
    """The cumulative budget."""
    results: tuple[Result, ...]


class SearchHistory:
    """A search's trials and results, in the order in which they were recorded."""

    def __init__(self, journal: Journal) -> None:
        self.settings: Mapping[str, Any] = journal.settings
        """The settings of the header, as later resumes have changed them."""
        self.trials: Mapping[int, Trial] = journal.trials
        self.results: Sequence[Result] = [
            replace(result, objective=finite_objective(result)) for result in journal.all_results.values()
        ]
        """Their objectives are None unless they are finite numbers."""
        self.objective_curve = journal.objective_curve
        """The learning curve that has the objective after each epoch; None if no curve can have it."""
        self.end = journal.end.reason if journal.end else None
        """Why the search ended, in words; None if it has not ended."""
        self.end_kind = journal.end.reason_kind if journal.end else None
        """The kind of that reason."""
        self.standings = Standings(self.direction, self.results)
        self.standings.stop(journal.stops.values())
        self.confirmation = confirmation(self.settings, self.standings, journal.confirmed)
        """None if nothing is confirmed."""
        self.networks_confirmed = len(journal.confirmed)
        self.stops: Sequence[Stop] = [stop for stop in journal.stops.values() if self._holds(stop)]
        """The decisions to end a trial, or the search, early."""

    def _holds(self, stop: Stop) -> bool:
        """Whether the trial has not gone on since, as in an extended search."""
        return stop.trial is None or self.standings.latest[stop.trial].budget == stop.budget

    @property
    def ended_early(self) -> bool:
        """Whether the search ended with trials left, as at a time limit."""
        return self.end_kind not in (None, COMPLETE)

    @property
    def is_complete(self) -> bool:
        """Whether the search ended because nothing was left to do."""
        return self.end_kind == COMPLETE

    @property
    def stopped_because(self) -> str | None:
        """Why the search was stopped before its plan was done, by its own rule; None if it was not."""
        reasons = [stop.reason for stop in self.stops if stop.trial is None]
        return reasons[-1] if reasons else None

    @property
    def is_cost_spent(self) -> bool:
        """Whether a complete search has fewer trials than it may have, because their cost is limited."""
        most = [limit for name in ("trials", "max_trials") if (limit := self.settings.get(name)) is not None]
        budget = self.settings.get("budget")
        has_limit = isinstance(budget, Mapping) and budget.get("cost") is not None
        return has_limit and len(self.trials) < min(most, default=math.inf)

    @property
    def winner(self) -> Result | None:
        """The result of the trial that is refitted: the winner of the confirmation, or the incumbent.

        None if no result is finite.
        """
        chosen = self.confirmation and self.confirmation.chosen
        return chosen.result if chosen else self.standings.incumbent

    @property
    def best(self) -> Trial | None:
        """The winner's trial; None if no result is finite."""
        return None if self.winner is None else self.trials[self.winner.trial]

    @property
    def metric(self) -> str:
        """The objective's metric."""
        return str(self._objective.get("metric", "objective"))

    @property
    def part(self) -> str:
        """Where the objective is measured: `validation`, `cross_validation` or `bags`."""
        return str(self._objective.get("on", "validation"))

    @property
    def scheme(self) -> ValidationScheme:
        """Where the objective was measured."""
        return scheme_named(self.part)

    @property
    def direction(self) -> Direction:
        """The objective's direction."""
        direction = self._objective.get("direction", self.settings.get("direction", "auto"))
        minimized = is_loss(self.metric) if direction == "auto" else direction == "minimize"
        return "minimize" if minimized else "maximize"

    @property
    def method(self) -> str:
        """The method's name, or its scheduler and sampler if that pair has no name."""
        if isinstance(method := self.settings.get("method"), str):
            return method
        of: Mapping[str, Any] = method if isinstance(method, Mapping) else self.settings
        parts = tuple(of[name] for name in ("scheduler", "sampler") if name in of)
        return next((name for name, pair in METHODS.items() if pair == parts), TIMES.join(map(str, parts)))

    @property
    def _parts(self) -> Sequence[str]:
        """The names of the scheduler and the sampler."""
        return METHODS.get(self.method) or self.method.split(TIMES)

    @property
    def scheduling(self) -> Scheduling | None:
        """How the scheduler spends epochs; None if its name is unknown."""
        return SCHEDULERS.get(self._parts[0])

    @property
    def sampling(self) -> Sampling | None:
        """How the sampler chooses configurations; None if its name is unknown."""
        return SAMPLERS.get(self._parts[-1])

    @property
    def has_rewards(self) -> bool:
        """Whether the sampler is trained by the trials' rewards."""
        return self.sampling is not None and self.sampling.has_rewards

    @property
    def learns_layers(self) -> bool:
        """Whether the search learns which hidden layers are good, by a controller or by evolution."""
        if self.sampling is None or not self.sampling.learns_layers:
            return False
        return any(str(name).startswith("model.hidden.") for name in self.settings.get("paths") or ())

    @property
    def batch(self) -> int:
        """The number of configurations that a sampler that learns proposes at once."""
        return int(self.settings.get("batch") or DEFAULT_BATCH)

    @property
    def sampler(self) -> str | None:
        """The sampler that `auto` chose; None if the method names its sampler."""
        chosen = self.settings.get(SAMPLER)
        return None if chosen is None else str(chosen)

    @property
    def has_one_loss(self) -> bool:
        """Whether all trials have the same loss function: no output and no target's weight is searched."""
        return not any(
            path == "model" or path.startswith(("model.output", "training.target_weights"))
            for path in self.paths
        )

    @property
    def members(self) -> int:
        """The number of networks of the refitted winner, if it has those of the config."""
        return int(self.settings.get(MEMBERS) or 1)

    @property
    def paths(self) -> list[str]:
        """The settings that trials have values for, in the order of the header's dimensions.

        A setting can have several dimensions: those of `model.hidden` are `model.hidden.depth` and so on.
        """
        paths = dict.fromkeys(path for trial in self.trials.values() for path in trial.assignment)
        names = [str(name) for name in self.settings.get("paths") or ()]

        def position(path: str) -> int:
            matching = (k for k, name in enumerate(names) if name == path or name.startswith(f"{path}."))
            return next(matching, len(names))

        return sorted(paths, key=position)

    def leaderboard(self) -> dict[str, list[object]]:
        """The columns of the leaderboard, by name: see `leaderboard_table`."""
        columns, rows = leaderboard_table(self.trials, self.standings, self.paths)
        cells = list(rows)
        return {column: [row[index] for row in cells] for index, column in enumerate(columns)}

    @property
    def statuses(self) -> dict[str, int]:
        """The number of trials per status."""
        latest = self.standings.latest
        counts = Counter(latest[n].status.value if n in latest else WAITING for n in self.trials)
        return dict(counts)

    def epochs_of_config(self, trial: int) -> int | None:
        """The epochs of the trial's configuration if they are searched; None if the budget sets them."""
        epochs: int | None = self.trials[trial].assignment.get(EPOCHS)
        return epochs

    @property
    def granted(self) -> int:
        """Epochs granted: the sum, over all trials, of the largest budget with a result.

        A trial is not granted more epochs than its configuration has.
        """
        latest = self.standings.latest
        return sum(
            min(result.budget, self.epochs_of_config(number) or result.budget)
            for number, result in latest.items()
        )

    @property
    def trained(self) -> int:
        """Epochs trained."""
        return sum(result.epochs for result in self.results)

    @property
    def repeated(self) -> int:
        """Epochs that were trained again, over all folds: an extension asked for smaller budgets.

        Only objectives that no learning curve has need that: cross-validated ones, and losses of trials with
        class weights.
        """
        trained, reached = Counter[int](), Counter[int]()
        folds = 1
        for result in self.results:
            trained[result.trial] += result.epochs
            reached[result.trial] = max(reached[result.trial], self.starts[result.key] + result.epochs)
            folds = max(folds, len((result.facts or {}).get(FOLDS, ())))
        return folds * (trained.total() - reached.total())

    @cached_property
    def starts(self) -> dict[JobKey, int]:
        """By result, the epochs that its trial had trained before: the largest budget completed by then."""
        starts: dict[JobKey, int] = {}
        completed: dict[int, list[int]] = {}
        for result in self.results:
            before = completed.setdefault(result.trial, [])
            starts[result.key] = max((budget for budget in before if budget < result.budget), default=0)
            if result.status is Status.COMPLETED:
                before.append(result.budget)
        return starts

    def curve_of(self, result: Result) -> Sequence[float | None]:
        """The objective after each epoch of the result's job; empty if it was not recorded."""
        curves = (result.facts or {}).get(CURVE) or {}
        curve: Sequence[float | None] = curves.get(self.objective_curve, ())
        return curve if len(curve) == result.epochs else ()

    def epochs_of(self, result: Result) -> int:
        """The epochs that the result's trial has trained until then."""
        return self.starts[result.key] + result.epochs

    @cached_property
    def rung_results(self) -> list[Result]:
        """The results at the ends of rungs.

        A search that stops trials by their curves also has results between the rungs, after each part of a
        job. Where a trial ended between two rungs, its last result stands for the next one.
        """
        if RUNGS not in self.settings:
            return list(self.results)
        stopped = {(stop.trial, stop.budget) for stop in self.stops}
        return [
            result
            for result in self.results
            if result.budget in self._ladder(result)
            or result.key in stopped
            or result.status is not Status.COMPLETED
        ]

    def _ladder(self, result: Result) -> Sequence[int]:
        """The epochs of the rungs of the result's bracket, if the journal says them."""
        rungs: Mapping[str, Sequence[int]] = self.settings.get(RUNGS, {})
        return rungs.get(str(self.trials[result.trial].bracket), ())

    @cached_property
    def rungs(self) -> list[RungResults]:
        """The rungs by bracket, beginning with the bracket with the smallest first budget."""
        stopped = {(stop.trial, stop.budget) for stop in self.stops}
        by_budget: dict[tuple[int, int], list[Result]] = {}
        for result in self.rung_results:
            if result.key not in stopped:
                bracket, ladder = self.trials[result.trial].bracket, self._ladder(result)
                epochs = next((epochs for epochs in ladder if epochs >= result.budget), result.budget)
                by_budget.setdefault((-bracket, epochs), []).append(result)
        return [
            RungResults(-bracket, results[-1].rung, budget, tuple(results))
            for (bracket, budget), results in sorted(by_budget.items())
        ]

    @property
    def has_rungs(self) -> bool:
        """Whether there are results at several budgets of a bracket, so that some trials went further."""
        return len(self.rungs) > len({rung.bracket for rung in self.rungs})

    @property
    def plans_rungs(self) -> bool:
        """Whether trials may go on from rung to rung, even if the search ended before one did."""
        scheduling = None if self.is_complete else self.scheduling
        return self.has_rungs or (scheduling is not None and scheduling.has_rungs)

    @property
    def kept_horizon(self) -> int | None:
        """The horizon of all lr_schedules; None if it equals the number of epochs that `set_words` give.

        It differs if the search was extended, or if the config sets a horizon.
        """
        horizon: int | None = self.settings.get("horizon")
        return None if self._largest_budget in {None, horizon} else horizon

    def set_words(self, trial: int, *, reads_horizon: bool = False) -> list[str]:
        """The `PATH=VALUE` words with which `fnnctl train --set` reproduces the trial bit for bit.

        A search trains with one thread, independent of the config and of the network's size. A trial has one
        network, even if the config is that of an ensemble, unless trials are ensembles. If epochs are
        searched, a trial has its own.
        `reads_horizon` is whether the trial has an lr_schedule that depends on `kept_horizon`.
        """
        words = [f"{path}={flow_yaml(value)}" for path, value in self.trials[trial].assignment.items()]
        own_epochs = EPOCHS in (self.settings.get("paths") or ())
        if self._largest_budget is not None and not own_epochs:
            words.append(f"training.epochs={self._largest_budget}")
        if reads_horizon and self.kept_horizon is not None and not own_epochs:
            words.append(f"training.horizon={self.kept_horizon}")
        if self.members > 1 and not self.scheme.trains_ensembles:
            words.append("model.ensemble=1")
        return [*words, "training.threads=1"]

    def loss_of(self, result: Result) -> float:
        """The objective as a loss to minimize; infinite if there is no objective."""
        if result.objective is None:
            return math.inf
        return result.objective if self.direction == "minimize" else -result.objective

    def from_loss(self, loss: float | None) -> float | None:
        """The objective that has this loss."""
        return loss if loss is None or self.direction == "minimize" else -loss

    @property
    def _largest_budget(self) -> int | None:
        """The last epoch of all lr_schedules; None if that is the config's own training.epochs.

        With a total budget it is the largest budget with a result, which is the last rung once the search is
        complete.
        """
        budget = self.settings.get("budget")
        if not isinstance(budget, Mapping):
            return None
        if budget.get("total") is not None:
            return max((result.budget for result in self.results), default=None)
        epochs: int | None = budget.get("max_epochs")
        return epochs

    @property
    def _objective(self) -> Mapping[str, Any]:
        objective = self.settings.get("objective")
        return objective if isinstance(objective, Mapping) else {}


def read_search(run: RunFolder) -> SearchHistory | None:
    """What the journal of a search says; None for another run.

    Raises `DataError` if the journal is damaged, or if it has fewer records than the manifest counts, because
    its end was lost.
    """
    manifest = run.read_manifest()  # before the journal, to which a running search appends
    records, path = run.read_journal(), run.path / names.JOURNAL
    if records is None:
        return None
    search = search_history(records, path)
    if lost := manifest.search and _lost_end(search, manifest.search):
        resume = f"`fnnctl search --resume {shlex.quote(str(run.path))}` trains again what is missing"
        if manifest.status == "completed":
            resume = f'write "status": "interrupted" in {names.MANIFEST}, and {resume}'
        raise damaged(path, f"is damaged: it {lost}. Put an undamaged copy of the file back; or {resume}")
    return search


def _lost_end(search: SearchHistory, recorded: SearchFacts) -> str | None:
    """What the journal has fewer of than the manifest counts, as the end of a sentence; None if nothing."""
    for count, before, noun in (
        (len(search.trials), recorded.trials, "trial"),
        (search.trained, recorded.epochs_trained, "trained epoch"),
        (search.networks_confirmed, recorded.confirmed, "confirming network"),
    ):
        if before is not None and count < before:
            return f"has {counted(count, noun)}, and {names.MANIFEST} says {before:,}"
    return None


def search_history(records: Iterable[JournalRecord], path: Path) -> SearchHistory:
    """The history from a journal's records; raises `DataError`, which names `path`, if one is invalid."""
    journal = Journal()
    try:
        for record in records:
            journal.replay(decode(record))
    except (TypeError, ValueError) as error:
        raise damaged(path, f"has an invalid record ({error})") from error
    return SearchHistory(journal)
