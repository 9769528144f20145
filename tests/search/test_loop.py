"""The loop over objectives that train nothing: whatever happens, the journal is that of one undisturbed."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from fnnctl.config.schema.methods import SCHEDULERS
from fnnctl.messages import Message
from fnnctl.records.journal import COMPLETE, INTERRUPTED, TIME_IS_OVER, End, Header, Journal
from fnnctl.records.trials import Job, Result, Status, Stop, Trial
from fnnctl.search.budget import SearchBudget
from fnnctl.search.loop import MAX_UNCOUNTED_TRIALS, Spending, VirtualClock, run_search
from fnnctl.search.protocols import UNLIMITED, Runner, Scheduler
from fnnctl.search.schedulers import build_scheduler
from fnnctl.search.schedulers.base import TrialSource
from fnnctl.search.schedulers.full_budget import FullBudget
from fnnctl.store.journal import JournalFile, read_journal
from tests.search.toys import Climber, Outcome, Recorder, ToyRunner, numbered

STOPPED = Message(INTERRUPTED, "interrupted")
HEADER = Header("3fa9", None, {"fnnctl": "0.1.0"}, {"trials": 4})
SMALL = SearchBudget(max_epochs=9, reduction_factor=3, max_trials=12)
TINY = SearchBudget(max_epochs=3, reduction_factor=3)


def hyperband(learns: bool = False, budget: SearchBudget = SMALL) -> Scheduler:
    sampler = Climber(100) if learns else numbered(100)
    return build_scheduler("hyperband", sampler, budget, direction="maximize")


def go_on() -> None:
    return None


def searched(
    path: Path,
    scheduler: Scheduler,
    runner: Runner,
    stop: Callable[[], Message | None] = go_on,
    *,
    concurrency: int = UNLIMITED,
    cost: int | None = None,
) -> Message:
    with closing(JournalFile(path)) as file:
        journal = Journal(file)
        journal.begin(HEADER)
        return run_search(scheduler, runner, journal, stop=stop, concurrency=concurrency, cost=cost)


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


def test_a_search_that_is_over_is_not_stopped(path: Path) -> None:
    assert searched(path, hyperband(), ToyRunner(), lambda: STOPPED) == STOPPED
    assert {record["record"] for record in read_journal(path) or []} == {"header", "trial", "end"}
    assert searched(path, hyperband(), ToyRunner()).kind == COMPLETE
    kinds = [record["record"] for record in read_journal(path) or []]
    assert (kinds[0], kinds[-1], kinds.count("trial")) == ("header", "end", 12)
    before = path.read_bytes()
    assert searched(path, hyperband(), ToyRunner(), lambda: STOPPED).kind == COMPLETE
    assert path.read_bytes() == before


def sample(journal: bytes) -> set[int]:
    """The indices of every seventh byte, and those around the end of each line."""
    ends = [index for index, byte in enumerate(journal) if byte == ord("\n")]
    return {*range(0, len(journal), 7), *(end + step for end in ends for step in (-1, 0, 1))}


@pytest.mark.parametrize("learns", [False, True])
def test_a_journal_that_was_cut_after_its_header_comes_to_the_same_end(tmp_path: Path, learns: bool) -> None:
    undisturbed = tmp_path / "undisturbed"
    searched(undisturbed, hyperband(learns, TINY), ToyRunner())
    whole = undisturbed.read_bytes()
    after_header = {*range(whole.index(b"\n") + 1, len(whole) + 1)}
    path = tmp_path / "journal.jsonl"
    for cut in sorted(sample(whole) & after_header):
        path.write_bytes(whole[:cut])
        searched(path, hyperband(learns, TINY), ToyRunner())
        assert path.read_bytes() == whole


def test_only_what_is_not_recorded_is_done_again(path: Path) -> None:
    undisturbed = ToyRunner()
    searched(path, hyperband(), undisturbed)
    assert len({*undisturbed.done}) == len(undisturbed.done)
    whole = read_journal(path) or []
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-5]))
    for lost in (whole[-5:-1], []):
        runner = ToyRunner()
        searched(path, hyperband(), runner)
        assert sorted(runner.done) == sorted((record["trial"], record["budget"]) for record in lost)


def test_a_stop_is_recorded_with_its_reason_and_gone_on_from(path: Path) -> None:
    asked = iter([None, None, None, TIME_IS_OVER])
    assert searched(path, hyperband(), ToyRunner(), lambda: next(asked)) == TIME_IS_OVER
    stopped = read_journal(path) or []
    assert stopped[-1] == {"record": "end", "reason": "the time limit", "reason_kind": "time_limit"}
    assert 0 < sum(record["record"] == "result" for record in stopped) <= 3 * 4
    assert any(record["record"] == "early result" for record in stopped)
    assert searched(path, hyperband(), ToyRunner()).kind == COMPLETE
    undisturbed = path.with_name("undisturbed")
    searched(undisturbed, hyperband(), ToyRunner())
    of_sessions = {"end", "early result"}  # the others are those of a search that was never stopped
    decisions = [record for record in read_journal(path) or [] if record["record"] not in of_sessions]
    assert decisions == (read_journal(undisturbed) or [])[:-1]


def test_no_job_begins_once_those_before_it_cost_enough(tmp_path: Path) -> None:
    """A toy's epoch costs 1: 5 jobs of 9 epochs are the first that cost 40; 45 asks for no sixth one."""

    def budget(trials: int) -> SearchBudget:
        return SearchBudget(max_epochs=9, trials=trials)

    for cost, jobs in ((1, 1), (40, 5), (45, 5), (46, 6), (10**6, 20)):
        runner = ToyRunner(lambda job: 0.5)
        full = build_scheduler("full_budget", numbered(100), budget(20), direction="maximize")
        assert searched(tmp_path / str(cost), full, runner, concurrency=4, cost=cost).kind == COMPLETE
        assert len(runner.done) == jobs


@pytest.mark.parametrize("scheduler", SCHEDULERS)
@pytest.mark.parametrize("learns", [False, True])
def test_a_larger_cost_begins_the_same_jobs_first_whatever_the_workers(
    tmp_path: Path, scheduler: str, learns: bool
) -> None:
    def jobs(cost: int | None, seed: int | None) -> list[tuple[int, int]]:
        runner = ToyRunner(seed=seed)
        sampler = Climber(100) if learns else numbered(100)
        budget = SearchBudget(max_epochs=9, reduction_factor=3, trials=20)
        path = tmp_path / f"{cost} {seed}"
        built = build_scheduler(scheduler, sampler, budget, direction="maximize", batch=4)
        searched(path, built, runner, concurrency=6, cost=cost)
        journals[cost, seed] = path.read_bytes()
        return [job.key for job, _ in runner.submitted]

    journals: dict[tuple[int | None, int | None], bytes] = {}
    whole = jobs(None, None)
    for cost in (5, 20):
        begun = jobs(cost, None)
        assert begun == whole[: len(begun)]
        assert len(begun) < len(whole)
        assert jobs(cost, 1) == begun
        assert journals[cost, 1] == journals[cost, None]


class FirstOnly(ToyRunner):
    """Does one job and no more."""

    def collect(self) -> Sequence[Result]:
        return [] if self.done else super().collect()


def test_a_runner_may_end_early_where_it_was_told_to() -> None:
    asked = iter([None, None, TIME_IS_OVER])
    journal = begun()
    runner = FirstOnly(batch=1)
    assert run_search(hyperband(), runner, journal, stop=lambda: next(asked)) == TIME_IS_OVER
    assert (len(journal.results), journal.end) == (1, End("the time limit", "time_limit"))
    with pytest.raises(RuntimeError, match="the runner did not do 11 jobs"):
        run_search(hyperband(), FirstOnly(batch=1), begun())


class Odd(ToyRunner):
    """Delivers a result of its own with those of its first batch."""

    def __init__(self, odd: Callable[[Sequence[Result]], Sequence[Result]]) -> None:
        super().__init__()
        self._odd = odd

    def collect(self) -> Sequence[Result]:
        return self._odd(super().collect())


@pytest.mark.parametrize(
    ("odd", "recorded"),
    [
        (lambda results: [replace(results[0], trial=99)], 0),
        (lambda results: [replace(results[0], budget=7)], 0),
        (lambda results: [results[0], results[0]], 0),
        (lambda results: [Result(0, 0, 1, Status.COMPLETED, 0.5, 1)], 1),  # in each batch
    ],
    ids=["of no trial", "of another budget", "twice at once", "again later"],
)
def test_a_result_that_nobody_asked_for(
    odd: Callable[[Sequence[Result]], Sequence[Result]], recorded: int
) -> None:
    journal = begun()
    with pytest.raises(ValueError, match="a result that belongs to no open job"):
        run_search(hyperband(), Odd(odd), journal)
    assert len(journal.results) == recorded


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_an_objective_that_is_no_number_has_diverged(value: float) -> None:
    journal = begun()
    run_search(
        hyperband(), ToyRunner(lambda job: (Status.FAILED, 0.5) if job.trial.number else value), journal
    )
    assert journal.results[0, 1] == Result(
        0, 0, 1, Status.DIVERGED, None, 1, f"the objective is {value}", reason_kind="non_finite_objective"
    )
    assert journal.results[1, 1].objective is None


def test_whoever_watches_is_told_what_is_recorded() -> None:
    """One by one, in the order of recording, and before the scheduler decides anything from it."""
    journal, watched = begun(), []

    def watch(result: Result) -> None:
        assert journal.results[result.key] is result
        watched.append(result)

    run_search(hyperband(), ToyRunner(), journal, on_result=watch)
    assert watched == list(journal.results.values())
    run_search(hyperband(), ToyRunner(), journal, on_result=watch)
    assert len(watched) == len(journal.results), "what is recorded is not new"


def test_a_larger_budget_goes_on_from_the_recorded_one() -> None:
    """Trial 1 stopped early, trial 2 diverged and trial 3 failed: with more epochs they would have, too."""
    ends: dict[int, Outcome] = {0: 0.1, 1: (Status.STOPPED_EARLY, 0.2), 2: Status.DIVERGED, 3: Status.FAILED}
    journal = begun()
    results: list[Result] = []

    class Overheard(FullBudget):
        def tell(self, result: Result) -> Sequence[Stop]:
            results.append(result)
            return super().tell(result)

    def search(epochs: int, trials: int) -> list[tuple[int, int, int]]:
        done: list[tuple[int, int, int]] = []
        results.clear()

        def outcome(job: Job) -> Outcome:
            done.append((job.trial.number, job.start, job.stop))
            return ends.get(job.trial.number, 0.3)

        scheduler = Overheard(TrialSource(Recorder(trials), direction="maximize"), epochs=epochs)
        run_search(scheduler, ToyRunner(outcome, groups=1), journal)
        return done

    assert search(4, 4) == [(0, 0, 4), (1, 0, 4), (2, 0, 4), (3, 0, 4)]
    recorded = dict(journal.results)
    assert search(10, 5) == [(0, 4, 10), (4, 0, 10)]
    assert journal.results.keys() == {*recorded, (0, 10), (4, 10)}
    assert [(result.budget, result.status, result.objective, result.epochs) for result in results] == [
        (10, Status.COMPLETED, 0.1, 6),
        (10, Status.STOPPED_EARLY, 0.2, 0),
        (10, Status.DIVERGED, None, 0),
        (10, Status.FAILED, None, 0),
        (10, Status.COMPLETED, 0.3, 10),
    ]


@pytest.mark.parametrize("scheduler", SCHEDULERS)
@pytest.mark.parametrize(("concurrency", "learns"), [(1, True), (3, False), (8, True), (16, False)])
def test_no_more_jobs_are_under_way_than_may_be(scheduler: str, concurrency: int, learns: bool) -> None:
    """A sampler that learns does not stop a search whose slots are fewer than its batch."""
    budget = SearchBudget(max_epochs=9, reduction_factor=3, trials=12, max_trials=12)
    journal, runner = begun(), ToyRunner()
    under_way: list[int] = []

    def watch(result: Result) -> None:
        under_way.append(len(runner.submitted) - len(journal.results) + 1)

    sampler = Climber(100) if learns else numbered(100)
    built = build_scheduler(scheduler, sampler, budget, direction="maximize")
    run_search(built, runner, journal, concurrency=concurrency, on_result=watch)
    assert len(journal.trials) == 12
    assert 0 < max(under_way) <= concurrency


def test_a_sampler_that_learns_is_asked_in_batches_and_told_what_is_pending() -> None:
    """In virtual time: with 16 slots two batches begin at once, and the third when one of them has ended."""
    sampler = Climber(20)
    budget = SearchBudget(max_epochs=9, trials=20)
    scheduler = build_scheduler("full_budget", sampler, budget, direction="maximize")
    run_search(scheduler, ToyRunner(lambda job: job.trial.number / 100), begun(), concurrency=16)
    assert [(n, [assignment["x"] for assignment in pending]) for n, pending in sampler.asked] == [
        (8, []), (8, [*range(1, 9)]), (4, [*range(9, 17)]),
    ]  # fmt: skip


def test_where_something_is_learned_a_bracket_begins_before_the_one_before_has_ended(path: Path) -> None:
    """Its trials are recorded between the result that starts the last rung and that rung's first result."""
    searched(path, hyperband(learns=True), ToyRunner(lambda job: job.trial.number / 100), concurrency=16)
    records = [
        (record["record"], record.get("number", record.get("trial")), record.get("budget"))
        for record in read_journal(path) or []
    ]
    last_of_second_rung = max(records.index(("result", number, 3)) for number in (6, 7, 8))
    first_of_last_rung = records.index(("result", 8, 9))
    next_bracket = [records.index(("trial", number, None)) for number in (9, 10, 11)]
    assert next_bracket == [last_of_second_rung + 1 + k for k in range(3)]
    assert next_bracket[-1] < first_of_last_rung


def test_records_are_synced_before_each_wait(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And not once for each: a wait is where time passes in which a power cut could come."""
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(os.fstat(descriptor).st_size))
    waits: list[int] = []

    class Watched(ToyRunner):
        def collect(self) -> Sequence[Result]:
            assert path.stat().st_size in synced[-2:], "the last ones; the cache is not synced"
            waits.append(len(synced))
            return super().collect()

    searched(path, hyperband(), Watched())
    assert len(waits) > 4
    assert len(synced) <= 2 + 1 + len(waits) + 1, "opening, the header, the waits and the end"


def job_of(number: int, stop: int = 4) -> Job:
    return Job(Trial(number, {"x": [number]}), rung=0, start=0, stop=stop)


def ended(clock: VirtualClock) -> list[tuple[int, int]]:
    """The trials of all jobs in the order in which they end, each with the time."""
    order = []
    while clock:
        first = clock.first
        assert clock.end_first() is first
        order.append((first.trial.number, clock.now))
    return order


def test_results_are_recorded_in_the_order_of_virtual_time() -> None:
    class Costly(ToyRunner):
        def cost(self, job: Job) -> int:
            return 9 - job.trial.number

    journal, budget = begun(), SearchBudget(max_epochs=3, trials=3)
    run_search(build_scheduler("full_budget", numbered(3), budget, direction="maximize"), Costly(), journal)
    assert [number for number, _ in journal.results] == [2, 1, 0]


@pytest.mark.parametrize(
    ("costs", "ends"),
    [
        ({0: 5, 1: 1, 2: 3}, [(1, 1), (2, 3), (0, 5)]),
        ({3: 4, 1: 4, 2: 4}, [(1, 4), (2, 4), (3, 4)]),  # at once: the smallest trial comes first
    ],
)
def test_jobs_end_in_the_order_of_virtual_time(costs: dict[int, int], ends: list[tuple[int, int]]) -> None:
    clock = VirtualClock()
    assert [clock.start(job_of(number), cost) for number, cost in costs.items()] == list(costs.values())
    assert (len(clock), clock.now) == (3, 0)
    assert ended(clock) == ends
    assert len(clock) == 0


def test_a_job_starts_when_the_last_one_has_ended() -> None:
    """It is ahead of an earlier one that takes longer."""
    clock = VirtualClock()
    clock.start(job_of(0), 2)
    clock.start(job_of(1), 9)
    clock.end_first()
    assert clock.start(job_of(2), 3) == 5
    assert clock.start(job_of(3), 0) == 2
    assert ended(clock) == [(3, 2), (2, 5), (1, 9)]


def test_jobs_that_cost_nothing_do_not_go_on_for_ever() -> None:
    """Of 5,000 trials with invalid configurations, which cost nothing, a thousand in a row begin."""
    jobs = [Job(Trial(number, {}), 0, 0, 9) for number in range(5_000)]
    spending = Spending(10)
    assert len(spending.affordable(jobs, lambda job: 0)) == MAX_UNCOUNTED_TRIALS
    assert spending.is_over
    now_and_then = Spending(10)
    assert len(now_and_then.affordable(jobs, lambda job: job.trial.number % 900 == 0)) == 5_000
    assert not now_and_then.is_over
    after_one = Spending(10).affordable(jobs, lambda job: job.trial.number == 0)
    assert len(after_one) == 1 + MAX_UNCOUNTED_TRIALS
    assert len(Spending(None).affordable(jobs, lambda job: 0)) == 5_000
