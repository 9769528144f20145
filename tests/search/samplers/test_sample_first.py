"""First trials on a sample of the rows, and then the best of them on all rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pytest

from fnnctl.config.schema.search import SearchConfig
from fnnctl.records.journal import Header, Journal
from fnnctl.records.trials import Job, Status, Trial
from fnnctl.search.budget import SearchBudget
from fnnctl.search.loop import run_search
from fnnctl.search.samplers import make_sampler
from fnnctl.search.samplers.sample_first import SampleFirstSampler, repeated_trials
from fnnctl.search.samplers.start_from import StartFrom
from fnnctl.search.schedulers.full_budget import FullBudget
from fnnctl.space.assignments import Assignment
from fnnctl.space.identity import identity
from tests.search.spaces import space
from tests.search.toys import Outcome, ToyRunner

ROWS = "training.max_rows"
SPACE: dict[str, Any] = {"x": {"integer": [1, 9]}}


def on_sample(*values: int, rows: int | None = 100) -> list[Assignment]:
    return [{"x": value, ROWS: rows} for value in values]


def started(
    first: Sequence[Assignment],
    begun: Sequence[Assignment] = (),
    *,
    batch: int = 8,
    trials: int | None = None,
) -> FullBudget:
    sampler = StartFrom(SampleFirstSampler(first, identity), [*begun, *first], identity)
    budget = SearchBudget(max_epochs=3, trials=trials)
    return FullBudget.build(sampler, budget, "minimize", batch=batch)


def tried(
    scheduler: FullBudget, losses: Sequence[Outcome], *, concurrency: int = 16, seed: int | None = None
) -> list[Assignment]:
    """The trials of a whole search, in which those on all rows have a loss of 0.5."""

    def outcome(job: Job) -> Outcome:
        return losses[job.trial.number] if job.trial.number < len(losses) else 0.5

    journal = Journal()
    journal.begin(Header("", None, {}, {}))
    run_search(scheduler, ToyRunner(outcome, seed=seed), journal, concurrency=concurrency)
    assert len(journal.results) == len(journal.trials)
    return [trial.assignment for trial in journal.trials.values()]


@pytest.mark.parametrize(("count", "repeated"), [(1, 1), (5, 1), (6, 2), (10, 3), (12, 4), (40, 4), (0, 0)])
def test_a_third_is_repeated(count: int, repeated: int) -> None:
    assert repeated_trials(on_sample(*range(count))) == repeated
    assert repeated_trials([*on_sample(*range(count)), {"x": 1}, {"x": 1, ROWS: None}]) == repeated
    trials = tried(started(on_sample(*range(count))), [1.0 - k / 100 for k in range(count)])
    assert trials[count:] == on_sample(*range(count - 1, count - 1 - repeated, -1), rows=None)


@pytest.mark.parametrize("concurrency", [1, 2, 16, 1000])
@pytest.mark.parametrize("batch", [1, 4, 100])
def test_the_best_are_repeated_once_all_have_results(batch: int, concurrency: int) -> None:
    """Of equal losses, the earlier trial is the better one; the order of results does not matter."""
    first = on_sample(0, 1, 2, 3, 4, 5)
    losses: list[Outcome] = [0.9, 0.3, 0.2, 0.3, 0.8, Status.DIVERGED]
    for seed in range(3):
        scheduler = started(first, batch=batch)
        trials = tried(scheduler, losses, concurrency=concurrency, seed=seed)
        assert trials == [*first, *on_sample(2, 1, rows=None)]


def test_trials_on_all_rows_are_neither_repeated_nor_waited_for() -> None:
    first = [*on_sample(0, 1, 2), *on_sample(3, rows=None), {"x": 4}]
    sampler = SampleFirstSampler(first, identity)
    assert sampler.is_waiting
    assert tried(started(first), [0.9, 0.5, 0.8, 0.0, 0.0]) == [*first, *on_sample(1, rows=None)]


def test_what_was_tried_on_all_rows_is_not_tried_again() -> None:
    """The next best is tried instead; and a configuration on samples of two sizes is repeated once."""
    first = [*on_sample(0, 1, 2), *on_sample(0, 1, 2, rows=50), *on_sample(1, rows=None)]
    losses = [0.1, 0.3, 0.5, 0.1, 0.2, 0.6]
    assert tried(started(first), losses) == [*first, *on_sample(0, 2, rows=None)]


@pytest.mark.parametrize("failure", [Status.DIVERGED, math.inf])
def test_what_has_no_finite_loss_is_not_repeated(failure: Any) -> None:
    first = on_sample(0, 1, 2, 3, 4, 5)
    assert tried(started(first), [failure] * 6) == first
    assert tried(started(first), [*[failure] * 5, 0.2]) == [*first, *on_sample(5, rows=None)]


@pytest.mark.parametrize("count", [4, 6, 7])
def test_a_longer_search_has_the_trials_that_it_would_have_had(count: int) -> None:
    first, losses = on_sample(0, 1, 2, 3, 4, 5), [0.9, 0.3, 0.2, 0.3, 0.8, 0.7]
    whole = tried(started(first), losses)
    begun = tried(started(first, trials=count), losses)
    assert begun == whole[:count]
    assert tried(started(first, begun), losses) == whole


def test_without_samples_nothing_is_proposed() -> None:
    sampler = SampleFirstSampler([{"x": 1}], identity)
    assert not sampler.is_waiting
    assert list(sampler.ask(3, ())) == []


@pytest.mark.parametrize(("start_from", "proposed"), [(on_sample(1, 2, 3), 1), ("defaults", 0), (None, 0)])
def test_it_repeats_the_trials_that_the_search_starts_from(start_from: Any, proposed: int) -> None:
    search = SearchConfig.model_validate({"space": SPACE, "start_from": start_from})
    sampler = make_sampler("sample_first", space(SPACE), search, seed=0, key=identity)
    for number, assignment in enumerate(on_sample(1, 2, 3)):
        sampler.tell(Trial(number, assignment), number / 10, 3)
    assert sampler.ask(5, ()) == [{"x": 1, ROWS: None}][:proposed]
