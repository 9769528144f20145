"""The loop over objectives that train nothing: whatever happens, the journal is that of one undisturbed."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from fnnctl.errors import DataError
from fnnctl.records.journal import End, Header, Journal
from fnnctl.records.trials import Job, Result, Status
from fnnctl.search.budget import SearchBudget
from fnnctl.search.loop import Runner, run_search
from fnnctl.search.protocols import Scheduler
from fnnctl.search.schedulers import build_scheduler
from fnnctl.store.journal import JournalFile, read_journal
from tests.search.toys import Climber, Outcome, Recorder, grouped_runner, numbered, result_of, unruly

HEADER = Header("3fa9", None, {"fnnctl": "0.1.0"}, {"trials": 4})
SMALL = SearchBudget(max_epochs=9, reduction_factor=3, max_trials=12)
TINY = SearchBudget(max_epochs=3, reduction_factor=3)


def hyperband(learns: bool = False, budget: SearchBudget = SMALL) -> Scheduler:
    sampler = Climber(100) if learns else numbered(100)
    return build_scheduler("hyperband", sampler, budget, direction="maximize")


def searched(path: Path, scheduler: Scheduler, runner: Runner, stop: Callable[[], str | None]) -> str:
    with closing(JournalFile(path)) as file:
        journal = Journal(file)
        journal.begin(HEADER)
        return run_search(scheduler, runner, journal, stop=stop)


def go_on() -> None:
    return None


@pytest.fixture(autouse=True)
def _unsynced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.jsonl"


def begun() -> Journal:
    journal = Journal()
    journal.begin(HEADER)
    return journal


def test_a_search_ends_when_there_is_nothing_left(path: Path) -> None:
    assert searched(path, hyperband(), grouped_runner(unruly), go_on) == "complete"
    kinds = [record["record"] for record in read_journal(path) or []]
    assert (kinds[0], kinds[-1]) == ("header", "end")
    assert kinds.count("trial") == 12


@pytest.mark.parametrize("learns", [False, True])
def test_a_journal_that_was_cut_after_its_header_comes_to_the_same_end(tmp_path: Path, learns: bool) -> None:
    undisturbed = tmp_path / "undisturbed"
    searched(undisturbed, hyperband(learns, TINY), grouped_runner(unruly), go_on)
    whole = undisturbed.read_bytes()
    for cut in range(whole.index(b"\n") + 1, len(whole) + 1):
        path = tmp_path / "journal.jsonl"
        path.write_bytes(whole[:cut])
        searched(path, hyperband(learns, TINY), grouped_runner(unruly), go_on)
        assert path.read_bytes() == whole


def test_only_what_is_not_recorded_is_done_again(path: Path) -> None:
    done: list[tuple[int, int]] = []

    def counted(job: Job) -> Outcome:
        done.append(job.key)
        return unruly(job)

    searched(path, hyperband(), grouped_runner(counted), go_on)
    every = list(done)
    assert len(set(every)) == len(every)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-5]))
    done.clear()
    searched(path, hyperband(), grouped_runner(counted), go_on)
    assert done == every[-4:]
    done.clear()
    searched(path, hyperband(), grouped_runner(counted), go_on)
    assert done == []


def test_a_flipped_byte_ends_nothing_silently(path: Path) -> None:
    searched(path, hyperband(budget=TINY), grouped_runner(unruly), go_on)
    whole = path.read_bytes()
    for index in range(len(whole) - 1):
        path.write_bytes(whole[:index] + bytes([whole[index] ^ 1]) + whole[index + 1 :])
        with pytest.raises(DataError):
            searched(path, hyperband(budget=TINY), grouped_runner(unruly), go_on)


def test_a_stop_is_recorded_with_its_reason_and_gone_on_from(path: Path) -> None:
    asked = iter([None, None, None, "time limit"])
    assert searched(path, hyperband(), grouped_runner(unruly), lambda: next(asked)) == "time limit"
    stopped = read_journal(path) or []
    assert stopped[-1] == {"record": "end", "reason": "time limit"}
    assert sum(record["record"] == "result" for record in stopped) == 3 * 4
    assert searched(path, hyperband(), grouped_runner(unruly), go_on) == "complete"
    undisturbed = path.with_name("undisturbed")
    searched(undisturbed, hyperband(), grouped_runner(unruly), go_on)
    decisions = [record for record in read_journal(path) or [] if record["record"] != "end"]
    assert decisions == (read_journal(undisturbed) or [])[:-1]


def test_a_search_that_is_over_is_not_stopped(path: Path) -> None:
    searched(path, hyperband(), grouped_runner(unruly), go_on)
    before = path.read_bytes()
    assert searched(path, hyperband(), grouped_runner(unruly), lambda: "interrupted") == "complete"
    assert path.read_bytes() == before


def test_a_stop_before_anything_was_done(path: Path) -> None:
    assert searched(path, hyperband(), grouped_runner(unruly), lambda: "interrupted") == "interrupted"
    assert {record["record"] for record in read_journal(path) or []} == {"header", "trial", "end"}


def test_a_runner_may_end_early_where_it_was_told_to() -> None:
    def first_only(jobs: Sequence[Job]) -> Generator[Sequence[Result], None, None]:
        yield [result_of(jobs[0], 0.5)]

    asked = iter([None, None, "interrupted"])
    journal = begun()
    assert run_search(hyperband(), first_only, journal, stop=lambda: next(asked)) == "interrupted"
    assert (len(journal.results), journal.end) == (1, End("interrupted"))
    with pytest.raises(RuntimeError, match="the runner did not do 11 of 12 jobs"):
        run_search(hyperband(), first_only, begun())


def test_a_runner_is_closed_when_the_search_stops() -> None:
    closed = []

    def endless(jobs: Sequence[Job]) -> Generator[Sequence[Result], None, None]:
        try:
            for job in jobs:
                yield [result_of(job, 0.5)]
        finally:
            closed.append(True)

    asked = iter([None, "time limit"])
    run_search(hyperband(), endless, begun(), stop=lambda: next(asked))
    assert closed == [True]


@pytest.mark.parametrize("wrong", [(99, 1), (0, 7)])
def test_a_result_that_nobody_asked_for(wrong: tuple[int, int]) -> None:
    def odd(jobs: Sequence[Job]) -> Generator[Sequence[Result], None, None]:
        yield [Result(wrong[0], 0, wrong[1], Status.COMPLETED, 0.5, 1)]

    journal = begun()
    with pytest.raises(ValueError, match="a result that belongs to no open job"):
        run_search(hyperband(), odd, journal)
    assert journal.results == {}


def test_a_result_that_comes_twice() -> None:
    def twice(jobs: Sequence[Job]) -> Generator[Sequence[Result], None, None]:
        yield [result_of(jobs[0], 0.5), result_of(jobs[0], 0.5)]

    with pytest.raises(ValueError, match="a result that belongs to no open job"):
        run_search(hyperband(), twice, begun())


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_an_objective_that_is_no_number_has_diverged(value: float) -> None:
    journal = begun()
    run_search(hyperband(), grouped_runner(lambda job: value), journal)
    assert journal.results[0, 1] == Result(
        0, 0, 1, Status.DIVERGED, None, 1, reason=f"the objective is {value}"
    )


def test_a_trial_that_failed_has_no_objective() -> None:
    journal = begun()
    run_search(hyperband(), grouped_runner(lambda job: (Status.FAILED, 0.5)), journal)
    assert journal.results[0, 1].objective is None


def test_whoever_watches_is_told_what_is_recorded() -> None:
    journal, seen = begun(), []

    def watch(results: Sequence[Result]) -> None:
        assert all(journal.results[result.key] is result for result in results)
        seen.append(len(results))

    run_search(hyperband(), grouped_runner(unruly, batch=5), journal, on_results=watch)
    assert seen[:3] == [5, 5, 2]
    assert sum(seen) == len(journal.results)


def test_a_journal_of_another_sampler_is_refused(path: Path) -> None:
    searched(path, hyperband(), grouped_runner(unruly), go_on)
    with pytest.raises(DataError, match="has a different trial 0 than this search"):
        searched(path, hyperband(learns=True), grouped_runner(unruly), go_on)


def test_an_extension_reuses_every_result_that_its_plan_asks_for(path: Path) -> None:
    """From brackets up to 9 epochs to brackets up to 27: a trial that moves takes along what it has done."""
    searched(path, hyperband(), grouped_runner(unruly), go_on)
    before = {
        (record["trial"], record["budget"]) for record in read_journal(path) or [] if "budget" in record
    }
    done: list[tuple[int, int]] = []

    def counted(job: Job) -> Outcome:
        done.append(job.key)
        return unruly(job)

    longer = SearchBudget(max_epochs=27, reduction_factor=3, max_trials=40)
    with closing(JournalFile(path)) as file:
        journal = Journal(file)
        journal.begin(Header("3fa9", None, {"fnnctl": "0.1.0"}, {"trials": 40}))
        run_search(hyperband(budget=longer), grouped_runner(counted), journal)
    assert not before & set(done)
    assert journal.trials[0].bracket == 3
    fresh = begun()
    run_search(hyperband(budget=longer), grouped_runner(unruly), fresh)
    asked_for = {key: (result.status, result.objective) for key, result in fresh.results.items()}
    extended = {key: (result.status, result.objective) for key, result in journal.results.items()}
    assert asked_for.items() <= extended.items()
    assert fresh.trials == journal.trials
    assert before & set(asked_for), "something was there to be used"


def test_a_larger_budget_goes_on_from_the_recorded_one() -> None:
    """Trial 1 stopped early, trial 2 diverged and trial 3 failed: with more epochs they would have, too."""
    ends: dict[int, Outcome] = {0: 0.1, 1: (Status.STOPPED_EARLY, 0.2), 2: Status.DIVERGED, 3: Status.FAILED}
    journal = begun()
    told: list[Result] = []

    def search(epochs: int, trials: int) -> list[tuple[int, int, int]]:
        sampler, done = Recorder(trials), []

        def outcome(job: Job) -> Outcome:
            done.append((job.trial.number, job.start, job.stop))
            return ends.get(job.trial.number, 0.3)

        scheduler = build_scheduler(
            "full_budget", sampler, SearchBudget(max_epochs=epochs, trials=trials), direction="maximize"
        )
        run_search(scheduler, grouped_runner(outcome, groups=1), journal)
        told[:] = sampler.told
        return done

    assert search(4, 4) == [(0, 0, 4), (1, 0, 4), (2, 0, 4), (3, 0, 4)]
    recorded = dict(journal.results)
    assert search(10, 5) == [(0, 4, 10), (4, 0, 10)]
    assert journal.results.keys() == {*recorded, (0, 10), (4, 10)}
    assert [(each.budget, each.status, each.objective, each.epochs) for each in told] == [
        (10, Status.COMPLETED, 0.1, 6),
        (10, Status.STOPPED_EARLY, 0.2, 0),
        (10, Status.DIVERGED, None, 0),
        (10, Status.FAILED, None, 0),
        (10, Status.COMPLETED, 0.3, 10),
    ]
