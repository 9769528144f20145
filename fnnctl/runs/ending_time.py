"""How long a search takes from its last trial to its end, so that it can end at its time limit.

Trials that are ensembles are predictors already: none is trained again, unless its weights were lost, and the
best one and the ensemble are scored. Otherwise the leaders are confirmed, if the config asks for it, and the
winner is refitted. Then the default settings are trained, with which the search is compared, unless that
would take too much of the limit. The speed of all these networks is known from the trials.

All of it is processor time, of which a busy machine gives a process only a share. That share is known from
the trials, too: it is their processor time relative to the time that they took.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Self

from fnnctl.modelling.fit import Fit
from fnnctl.modelling.stack_settings import as_ensemble
from fnnctl.records.confirmation import confirmation
from fnnctl.records.journal import Journal
from fnnctl.records.standings import Standings
from fnnctl.records.trials import Result, Status
from fnnctl.stacks.costs import pays_off, rough_seconds
from fnnctl.trials.bagged_ensemble import MOST_TIMES, prediction_cost
from fnnctl.trials.estimate import WORKERS_GAIN
from fnnctl.trials.forecast import default_training
from fnnctl.trials.preparation import PreparedSearch
from fnnctl.trials.weights import MAX_KEPT

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

    def __init__(
        self,
        search: PreparedSearch,
        journal: Journal,
        standings: Standings,
        *,
        limit: float,
        workers: int,
        default: Fit | None,
    ) -> None:
        """`limit` is the search's, in seconds; up to `workers` workers train the networks of one fit.

        `default` is what is trained for the comparison with `fnnctl train`, unless a trial gives it; None if
        its run exists, or if there is no comparison.
        """
        self._search, self._journal, self._standings = search, journal, standings
        self._limit, self._workers, self._default = limit, workers, default
        self._is_default_planned = default_training(search) is not None
        """Whether its training is planned after the trials: it may be one of them."""
        self._default_trial: int | None = None
        """The ensemble with the default settings, once it was trained as a trial."""
        self._seconds = self._processor_seconds = 0.0
        self._cost = 0.0
        self._rough_granted = self._rough_trained = 0.0
        """`rough_seconds` of the epochs that were granted, and of those that were trained."""
        self._trained: dict[int, int] = {}
        """By trial, the epoch to which it is trained: a result may still wait for its turn to be recorded."""
        self._scoring_costs: dict[int, _ScoringCost] = {}
        self._estimate: tuple[int, float] | None = None
        """The number of results, and the estimate after them."""

    def note(self, event: Mapping[str, Any]) -> None:
        """Note the time of a trained stack."""
        trials = {number: self._journal.trials[number] for number in event["trials"]}
        granted = rough = 0.0
        for number, trial in trials.items():
            self._trained[number] = event["to"]
            if fit := self._search.fits.typical_fit(trial.assignment):
                own = fit.experiment.training.epochs
                epochs = event["networks"] / len(trials) * (min(event["to"], own) - min(event["from"], own))
                granted += epochs
                rough += rough_seconds(fit.settings, train_rows=fit.trained_rows, epochs=1) * epochs
                self._cost += epochs * prediction_cost(fit) * fit.trained_rows
        self._rough_granted += rough
        self._rough_trained += rough * event["epochs"] / granted if granted else 0.0
        self._seconds += event["seconds"]
        self._processor_seconds += event["processor_seconds"]
        if self._are_ensembles and self._default_trial is None:
            self._default_trial = self._search.setup.default_trial(trials)
        self._estimate = None

    def seconds(self) -> float:
        """About how long the end takes, as far as trials leave time for it; 0 before any trial is trained.

        It has at most `MOST_OF_LIMIT`. The default settings are trained only if they fit into that, too.
        """
        if not self._is_known:
            return 0.0
        results = len(self._journal.results)
        if self._estimate is None or self._estimate[0] != results:
            most, needed = MOST_OF_LIMIT * self._limit, self._seconds_of_result()
            with_default = needed + (self.default_seconds() if self._is_default_planned else 0.0)
            self._estimate = results, with_default if with_default <= most else min(needed, most)
        return self._estimate[1]

    def default_seconds(self) -> float:
        """About how long the training of the default settings takes; 0 if it is not needed, or unknown."""
        fit = self._default
        if fit is None or not self._is_known or self._default_is_a_trial(fit):
            return 0.0
        rough = self._rough_training(fit, fit.experiment.training.epochs)
        training = self._processor_seconds * rough / self._rough_granted
        return (training + self._scoring_seconds(prediction_cost(fit))) * self._slowdown

    @property
    def _are_ensembles(self) -> bool:
        """Whether trials are ensembles, of which the best is not refitted."""
        return self._search.scheme.facts.trains_ensembles

    @property
    def _is_known(self) -> bool:
        """Whether the speed of training is known."""
        return self._processor_seconds > 0 and self._rough_trained > 0

    def _default_is_a_trial(self, fit: Fit) -> bool:
        """Whether the default settings are a trial that is an ensemble and has ended."""
        result = None if self._default_trial is None else self._standings.latest.get(self._default_trial)
        epochs = fit.experiment.training.epochs
        return result is not None and (result.status is Status.STOPPED_EARLY or result.budget >= epochs)

    def _seconds_of_result(self) -> float:
        """About how long all takes without the comparison."""
        settings, fits = self._search.setup.settings, self._search.fits
        rough, values, states, trials = 0.0, 0, 0, []
        if self._are_ensembles or settings.ensemble is not None:
            trials = self._contenders()
        if self._are_ensembles:
            values = max((trial.values for trial, _ in trials), default=0)
        elif best := self._standings.incumbent:
            refit, epochs = self._refit(best)
            rough = self._rough_confirmation() + self._rough_training(refit, epochs)
            values = prediction_cost(refit)
        default = fits.typical_fit({})
        if settings.ensemble is not None and default is not None:
            values += min(MOST_TIMES * prediction_cost(default), sum(trial.values for trial, _ in trials))
            at_rungs = [trial for trial, epoch in trials if epoch < trial.epochs]
            values += sum(trial.values // trial.members for trial in at_rungs)  # their rows out of bag
            states = len(at_rungs)
        weighting = SECONDS_A_ROW * len(self._search.loaded.data) * (states + 1)
        training = self._processor_seconds * rough / self._rough_trained
        seconds = FIXED_SECONDS + training + self._scoring_seconds(values) + weighting
        return seconds * self._slowdown

    def _contenders(self) -> list[tuple[_ScoringCost, int]]:
        """What is scored for an ensemble, with the epochs of each trial."""
        latest = self._standings.latest
        contenders = {result.trial: result.budget for result in self._standings.contenders()[:MAX_KEPT]}
        contenders |= {number: to for number, to in self._trained.items() if number not in latest}
        trials = [(self._scoring_cost(number), epoch) for number, epoch in contenders.items()]
        if trials:  # another may end just before the time is over
            trials.append(max(trials, key=lambda trial: trial[0].values))
        return trials

    def _refit(self, best: Result) -> tuple[Fit, int]:
        """The best trial as it is refitted, and its epochs."""
        experiment, split = self._search.loaded.experiment, self._search.split
        fit = self._search.fits.typical_fit(self._journal.trials[best.trial].assignment)
        if fit is None:
            raise ValueError(f"trial {best.trial} has a result and cannot be trained")
        training = fit.experiment.training
        refit = replace(
            fit,
            settings=as_ensemble(fit.settings, experiment.model.ensemble),
            trained_rows=min(split.non_test.size, training.max_rows or split.non_test.size),
        )
        return refit, min(self._search.scheme.winners_epochs(best), training.epochs)

    def _rough_training(self, fit: Fit, epochs: int) -> float:
        """The `rough_seconds` of a training of its own."""
        seconds = rough_seconds(fit.settings, train_rows=fit.trained_rows, epochs=epochs)
        are_several = pays_off(fit, workers=self._workers)
        return seconds / (self._speed_up(fit.settings.ensemble) if are_several else 1.0)

    def _rough_confirmation(self) -> float:
        """The `rough_seconds` of the networks that confirm the leaders."""
        leaders = confirmation(self._journal.settings, self._standings, self._journal.confirmed)
        if leaders is None or leaders.is_complete:
            return 0.0
        trials = (self._journal.trials[leader.trial] for leader in leaders.leaders)
        fits = [fit for trial in trials if (fit := self._search.fits.typical_fit(trial.assignment))]
        seconds = sum(
            rough_seconds(fit.settings, train_rows=fit.trained_rows, epochs=leaders.budget) for fit in fits
        )
        return leaders.seeds * seconds / self._speed_up(leaders.seeds * len(fits))

    def _speed_up(self, networks: int) -> float:
        """How many times as fast this number of networks trains on several workers."""
        return 1.0 + WORKERS_GAIN * (min(self._workers, networks) - 1)

    def _scoring_seconds(self, values: int) -> float:
        """The processor time of predicting all rows with networks of `values` parameters."""
        rows = len(self._search.loaded.data)
        return SHARE_OF_TRAINING * rows * values * self._processor_seconds / self._cost

    @property
    def _slowdown(self) -> float:
        """How many times as long the end takes as on a processor of its own."""
        return max(1.0, SHARE_OF_SLOWDOWN * self._seconds / self._processor_seconds)

    def _scoring_cost(self, number: int) -> _ScoringCost:
        if number not in self._scoring_costs:
            fit = self._search.fits.typical_fit(self._journal.trials[number].assignment)
            self._scoring_costs[number] = _ScoringCost.of(fit) if fit else _ScoringCost(0, 1, 0)
        return self._scoring_costs[number]
