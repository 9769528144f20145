"""The contract of all searches with every executor: results come in another order, and are the same.

All schedulers and samplers get them in other orders in tests/contracts/test_searches.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack

import pytest

from fnnctl.config.schema.methods import SCHEDULERS
from fnnctl.executors.protocols import Executor
from fnnctl.executors.registry import EXECUTORS, ExecutorKind, make_executor
from fnnctl.executors.work import run_queue
from fnnctl.records.trials import Job, JobKey, Result
from tests.contracts.test_searches import assert_same, journal_of, reference
from tests.search.toys import ToyRunner, do_job


class QueueRunner(ToyRunner):
    """Workers of an executor take its jobs, the last first; results come as they finish."""

    def __init__(self, executor: Executor) -> None:
        super().__init__()
        self._done: Iterator[tuple[JobKey, Result]] = iter(())
        self._executor = executor

    def collect(self) -> Sequence[Result]:
        done = next(self._done, None)
        if done is None:
            self._done = run_queue(self._executor, do_job, self._next_item)
            done = next(self._done, None)
        return [done[1]] if done else []

    def _next_item(self) -> tuple[JobKey, tuple[Job]] | None:
        if not self._waiting:
            return None
        job = self._waiting.pop()
        return job.key, (job,)


LOCAL = [kind for kind, execution in EXECUTORS.items() if execution.check_cluster is None]


@pytest.fixture(scope="module")
def executors() -> Iterator[Mapping[ExecutorKind, Executor]]:
    """One of each kind for all searches, because processes start slowly."""
    with ExitStack() as started:
        yield {
            kind: started.enter_context(make_executor(kind, workers=2, poll=lambda done: False))
            for kind in LOCAL
        }


@pytest.mark.parametrize("kind", LOCAL)
@pytest.mark.parametrize("sampler", ["a list without end", "one that learns", "evolution of 20"])
@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_the_same_results(
    executors: Mapping[ExecutorKind, Executor], kind: ExecutorKind, sampler: str, scheduler: str
) -> None:
    journal = journal_of(scheduler, sampler, "few", QueueRunner(executors[kind]))
    assert_same(journal, reference(scheduler, sampler, "few"))
