"""A search on bags leaves time for its end: its trials end before the time limit."""

from __future__ import annotations

from pathlib import Path

import pytest

from fnnctl.records.journal import Journal
from fnnctl.records.standings import Standings
from fnnctl.records.trials import Trial
from fnnctl.runs.ending_time import (
    FIXED_SECONDS,
    MOST_OF_LIMIT,
    SECONDS_A_ROW,
    SHARE_OF_SLOWDOWN,
    SHARE_OF_TRAINING,
    EndingTime,
)
from fnnctl.runs.search_session import SearchSession
from fnnctl.stacks.bagged_ensemble import MOST_TIMES, prediction_cost
from tests.program import read_json
from tests.runs.bagging import NUMBERS, written
from tests.runs.searching import prepared, search, write_config

ENSEMBLE = {"search": {"ensemble": {"size": 3}}}


@pytest.mark.parametrize("slowdown", [1.0, 4.0])
def test_it_follows_from_how_fast_trials_train(tmp_path: Path, slowdown: float) -> None:
    """The trials are equal but for their learning rates; each has 3 members.

    One more than there are is expected to end. If others use the processors, too, all takes longer.
    """
    ready, journal = prepared(written(tmp_path, "number", NUMBERS, ENSEMBLE)), Journal()
    ending = EndingTime(ready, journal, Standings("minimize", ()))
    assert ending.seconds() == 0.0
    fit = ready.fits.typical_fit({})
    assert fit is not None
    rows, values = len(ready.loaded.data), prediction_cost(fit)
    seconds_a_value = 1e6 / (values * fit.trained_rows)

    def estimate(scorings: float, states: int) -> float:
        scoring = SHARE_OF_TRAINING * scorings * values * seconds_a_value
        seconds = FIXED_SECONDS + rows * (scoring + SECONDS_A_ROW * (states + 1))
        return seconds * max(1.0, SHARE_OF_SLOWDOWN * slowdown)

    def train(number: int, to: int) -> None:
        rate = 0.01 + number / 1000
        trial = Trial(number, {"training.optimizer.learning_rate": rate, "data.scaling": "robust"})
        journal.trials[number] = trial
        times = {"seconds": slowdown * 1e6 * to, "processor_seconds": 1e6 * to}
        ending.note({"trials": [number], "from": 0, "to": to, **times})

    train(0, 6)
    assert ending.seconds() == pytest.approx(estimate(3, 0)), "the best trial, and the ensemble of two"
    train(1, 2)
    assert ending.seconds() == pytest.approx(estimate(4 + 1 / 3, 1))
    for number in range(2, 14):
        train(number, 6)
    assert ending.seconds() == pytest.approx(estimate(1 + MOST_TIMES + 1 / 3, 1))


@pytest.mark.parametrize(
    ("seconds", "left", "ends"),
    [(40.0, 41.0, False), (40.0, 39.0, True), (90.0, 100 * MOST_OF_LIMIT + 1, False), (0.0, 0.0, True)],
)
def test_trials_end_when_the_end_takes_what_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float, left: float, ends: bool
) -> None:
    monkeypatch.setattr(EndingTime, "seconds", lambda ending: seconds)
    monkeypatch.setattr(SearchSession, "seconds_left", left)
    options = ("--time-limit", "100", "--executor", "serial")
    folder = search(written(tmp_path / "bags", "number", NUMBERS), *options)
    assert read_json(folder / "manifest.json")["search"]["end"] == ("the time limit" if ends else "complete")
    if left:  # other searches train their winner after the limit, and have no estimate of that
        folder = search(write_config(tmp_path / "x.yaml", search={"method": "random", "trials": 2}), *options)
        assert read_json(folder / "manifest.json")["search"]["end"] == "complete"
