from __future__ import annotations

import json
import math
import os
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fnnctl.errors import DataError
from fnnctl.messages import Message
from fnnctl.records.journal import (
    COMPLETE,
    TIME_IS_OVER,
    End,
    Header,
    Journal,
    Resume,
    SearchRecord,
    decode,
    encode,
)
from fnnctl.records.trials import Confirmed, EarlyResult, Result, Status, Stop, Trial
from fnnctl.store.journal import JournalFile, JournalRecord, ResultCache, journal_bytes
from tests.messages import Messages

HEADER = Header(
    configuration="3fa9",
    data="c0ffee",
    versions={"fnnctl": "0.1.0", "numpy": "2.4.0"},
    settings={"method": "hyperband", "trials": None, "budget": {"min_epochs": 1, "max_epochs": 9}},
)
TRIAL = Trial(0, {"training.l2": 1e-4, "model.hidden": [64, 32]}, 2)
DONE = Result(0, 0, 1, Status.COMPLETED, 0.1 + 0.2, 1)
STOPPED = Result(0, 1, 3, Status.STOPPED_EARLY, 0.5, 1, facts={"checkpoint": "ab"})
DIVERGED = Result(0, 2, 9, Status.DIVERGED, None, 2, reason="the loss is NaN", reason_kind="non_finite_loss")
CONFIRMED = Confirmed(0, 9, 3, 0.1 + 0.2, 9, 8, 80, 20)
EARLY = EarlyResult(0, 2, 9, Status.COMPLETED, 0.5, 6)
EXPLODED = Confirmed(0, 9, 4, None, 2, 2, 80, 20, "the loss is NaN", reason_kind="non_finite_loss")
ENDED = End("complete", COMPLETE)
RECORDS: list[SearchRecord] = [
    HEADER,
    TRIAL,
    DONE,
    STOPPED,
    End("the time limit", "time_limit"),
    Resume({"workers": 2}),
    DIVERGED,
    ENDED,
]


@contextmanager
def opened(path: Path, cache: ResultCache | None = None) -> Generator[Journal]:
    with closing(JournalFile(path)) as file:
        yield Journal(file, cache)


def written(path: Path, records: Sequence[SearchRecord | JournalRecord]) -> Journal:
    """The journal of a file with these records."""
    encoded = (record if isinstance(record, Mapping) else encode(record) for record in records)
    path.write_bytes(journal_bytes(encoded))
    with opened(path) as journal:
        return journal


def begun(*trials: Trial) -> Journal:
    """A journal without a file."""
    journal = Journal()
    journal.begin(HEADER)
    journal.begin_trials(trials or [TRIAL])
    return journal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.jsonl"


@pytest.mark.parametrize(
    "record", [*RECORDS, EARLY, CONFIRMED, EXPLODED], ids=lambda record: type(record).__name__
)
def test_records_are_the_same_when_they_are_read_again(record: SearchRecord) -> None:
    assert decode(json.loads(json.dumps(encode(record)))) == record


def test_what_the_records_look_like() -> None:
    assert encode(TRIAL) == {
        "record": "trial", "number": 0, "assignment": TRIAL.assignment, "bracket": 2,
    }  # fmt: skip
    assert encode(DIVERGED) == {
        "record": "result", "trial": 0, "rung": 2, "budget": 9, "status": "diverged", "objective": None,
        "epochs": 2, "reason": "the loss is NaN", "reason_kind": "non_finite_loss",
    }  # fmt: skip
    assert encode(replace(HEADER, data=None))["data"] is None


def test_all_that_was_recorded_is_known_again(path: Path) -> None:
    journal = written(path, RECORDS)
    assert journal.header == HEADER
    assert journal.trials == {0: TRIAL}
    assert journal.results == {(0, 1): DONE, (0, 3): STOPPED, (0, 9): DIVERGED}
    assert journal.settings == {**HEADER.settings, "workers": 2}
    assert journal.end == ENDED
    assert written(path, RECORDS[:-1]).end is None, "an end before other records is none any more"


def test_a_confirmation_follows_the_end_and_leaves_it(path: Path) -> None:
    journal = written(path, [*RECORDS, CONFIRMED, EXPLODED])
    assert journal.confirmed == {(0, 9, 3): CONFIRMED, (0, 9, 4): EXPLODED}
    assert journal.end == ENDED
    assert written(path, [*RECORDS, CONFIRMED, Resume({"workers": 3})]).end is None


@pytest.mark.parametrize("objective", [math.nan, math.inf, -math.inf])
def test_a_network_has_a_finite_objective_or_none(objective: float) -> None:
    """The mean over the seeds, and so the order of the leaders, would otherwise be undefined."""
    assert decode(encode(replace(CONFIRMED, objective=objective))) == replace(CONFIRMED, objective=None)


def test_the_results_of_a_trial_by_budget(path: Path) -> None:
    another = replace(DONE, trial=1)
    journal = written(path, [HEADER, TRIAL, replace(TRIAL, number=1), DIVERGED, another, DONE, STOPPED])
    assert [journal.of_trial(trial) for trial in (0, 1, 2)] == [[DONE, STOPPED, DIVERGED], [another], []]
    assert [journal.before((0, budget)) for budget in (1, 2, 3, 9, 27)] == [
        None, DONE, DONE, STOPPED, DIVERGED,
    ]  # fmt: skip
    assert journal.before((2, 9)) is None


def test_it_is_in_the_file_before_it_is_known(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(path, [HEADER, TRIAL])
    with closing(JournalFile(path)) as file:
        journal = Journal(file)
        monkeypatch.setattr(file, "append", lambda records, sync: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            journal.add_result(DONE)
    assert journal.results == {}


def test_results_are_synced_when_it_is_said(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(path, [HEADER])
    with opened(path) as journal:
        synced: list[int] = []
        monkeypatch.setattr(os, "fsync", synced.append)
        journal.begin_trials([TRIAL])
        for result in (DONE, STOPPED):
            journal.add_result(result)
        journal.add_early(DIVERGED)
        assert synced == []
        journal.sync()
        journal.sync()
        assert len(synced) == 1, "the second time there was nothing new"
        journal.add_result(DIVERGED)
        journal.finish(TIME_IS_OVER)
        assert len(synced) == 2, "an end is synced with all that is before it"
    Journal().sync()


@pytest.mark.parametrize(
    ("objective", "curve"),
    [
        ({"metric": "log_loss", "on": "validation"}, "validation_log_loss"),
        ({"metric": "log_loss", "on": "cross_validation"}, None),
        (None, None),
        ("accuracy", None),
    ],
)
def test_the_curve_of_the_objective(objective: Any, curve: str | None) -> None:
    journal = Journal()
    assert journal.objective_curve is None
    journal.begin(replace(HEADER, settings={"objective": objective}))
    assert journal.objective_curve == curve


def test_results_can_be_held_for_the_next_process(tmp_path: Path, path: Path) -> None:
    """Until they are recorded, or the plan of the search changes."""
    with closing(ResultCache(tmp_path)) as cache, opened(path, cache) as journal:
        journal.begin(HEADER)
        journal.begin_trials([TRIAL])
        journal.hold([STOPPED, DIVERGED])
        journal.hold([])
        journal.add_result(DONE)
        assert journal.held == {}, "this process knows them without the journal"

    def held() -> Mapping[tuple[int, int], Result]:
        with opened(path, ResultCache(tmp_path)) as journal:
            return journal.held

    assert held() == {STOPPED.key: STOPPED, DIVERGED.key: DIVERGED}
    with closing(ResultCache(tmp_path)) as cache, opened(path, cache) as journal:
        journal.begin(HEADER, {"workers": 3})
        journal.add_result(STOPPED)
        assert journal.held == {DIVERGED.key: DIVERGED}
        journal.finish(TIME_IS_OVER)
    assert held() == {DIVERGED.key: DIVERGED}
    with opened(path, ResultCache(tmp_path)) as journal:
        journal.begin(replace(HEADER, settings={**HEADER.settings, "trials": 9}))
        assert journal.held == {}
    assert held() == {}
    assert list(tmp_path.iterdir()) == [path]


def test_a_complete_search_holds_nothing(tmp_path: Path) -> None:
    journal = Journal(cache=ResultCache(tmp_path))
    journal.begin(HEADER)
    journal.hold([DONE])
    assert list(tmp_path.iterdir()) != []
    journal.finish(Message(COMPLETE, "complete"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("records", "line"),
    [
        ([TRIAL], 1),
        ([HEADER, HEADER], 2),
        ([HEADER, DONE], 2),
        ([HEADER, TRIAL, DONE, DONE], 4),
        ([HEADER, TRIAL, CONFIRMED, CONFIRMED], 4),
        ([HEADER, TRIAL, DONE, Stop("hopeless", trial=0, budget=3, saved=6)], 4),
        ([HEADER, TRIAL, CONFIRMED, replace(EXPLODED, trial=1)], 4),
        # of another version
        ([HEADER, {"record": "wish"}], 2),
        ([HEADER, {"number": 1}], 2),
        ([HEADER, {"record": "trial", "number": 1}], 2),
        ([HEADER, {"record": "end", "reason": "complete", "more": 1}], 2),
        ([HEADER, TRIAL, {**encode(DONE), "status": "well"}], 3),
        # of other types
        ([{**encode(HEADER), "settings": [["method", "random"]]}], 1),
        ([{**encode(HEADER), "settings": {"scales": 3}}], 1),
        ([{**encode(HEADER), "settings": {"paths": "training.l2"}}], 1),
        ([{**encode(HEADER), "settings": {"rungs": {"0": [1, "x"]}}}], 1),
        ([{**encode(HEADER), "settings": {"confirm": {"top": 2}}}], 1),
        ([{**encode(HEADER), "settings": {"horizon": [3]}}], 1),
        ([HEADER, encode(Resume({"budget": 3}))], 2),
        *(
            ([{**encode(HEADER), "settings": {"budget": {"reduction_factor": factor}}}], 1)
            for factor in ({"a": 3}, "3", True, 0.5, 10**400)
        ),
        ([{**encode(HEADER), "versions": "0.1.0"}], 1),
        ([HEADER, {**encode(TRIAL), "bracket": [2]}], 2),
        ([HEADER, {**encode(TRIAL), "assignment": [1e-4]}], 2),
        ([HEADER, {**encode(TRIAL), "number": -1}], 2),
        ([HEADER, {**encode(TRIAL), "number": "0"}], 2),
        ([HEADER, TRIAL, {**encode(DONE), "budget": 10**18}], 3),
        ([HEADER, TRIAL, {**encode(DONE), "budget": 0}], 3),
        ([HEADER, TRIAL, {**encode(DONE), "budget": True}], 3),
        ([HEADER, TRIAL, {**encode(DONE), "epochs": 1.5}], 3),
        ([HEADER, TRIAL, {**encode(DONE), "facts": "x"}], 3),
        ([HEADER, TRIAL, {**encode(DONE), "facts": {"folds": 0.5}}], 3),
        ([HEADER, TRIAL, {**encode(DONE), "facts": {"curve": {"validation_loss": 0.5}}}], 3),
        *(
            ([HEADER, TRIAL, {**encode(DONE), "facts": {"curve": {"validation_loss": [0.5, value]}}}], 3)
            for value in ({"a": 3}, "3", True, 10**400)
        ),
        ([HEADER, TRIAL, {**encode(DONE), "facts": {"folds": [0.5, "0.5"]}}], 3),
        ([HEADER, TRIAL, {**encode(DONE), "objective": 10**400}], 3),
        ([HEADER, TRIAL, {**encode(DIVERGED), "reason": 3}], 3),
        ([HEADER, {**encode(ENDED), "reason_kind": ["complete"]}], 2),
    ],
)
def test_records_that_do_not_fit_together(
    path: Path, records: list[SearchRecord | JournalRecord], line: int
) -> None:
    with pytest.raises(DataError, match=f"^{path}:{line}: is not a valid record for this version"):
        written(path, records)


def test_a_search_that_goes_on_with_the_same_settings_records_nothing(path: Path) -> None:
    journal = written(path, [HEADER])
    journal.begin(replace(HEADER, settings=dict(sorted(HEADER.settings.items()))))
    journal.begin(HEADER, {})
    assert path.read_bytes() == journal_bytes([encode(HEADER)])


def test_a_resume_records_what_it_changes() -> None:
    journal = Journal()
    journal.begin(HEADER, {"workers": 8})
    assert journal.settings == HEADER.settings, "the workers of the beginning are nobody's business"
    longer = {**HEADER.settings, "budget": {"min_epochs": 1, "max_epochs": 27}}
    journal.begin(replace(HEADER, settings=longer), {"workers": 4, "time_limit": 60.0})
    assert journal.settings == {**longer, "workers": 4, "time_limit": 60.0}
    journal.begin(replace(HEADER, settings=longer), {"workers": 4})
    assert journal.settings == {**longer, "workers": 4, "time_limit": 60.0}


@pytest.mark.parametrize(
    "changed",
    [
        {"data": "facade"},
        {"data": None},
        {"configuration": "0"},
        {"versions": {"fnnctl": "0.1.0", "numpy": "2.5.1"}},
        {"versions": {"fnnctl": "0.4.0", "numpy": "2.4.0"}, "configuration": "0"},
        {"versions": {"fnnctl": "0.1.0"}},
        {"versions": {**HEADER.versions, "blas": "1"}},
        {"settings": {**HEADER.settings, "method": "grid", "trials": 9}},
    ],
    ids=["data", "unknown data", "configuration", "numpy", "fnnctl", "no numpy", "more libraries", "method"],
)
def test_what_a_resume_may_not_change(path: Path, changed: dict[str, Any], messages: Messages) -> None:
    with pytest.raises(DataError) as caught:
        written(path, [HEADER]).begin(replace(HEADER, **changed))
    messages.check(caught.value)


def test_trials_are_recorded_once() -> None:
    journal = begun()
    journal.begin_trials([replace(TRIAL, assignment={"model.hidden": (64, 32), "training.l2": 1e-4})])
    assert journal.trials == {0: TRIAL}


@pytest.mark.parametrize(
    "other",
    [
        replace(TRIAL, assignment={**TRIAL.assignment, "training.l2": 1.0000000000000002e-4}),
        replace(TRIAL, assignment={"training.l2": 1e-4}),
        replace(TRIAL, bracket=1),
    ],
)
def test_another_trial_than_was_recorded(path: Path, other: Trial) -> None:
    journal = written(path, [HEADER, TRIAL, Resume({"workers": 2})])
    with pytest.raises(
        DataError, match=f"^{path}: has a different trial 0 than this search: .* is chosen now"
    ):
        journal.begin_trials([other])


def test_an_extension_may_move_a_trial_to_another_bracket(path: Path) -> None:
    written(path, [HEADER, TRIAL, DONE, Resume({"trials": 9})])
    moved = replace(TRIAL, bracket=3)
    with opened(path) as journal:
        journal.begin_trials([moved])
        with pytest.raises(DataError, match="has a different trial 0"):
            journal.begin_trials([replace(moved, assignment={})])
    with opened(path) as journal:
        assert journal.trials == {0: moved}
    assert json.loads(path.read_text().splitlines()[-1])["bracket"] == 3


def test_the_trials_before_an_extension(path: Path) -> None:
    """A sampler that learns proposes them again; further trials, and a later kill, change nothing."""
    later = [replace(TRIAL, number=number, assignment={"training.l2": number / 10}) for number in (1, 2)]
    journal = begun(TRIAL, later[0])
    longer = replace(HEADER, settings={**HEADER.settings, "trials": 9})
    journal.begin(longer)
    journal.begin_trials([later[1]])
    journal.begin(longer, {"workers": 2})
    assert journal.before_extension == (TRIAL.assignment, later[0].assignment)


def test_another_plan_may_have_another_sampler_if_it_was_chosen_automatically() -> None:
    journal = Journal()
    journal.begin(replace(HEADER, settings={**HEADER.settings, "chosen_sampler": "gp"}))
    journal.begin(replace(HEADER, settings={**HEADER.settings, "trials": 900, "chosen_sampler": "tpe"}))
    assert journal.settings["chosen_sampler"] == "tpe"


def test_an_extended_search_makes_its_decisions_again() -> None:
    """Those of the shorter plan do not count any more; a resume with the same plan keeps them."""
    stops = [
        Stop("hopeless", trial=0, budget=1, saved=8, reason_kind="small_chance"),
        Stop("no improvement in 5 trials", reason_kind="no_improvement"),
    ]
    journal = begun()
    journal.add_result(DONE)
    journal.add_stops(stops)
    journal.begin(HEADER, {"workers": 2})
    assert list(journal.stops.values()) == stops
    journal.begin(replace(HEADER, settings={**HEADER.settings, "trials": 9}))
    assert list(journal.stops.values()) == []
    journal.add_stops(stops[:1])
    assert list(journal.stops.values()) == stops[:1]


def test_the_end_is_recorded_once() -> None:
    journal = Journal()
    journal.begin(HEADER)
    assert journal.finish(TIME_IS_OVER) == TIME_IS_OVER
    first = journal.end
    journal.finish(TIME_IS_OVER)
    assert journal.end is first
    journal.finish(Message(COMPLETE, "complete"))
    assert journal.end == ENDED


def test_an_early_result_is_recorded_again_in_its_turn(path: Path) -> None:
    """It is known without being one of the results, on which decisions depend."""
    done = Result(0, 2, 9, Status.COMPLETED, 0.5, 6)
    written(path, [HEADER, TRIAL, DONE, EARLY, End("interrupted", "interrupted")])
    with opened(path) as journal:
        assert journal.held == journal.early == {done.key: done}
        assert list(journal.results) == [DONE.key]
        assert journal.all_results == {DONE.key: DONE, done.key: done}
        journal.add_early(done)
        assert journal.end is not None, "it is recorded once"
        journal.add_result(done)
        assert journal.held == journal.early == {}
        assert list(journal.results.values()) == [DONE, done]
        with pytest.raises(ValueError, match="a second result of a job"):
            journal.add_early(done)


def test_an_extended_search_begins_with_the_early_results(path: Path) -> None:
    """In its plan they have no turn."""
    end, resume = End("interrupted", "interrupted"), Resume({"trials": 9})
    journal = written(path, [HEADER, TRIAL, DONE, EARLY, end, resume])
    assert journal.held == journal.early == {}
    assert list(journal.results) == [DONE.key, EARLY.key]
    assert type(journal.results[EARLY.key]) is Result
