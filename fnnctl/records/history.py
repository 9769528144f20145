"""What a search's journal tells a reader: its trials, where each stands, and the best of them.

The records are read as plain mappings, for the search itself belongs to another room; a test holds the
incumbent to the search's own.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from fnnctl.config.reading.resolved import flow_yaml
from fnnctl.config.schema.metric_names import is_loss
from fnnctl.config.schema.search import METHODS
from fnnctl.store.atomic import damaged
from fnnctl.store.journal import JournalRecord

FINITE: Final = ("completed", "stopped early")
"""How a job ends that has an objective."""
WAITING: Final = "waiting"
"""What a trial is that has no result yet."""


@dataclass(frozen=True, slots=True)
class JobResult:
    """What became of a trial from one budget to the next."""

    trial: int
    rung: int
    budget: int
    status: str
    objective: float | None
    """None where there is none that can be compared."""
    epochs: int
    """Trained by this job."""
    start: int
    """Epochs that the trial had had before."""
    curve: Mapping[str, Sequence[float | None]]
    """A value for each of them, by the history's names; nothing where none were recorded."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A trial, with its results from the smallest budget to the largest."""

    number: int
    bracket: int
    assignment: Mapping[str, Any]
    results: list[JobResult] = field(default_factory=list)

    @property
    def latest(self) -> JobResult | None:
        """The result at the largest budget."""
        return self.results[-1] if self.results else None

    @property
    def status(self) -> str:
        """How its last job ended, or that it waits for its first."""
        return self.latest.status if self.latest else WAITING

    @property
    def epochs(self) -> int:
        """Epochs trained."""
        return sum(result.epochs for result in self.results)


@dataclass(frozen=True, slots=True)
class Rung:
    """One budget level of a bracket, as far as it was climbed."""

    bracket: int
    rung: int
    epochs: int
    """The cumulative budget."""
    results: tuple[JobResult, ...]


@dataclass(frozen=True)
class SearchContent:
    """A search as its journal tells it."""

    settings: Mapping[str, Any]
    """Those of the header, and what resumes have changed."""
    trials: Mapping[int, Trial]
    results: Sequence[JobResult]
    """In the order in which they were recorded."""
    end: str | None
    """Why it ended; None while it has not."""

    @property
    def metric(self) -> str:
        """What trials are judged by."""
        return str(self._objective.get("metric", "objective"))

    @property
    def part(self) -> str:
        """Where that is measured: `validation` or `cross_validation`."""
        return str(self._objective.get("on", "validation"))

    @property
    def minimized(self) -> bool:
        """Whether a small objective is the good one."""
        direction = self._objective.get("direction", self.settings.get("direction", "auto"))
        return is_loss(self.metric) if direction == "auto" else direction == "minimize"

    @property
    def method(self) -> str:
        """The method's name, or its scheduler and sampler where the two have none together."""
        if isinstance(method := self.settings.get("method"), str):
            return method
        of: Mapping[str, Any] = method if isinstance(method, Mapping) else self.settings
        parts = tuple(of[name] for name in ("scheduler", "sampler") if name in of)
        return next((name for name, pair in METHODS.items() if pair == parts), " × ".join(map(str, parts)))

    @property
    def paths(self) -> list[str]:
        """The settings that trials have values of, in the order of the header's dimensions.

        A setting can have several dimensions: those of `model.hidden` are `model.hidden.depth` and so on.
        """
        found = dict.fromkeys(path for trial in self.trials.values() for path in trial.assignment)
        names = [str(name) for name in self.settings.get("paths") or ()]
        order = {path: _first(names, path) for path in found}
        return sorted(found, key=order.__getitem__)

    @property
    def statuses(self) -> dict[str, int]:
        """How many trials there are of each status."""
        return dict(Counter(trial.status for trial in self.trials.values()))

    @property
    def granted(self) -> int:
        """Epochs granted: of every trial, its largest budget that has a result."""
        return sum(trial.latest.budget for trial in self.trials.values() if trial.latest)

    @property
    def trained(self) -> int:
        """Epochs trained."""
        return sum(result.epochs for result in self.results)

    @cached_property
    def ranked(self) -> list[Trial]:
        """The trials that have results, in the leaderboard's order."""
        tried = (trial for trial in self.trials.values() if trial.latest)
        return sorted(tried, key=lambda trial: (self._badness(trial), trial.number))

    @cached_property
    def best(self) -> Trial | None:
        """The incumbent: the best by (largest completed budget, objective, trial number)."""
        finite = [trial for trial in self.ranked if trial.latest and trial.latest.objective is not None]
        budgets = [each.latest.budget for each in finite if each.latest and each.status == "completed"]
        most = max(budgets, default=0)
        return next(
            (
                trial
                for trial in finite
                if trial.status == "stopped early" or (trial.latest and trial.latest.budget == most)
            ),
            None,
        )

    @cached_property
    def rungs(self) -> list[Rung]:
        """Bracket by bracket, the one that begins with the smallest budget first."""
        found: dict[tuple[int, int], list[JobResult]] = {}
        for result in self.results:
            found.setdefault((-self.trials[result.trial].bracket, result.budget), []).append(result)
        return [
            Rung(-bracket, results[-1].rung, budget, tuple(results))
            for (bracket, budget), results in sorted(found.items())
        ]

    def set_words(self, trial: Trial) -> list[str]:
        """The `PATH=VALUE` words with which `fnnctl train --set` gives the trial's bits.

        A search trains with one thread, whatever the config says and however wide the network.
        """
        words = [f"{path}={flow_yaml(value)}" for path, value in trial.assignment.items()]
        epochs = self._largest_budget
        return [*words, *([] if epochs is None else [f"training.epochs={epochs}"]), "training.threads=1"]

    def loss_of(self, result: JobResult) -> float:
        """The objective as a loss: small is good, and infinite where there is none."""
        if result.objective is None:
            return math.inf
        return result.objective if self.minimized else -result.objective

    @property
    def _largest_budget(self) -> int | None:
        """Where every trial's schedules end; None where that is the config's own training.epochs.

        Of a total budget it is where the ladder has got to, which a complete search has climbed to its end.
        """
        budget = self.settings.get("budget")
        if not isinstance(budget, Mapping):
            return None
        if budget.get("total") is not None:
            return max((result.budget for result in self.results), default=None)
        epochs: int | None = budget.get("max_epochs")
        return epochs

    def _badness(self, trial: Trial) -> float:
        return self.loss_of(trial.latest) if trial.latest else math.inf

    @property
    def _objective(self) -> Mapping[str, Any]:
        objective = self.settings.get("objective")
        return objective if isinstance(objective, Mapping) else {}


def search_content(records: Iterable[JournalRecord], path: Path) -> SearchContent:
    """What a journal's records say together; raises `DataError`, which names `path`, where one is none."""
    settings: dict[str, Any] = {}
    trials: dict[int, Trial] = {}
    results: list[JobResult] = []
    end: str | None = None
    try:
        for record in records:
            end = None
            match record["record"]:
                case "header":
                    settings.update(record["settings"])
                case "resume":
                    settings.update(record["changes"])
                case "trial":
                    _add_trial(record, trials)
                case "result":
                    trial = trials[int(record["trial"])]
                    results.append(_result(record, trial))
                    trial.results.append(results[-1])
                case "end":
                    end = str(record["reason"])
    except (KeyError, TypeError, ValueError) as error:
        raise damaged(path, f"has a record that is none ({error!r})") from error
    for trial in trials.values():
        trial.results.sort(key=lambda result: result.budget)
    return SearchContent(settings, trials, results, end)


def _first(names: Sequence[str], path: str) -> int:
    """The place of the first dimension that is the path's; behind all where there is none."""
    own = (place for place, name in enumerate(names) if name == path or name.startswith(f"{path}."))
    return next(own, len(names))


def _add_trial(record: JournalRecord, trials: dict[int, Trial]) -> None:
    """Note a trial; one that is recorded again was put into another bracket."""
    number = int(record["number"])
    before = trials[number].results if number in trials else []
    trials[number] = Trial(number, int(record["bracket"]), dict(record["assignment"]), before)


def _result(record: JournalRecord, trial: Trial) -> JobResult:
    """The result; its job went on from the largest budget that the trial had completed by then."""
    completed = [each.budget for each in trial.results if each.status == "completed"]
    budget = int(record["budget"])
    measured = record.get("objective") if record["status"] in FINITE else None
    objective = None if measured is None else float(measured)
    curve = (record.get("facts") or {}).get("curve") or {}
    return JobResult(
        trial=trial.number,
        rung=int(record["rung"]),
        budget=budget,
        status=str(record["status"]),
        objective=None if objective is None or not math.isfinite(objective) else objective,
        epochs=int(record["epochs"]),
        start=max((each for each in completed if each < budget), default=0),
        curve=dict(curve),
    )
