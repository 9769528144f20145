"""A search with a time limit leaves time for its end: its trials end before the limit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fnnctl.modelling.fit import Fit
from fnnctl.records.journal import Journal
from fnnctl.records.standings import Standings
from fnnctl.records.trials import Result, Status, Trial
from fnnctl.runs.ending_time import (
    FIXED_SECONDS,
    MOST_OF_LIMIT,
    SECONDS_A_ROW,
    SHARE_OF_SLOWDOWN,
    SHARE_OF_TRAINING,
    EndingTime,
)
from fnnctl.runs.search import journal_header
from fnnctl.runs.search_session import SearchSession
from fnnctl.stacks.costs import rough_seconds
from fnnctl.trials.bagged_ensemble import MOST_TIMES, prediction_cost
from fnnctl.trials.preparation import PreparedSearch
from tests.program import read_json
from tests.runs.bagging import NUMBERS, written
from tests.runs.searching import RATE, prepared, search, write_config

ENSEMBLE = {"search": {"ensemble": {"size": 3}}}
VALIDATION = {"method": "random", "trials": 2, "compare_with_default": True}
FOLDS = {**VALIDATION, "objective": {"metric": "accuracy", "on": "cross_validation"}}
ONE_BY_ONE = {RATE: {"log_uniform": [0.003, 0.3]}, "training.batch_size": {"integer": [8, 64]}}
"""So that trials have stacks of their own, and the search can end between them."""
TIMES_ROUGH = 1e6
"""How many times as long as by `rough_seconds` the trials take: the fixed times hardly count then."""


def of_validation(folder: Path, **settings: Any) -> Path:
    return write_config(folder / "x.yaml", search={**VALIDATION, **settings})


class Training:
    """A search, of which trials are trained on one worker."""

    def __init__(self, search: PreparedSearch, *, limit: float = 1e12, default: Fit | None = None) -> None:
        self.search, self.journal = search, Journal()
        self.standings = Standings(search.setup.direction, ())
        self.ending = EndingTime(
            search, self.journal, self.standings, limit=limit, workers=1, default=default
        )
        fit = search.fits.typical_fit({})
        assert fit is not None
        self.fit = fit

    def train(self, number: int, to: int, *, epochs: int | None = None, slowdown: float = 1.0) -> None:
        """Train the fits of a trial, which stop after `epochs`."""
        scheme = self.search.setup.settings.objective.scheme
        scaling = {"data.scaling": "robust"} if scheme.trains_ensembles else {}
        self.journal.trials[number] = Trial(number, {RATE: 0.01 + number / 1000, **scaling})
        fits, epochs = len(self.search.fits.rows), epochs or to
        seconds = fits * TIMES_ROUGH * self.rough(self.fit, epochs)
        self.ending.note({
            "trials": [number], "networks": fits, "from": 0, "to": to, "epochs": fits * epochs,
            "seconds": slowdown * seconds, "processor_seconds": seconds,
        })  # fmt: skip

    def rough(self, fit: Fit, epochs: int) -> float:
        return rough_seconds(fit.settings, train_rows=fit.trained_rows, epochs=epochs)

    def record(self, number: int, budget: int) -> None:
        """Record the result of the trial."""
        self.standings.add(Result(number, 0, budget, Status.COMPLETED, 0.5, budget))

    def fixed(self, scorings: float, states: int = 0) -> float:
        """The time of all but training, if `scorings` networks like the config's are scored."""
        rows, seconds_a_value = len(self.search.loaded.data), TIMES_ROUGH * self.rough(self.fit, 1)
        seconds_a_value /= prediction_cost(self.fit) * self.fit.trained_rows
        scoring = SHARE_OF_TRAINING * scorings * prediction_cost(self.fit) * seconds_a_value
        return FIXED_SECONDS + rows * (scoring + SECONDS_A_ROW * (states + 1))


@pytest.mark.parametrize("slowdown", [1.0, 4.0])
def test_on_bags_it_follows_from_how_fast_trials_train(tmp_path: Path, slowdown: float) -> None:
    """The trials are equal but for their learning rates; each has 3 members.

    One more than there are is expected to end. If others use the processors, too, all takes longer.
    """
    training = Training(prepared(written(tmp_path, "number", NUMBERS, ENSEMBLE)))
    assert training.ending.seconds() == 0.0
    busy = max(1.0, SHARE_OF_SLOWDOWN * slowdown)
    training.train(0, 6, slowdown=slowdown)
    best_and_ensemble_of_two = training.fixed(3)
    assert training.ending.seconds() == pytest.approx(best_and_ensemble_of_two * busy)
    training.train(1, 2, slowdown=slowdown)
    assert training.ending.seconds() == pytest.approx(training.fixed(4 + 1 / 3, 1) * busy)
    for number in range(2, 14):
        training.train(number, 6, slowdown=slowdown)
    assert training.ending.seconds() == pytest.approx(training.fixed(1 + MOST_TIMES + 1 / 3, 1) * busy)


@pytest.mark.parametrize(("settings", "slowdown"), [(VALIDATION, 1.0), (FOLDS, 4.0)])
def test_elsewhere_the_winner_is_refitted(tmp_path: Path, settings: dict[str, Any], slowdown: float) -> None:
    """As the ensemble of the config, on training and validation rows, for its own number of epochs."""
    folds = {"cross_validation": {"folds": 3, "repeats": 1}}
    config = write_config(tmp_path / "x.yaml", model={"ensemble": 2}, search=settings, evaluation=folds)
    training = Training(prepared(config))
    training.train(0, 9, slowdown=slowdown)
    busy = max(1.0, SHARE_OF_SLOWDOWN * slowdown)
    assert training.ending.seconds() == pytest.approx(training.fixed(0) * busy), "there is no winner yet"
    training.record(0, 9)
    training.train(1, 9, epochs=4, slowdown=slowdown)
    rows = training.search.split.non_test.size
    refit = TIMES_ROUGH * rough_seconds(replace(training.fit.settings, ensemble=2), train_rows=rows, epochs=9)
    assert training.ending.seconds() == pytest.approx((refit + training.fixed(2)) * busy, rel=0.02)


def test_the_default_settings_are_expected_to_stop_early_like_the_trials(tmp_path: Path) -> None:
    ready = prepared(of_validation(tmp_path))
    default = ready.base_fit()
    training = Training(ready, default=default)
    assert training.ending.default_seconds() == 0.0, "that is unknown before any trial"
    training.train(0, 9)
    whole = TIMES_ROUGH * training.rough(default, 9)
    assert training.ending.default_seconds() == pytest.approx(whole, rel=0.1)
    training.train(1, 9, epochs=3)
    assert training.ending.default_seconds() == pytest.approx(whole * (9 + 3) / 18, rel=0.1)


def test_time_for_the_default_settings_is_left_only_if_that_is_at_most_half_of_the_limit(
    tmp_path: Path,
) -> None:
    ready = prepared(of_validation(tmp_path))

    def seconds(limit: float, default: Fit | None) -> float:
        training = Training(ready, limit=limit, default=default)
        training.train(0, 9)
        training.record(0, 9)
        return training.ending.seconds()

    default = ready.base_fit()
    result, all_of_it = seconds(1e12, None), seconds(1e12, default)
    assert all_of_it > 1.8 * result
    limit = all_of_it / MOST_OF_LIMIT
    assert seconds(limit * 1.01, default) == all_of_it
    assert seconds(limit * 0.99, default) == result
    assert seconds(result / MOST_OF_LIMIT * 0.5, default) == pytest.approx(result * 0.5)


def test_a_default_trial_on_bags_that_has_ended_is_not_trained_again(tmp_path: Path) -> None:
    """No time is left for its training before, because it is a trial that is trained to its end."""
    more = {"search": {"start_from": "defaults", "compare_with_default": True}}
    ready = prepared(written(tmp_path, "number", NUMBERS, more))
    training = Training(ready, default=ready.base_fit())
    training.journal.trials[0] = Trial(0, ready.setup.first[0])
    event = {"trials": [0], "networks": 1, "from": 0, "to": 6, "epochs": 6}
    training.ending.note({**event, "seconds": 9.0, "processor_seconds": 9.0})
    assert training.ending.default_seconds() > 0
    assert training.ending.seconds() < FIXED_SECONDS + training.ending.default_seconds()
    training.record(0, 6)
    assert training.ending.default_seconds() == 0


def test_the_networks_of_a_confirmation_count(tmp_path: Path) -> None:
    ready = prepared(of_validation(tmp_path, confirm={"top": 2, "seeds": 3}))

    def seconds(*, confirm: bool) -> float:
        training = Training(ready)
        if confirm:
            training.journal.begin(journal_header(ready), {})
        for number in range(2):
            training.train(number, 9)
            training.record(number, 9)
        return training.ending.seconds()

    fit = ready.base_fit()
    networks = 2 * 3 * TIMES_ROUGH * rough_seconds(fit.settings, train_rows=fit.trained_rows, epochs=9)
    assert seconds(confirm=True) - seconds(confirm=False) == pytest.approx(networks, rel=1e-6)


@pytest.mark.parametrize(("seconds", "left", "ends"), [(40.0, 41.0, False), (40.0, 39.0, True), (0, 0, True)])
@pytest.mark.parametrize("on_bags", [True, False])
def test_trials_end_when_the_end_takes_what_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float, left: float, ends: bool, on_bags: bool
) -> None:
    """With a first result: without one, a search that is not on bags goes on to its limit."""
    config = (
        written(tmp_path, "number", NUMBERS)
        if on_bags
        else of_validation(tmp_path, trials=9, space=ONE_BY_ONE)
    )
    monkeypatch.setattr(EndingTime, "seconds", lambda ending: seconds)
    monkeypatch.setattr(SearchSession, "seconds_left", left)
    is_error = not left and not on_bags
    folder = search(config, "--time-limit", "100", "--executor", "serial", code=4 if is_error else 0)
    assert read_json(folder / "manifest.json")["search"]["end"] == ("the time limit" if ends else "complete")
