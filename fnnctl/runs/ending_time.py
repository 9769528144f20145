"""How long a search on bags takes from its last trial to its end, so that it can end at its time limit.

The trials are predictors already. So no trial is trained again, unless its weights were lost; the best one
and the ensemble are scored, by networks whose speed is known from training them. The default settings are
trained to their end only as far as there is time.

All of it is processor time, of which a busy machine gives a process only a share. That share is known from
the trials, too: it is their processor time relative to the time that they took.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from fnnctl.modelling.fit import Fit
from fnnctl.records.journal import Journal
from fnnctl.records.standings import Standings
from fnnctl.records.trials import Job
from fnnctl.stacks.bagged_ensemble import MOST_TIMES, prediction_cost
from fnnctl.stacks.search_preparation import PreparedSearch
from fnnctl.stacks.trial_weights import MAX_KEPT

SHARE_OF_TRAINING: Final = 0.3
"""The processor time of a prediction relative to that of training the same network on the row for an epoch,
which takes three such passes. Measured were 0.14 with 5,000 rows and 0.27 with 100,000.
"""
SECONDS_A_ROW: Final = 1e-5
"""The processor time that weighting both kinds of networks and measuring take per row and trial; 8 µs were
measured.
"""
FIXED_SECONDS: Final = 2.0
"""The processor time that selecting, writing files and drawing figures take with few rows."""
SHARE_OF_SLOWDOWN: Final = 0.75
"""A busy machine slows the end down less than the trials, because it is one process and they were several.

When two workers were slowed down 5 to 7 times, the end was slowed down 0.55 to 0.6 times as much, as the
system divides time among sessions. If it divides time among processes, this number is nearly 1.
"""
MOST_OF_LIMIT: Final = 0.5
"""The end has at most this share of a time limit, however long it takes: trials have the remaining one."""


@dataclass(frozen=True, slots=True)
class _ScoringCost:
    """What scoring a trial costs."""

    values: int
    """The parameters of all its networks."""
    members: int
    epochs: int
    """The number of epochs after which it has ended."""

    @classmethod
    def of(cls, fit: Fit) -> Self:
        settings = fit.settings
        members = settings.ensemble // settings.networks_per_member
        return cls(prediction_cost(fit), members, fit.experiment.training.epochs)


class EndingTime:
    """Estimates how long the end of a search takes; it follows the search's results and stacks."""

    def __init__(self, search: PreparedSearch, journal: Journal, standings: Standings) -> None:
        self._search, self._journal, self._standings = search, journal, standings
        self._seconds = self._processor_seconds = 0.0
        self._cost = 0
        self._trained: dict[int, int] = {}
        """By trial, the epoch to which it is trained: a result may still wait for its turn to be recorded."""
        self._scoring_costs: dict[int, _ScoringCost] = {}
        self._estimate: tuple[int, float] | None = None
        """The number of results, and the estimate after them."""

    def note(self, event: Mapping[str, Any]) -> None:
        """Note the time of a trained stack."""
        for number in event["trials"]:
            trial = self._journal.trials[number]
            keys = self._search.fits.stack_keys(trial.assignment)
            self._cost += keys.cost_of(Job(trial, 0, event["from"], event["to"]))
            self._trained[number] = event["to"]
        self._seconds += event["seconds"]
        self._processor_seconds += event["processor_seconds"]
        self._estimate = None

    def seconds(self) -> float:
        """About how long the end takes; 0 before any trial is trained."""
        if not self._cost or not self._processor_seconds:
            return 0.0
        results = len(self._journal.results)
        if self._estimate is None or self._estimate[0] != results:
            self._estimate = results, self._estimated()
        return self._estimate[1]

    def _estimated(self) -> float:
        search, latest = self._search, self._standings.latest
        contenders = {result.trial: result.budget for result in self._standings.contenders()[:MAX_KEPT]}
        contenders |= {number: to for number, to in self._trained.items() if number not in latest}
        trials = [(self._scoring_cost(number), epoch) for number, epoch in contenders.items()]
        if trials:  # another may end just before the time is over
            trials.append(max(trials, key=lambda trial: trial[0].values))
        values, states = max((trial.values for trial, _ in trials), default=0), 0
        default = search.fits.typical_fit({})
        if search.setup.settings.ensemble is not None and default is not None:
            values += min(MOST_TIMES * prediction_cost(default), sum(trial.values for trial, _ in trials))
            at_rungs = [trial for trial, epoch in trials if epoch < trial.epochs]
            values += sum(trial.values // trial.members for trial in at_rungs)  # their rows out of bag
            states = len(at_rungs)
        scoring = SHARE_OF_TRAINING * values * self._processor_seconds / self._cost
        seconds = FIXED_SECONDS + len(search.loaded.data) * (scoring + SECONDS_A_ROW * (states + 1))
        return seconds * self._slowdown

    @property
    def _slowdown(self) -> float:
        """How many times as long the end takes as on a processor of its own."""
        return max(1.0, SHARE_OF_SLOWDOWN * self._seconds / self._processor_seconds)

    def _scoring_cost(self, number: int) -> _ScoringCost:
        if number not in self._scoring_costs:
            fit = self._search.fits.typical_fit(self._journal.trials[number].assignment)
            self._scoring_costs[number] = _ScoringCost.of(fit) if fit else _ScoringCost(0, 1, 0)
        return self._scoring_costs[number]
