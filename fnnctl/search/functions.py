"""Search with any Python function: samplers, schedulers and the journal without fnnctl's networks.

    >>> from fnnctl.search.functions import search_function
    >>> from fnnctl.search.budget import SearchBudget
    >>> from fnnctl.search.samplers.fixed_list import FixedListSampler
    >>> def loss(job):  # of the trial's assignment, after `job.stop` epochs
    ...     return (job.trial.assignment["x"] - 0.4) ** 2 + 1 / job.stop
    >>> history = search_function(
    ...     loss,
    ...     FixedListSampler({"x": k / 10} for k in range(9)),
    ...     scheduler="halving",
    ...     budget=SearchBudget(max_epochs=9, trials=9, reduction_factor=3),
    ...     direction="minimize",
    ... )
    >>> history.end, history.best
    ('complete', Trial(number=4, assignment={'x': 0.4}, bracket=0))
    >>> [(result.trial, result.budget) for result in history.results if result.rung > 0]
    [(3, 3), (4, 3), (5, 3), (4, 9)]

A sampler of a `Space` proposes as many configurations as are needed; one that learns follows the results:

    >>> from fnnctl.search.samplers.tpe import TpeSampler
    >>> from fnnctl.space.dimensions import Dimension
    >>> from fnnctl.space.number_domains import Uniform
    >>> from fnnctl.space.space import Space
    >>> history = search_function(
    ...     loss,
    ...     TpeSampler(Space([Dimension("x", Uniform(0.0, 1.0))]), seed=7),
    ...     scheduler="full_budget",
    ...     budget=SearchBudget(max_epochs=9, trials=40),
    ...     direction="minimize",
    ... )
    >>> abs(history.best.assignment["x"] - 0.4) < 0.02
    True

With a journal on disk, repeating the call after a kill at any moment continues the search and gives the same
result. To ask and tell by hand, see `fnnctl.search`.
"""

from __future__ import annotations

import hashlib
import heapq
import json
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict
from pathlib import Path
from typing import TypeAlias

from fnnctl.config.schema.methods import SCHEDULERS
from fnnctl.config.schema.search import DEFAULT_BATCH
from fnnctl.messages import Message
from fnnctl.records.history import SearchHistory
from fnnctl.records.journal import Header, Journal
from fnnctl.records.trials import Direction, Job, JobKey, Result, Status, failed_result
from fnnctl.search.budget import SearchBudget
from fnnctl.search.loop import ShouldStop, run_search
from fnnctl.search.protocols import UNLIMITED, Sampler
from fnnctl.search.schedulers import build_scheduler
from fnnctl.store.journal import JournalFile
from fnnctl.version import __version__

DEFAULT_CONCURRENCY = 16

Objective: TypeAlias = Callable[[Job], float]
"""The objective of a job's trial after `job.stop` epochs; NaN if the trial has diverged."""


def search_function(
    objective: Objective,
    sampler: Sampler,
    *,
    budget: SearchBudget,
    direction: Direction,
    scheduler: str = "hyperband",
    journal: Path | None = None,
    at_once: int = 1,
    catch: tuple[type[Exception], ...] = (),
    concurrency: int | None = None,
    batch: int = DEFAULT_BATCH,
    stop: ShouldStop = lambda: None,
) -> SearchHistory:
    """Search with the caller's objective.

    Args:
        objective: Called with each job.
        sampler: Proposes the configurations.
        budget: What the scheduler may spend.
        direction: Whether to maximize or minimize the objective.
        scheduler: A name from `SCHEDULERS` in `config.schema.methods`.
        journal: A file to begin or continue; only one process may use it at a time.
        at_once: How many objectives are computed before their results are recorded and synced.
        catch: Exceptions of these types make a trial fail. Any other ends the search, which can be continued.
        concurrency: How many jobs are under way at once (default: 16 if decisions depend on the order of
            results, otherwise all that can start).
        batch: How many configurations a sampler that learns proposes at once, if that many can start.
        stop: Called before each batch of results.

    Raises `DataError` if the journal is damaged or belongs to another search, and ValueError if the budget
    gives the scheduler no brackets.
    """
    depends = sampler.learns or SCHEDULERS[scheduler].depends_on_order
    with ExitStack() as undo:
        file = undo.enter_context(closing(JournalFile(journal))) if journal else None
        memory = Journal(file)
        memory.begin(new_header(scheduler, budget, direction))
        run_search(
            build_scheduler(scheduler, sampler, budget, direction=direction, batch=batch),
            FunctionRunner(objective, at_once=at_once, catch=catch),
            memory,
            concurrency=concurrency or (DEFAULT_CONCURRENCY if depends else UNLIMITED),
            stop=stop,
        )
    return SearchHistory(memory)


class FunctionRunner:
    """Computes the objective of one job after another, the most urgent first; an epoch costs 1."""

    def __init__(
        self, objective: Objective, *, at_once: int = 1, catch: tuple[type[Exception], ...] = ()
    ) -> None:
        """Take the objective, and the errors that make a trial fail: see `search_function`."""
        self._objective, self._at_once, self._catch = objective, at_once, catch
        self._waiting: list[tuple[int, int, Job]] = []
        """A heap of (since, trial, job)."""

    def cost(self, job: Job) -> int:
        """How long the job takes in virtual time: see `Runner`."""
        return job.stop - job.start

    def submit(self, job: Job, since: int) -> None:
        """Do the job, which starts at the virtual time `since`: see `Runner`."""
        heapq.heappush(self._waiting, (since, job.trial.number, job))

    def collect(self) -> Sequence[Result]:
        """See `Runner`: the results of the next jobs, up to `at_once`."""
        count = min(self._at_once, len(self._waiting))
        return [self._result(heapq.heappop(self._waiting)[2]) for _ in range(count)]

    def release(self, keys: Sequence[JobKey]) -> None:
        """See `Runner`; there are no checkpoints."""

    def _result(self, job: Job) -> Result:
        number, epochs = job.trial.number, job.stop - job.start
        try:
            value = self._objective(job)
        except self._catch as error:
            reason = Message("failed_objective", f"{type(error).__name__}: {error}")
            return failed_result(job, reason, epochs=epochs)
        return Result(number, job.rung, job.stop, Status.COMPLETED, value, epochs)


def new_header(scheduler: str, budget: SearchBudget, direction: Direction) -> Header:
    """The header of the journal of a search without networks."""
    bounds = asdict(budget)
    numbers = {name: bounds.pop(name) for name in ("trials", "max_trials")}
    text = json.dumps([scheduler, direction])
    return Header(
        configuration=hashlib.sha256(text.encode()).hexdigest(),
        data=None,
        versions={"fnnctl": __version__},
        settings={"scheduler": scheduler, "direction": direction, **numbers, "budget": bounds},
    )
