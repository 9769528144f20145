"""ASHA against tables that were worked by hand, and against its definition, step by step."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from fractions import Fraction

import pytest

from fnnctl.records.standings import can_go_on, order
from fnnctl.records.trials import Direction, Job, Result, Status
from fnnctl.search.budget import SearchBudget
from fnnctl.search.schedulers.asha import Asha
from tests.search.toys import Outcome, numbered, result_of, unruly

Step = tuple[int, int, int]
"""A job: trial, start, stop."""


def asha(
    trials: int, *, epochs: int = 9, eta: float = 3, direction: Direction = "maximize", size: int = 10**6
) -> Asha:
    budget = SearchBudget(max_epochs=epochs, trials=trials, reduction_factor=eta)
    return Asha.build(numbered(size), budget, direction)


def steps(scheduler: Asha, outcome: Callable[[Job], Outcome], *, workers: int = 1) -> list[Step]:
    """The jobs in the order in which they start, if each takes equally long."""
    started: list[Step] = []
    running: list[Job] = []
    while True:
        while len(running) < workers and (jobs := scheduler.ask(workers - len(running))):
            running += jobs
            started += [(job.trial.number, job.start, job.stop) for job in jobs]
        if not running:
            return started
        job = running.pop(0)
        scheduler.tell(result_of(job, outcome(job)))


@pytest.mark.parametrize(
    ("values", "epochs", "workers", "started"),
    [
        (
            [0.1, 0.5, 0.2, 0.3, 0.6, 0.4, 0.0, 0.9, 0.15], 9, 1,
            [
                (0, 0, 1), (1, 0, 1), (2, 0, 1), (1, 1, 3),
                (3, 0, 1), (4, 0, 1), (4, 1, 3), (5, 0, 1),
                (6, 0, 1), (7, 0, 1), (7, 1, 3), (7, 3, 9), (8, 0, 1),
            ],
        ),
        # a worker that is free never waits: 3 starts before the third result is there
        ([0.1, 0.5, 0.2, 0.3], 3, 2, [(0, 0, 1), (1, 0, 1), (2, 0, 1), (3, 0, 1), (1, 1, 3)]),
        ([0.5, 0.5], 3, 1, [(0, 0, 3), (1, 0, 3)]),
    ],
    ids=["one worker", "two workers", "a ladder of one rung"],
)  # fmt: skip
def test_steps_by_hand(values: list[float], epochs: int, workers: int, started: list[Step]) -> None:
    """Rungs at 1, 3 and 9 epochs; of every three results of a rung the best goes on.

    For one worker: 0, 1 and 2 have run: 1 is the best of three. Then 3 to 5: of six results, two go on, and 1
    has gone; the best that has not is 4. After 8, three of nine may: 7 is better than the others. Then three
    stand at 3 epochs, of which 7 is the best.
    """
    scheduler = asha(len(values), epochs=epochs)
    assert steps(scheduler, lambda job: values[job.trial.number], workers=workers) == started


@pytest.mark.parametrize("direction", ["maximize", "minimize"])
@pytest.mark.parametrize("eta", [2, 2.5, 3, 4])
@pytest.mark.parametrize("workers", [1, 3, 16])
def test_every_decision_is_that_of_the_definition(workers: int, eta: float, direction: Direction) -> None:
    """Results come in a random order, with failures, early stops and ties among them."""
    rng = random.Random(1)
    scheduler = asha(60, epochs=40, eta=eta, direction=direction, size=55)
    budget = SearchBudget(max_epochs=40, trials=60, reduction_factor=eta)
    epochs = [rung.epochs for (bracket,) in [Asha.plan(budget)] for rung in bracket.rungs]
    by_definition = Definition(epochs, Fraction(str(eta)), direction, trials=55)
    running: list[Job] = []
    for _ in range(1000):
        jobs = scheduler.ask(workers - len(running))
        asked = [(job.trial.number, job.start, job.stop) for job in jobs]
        assert asked == sorted(by_definition.ask(workers - len(running)))
        running += jobs
        if not running:
            break
        job = running.pop(rng.randrange(len(running)))
        result = result_of(job, unruly(job))
        scheduler.tell(result)
        by_definition.rungs[job.rung].append(result)
    assert not running


class Definition:
    """Algorithm 2 of the paper, literally: at each question every rung is sorted anew."""

    def __init__(self, epochs: list[int], eta: Fraction, direction: Direction, *, trials: int) -> None:
        self.epochs, self.eta, self.trials = epochs, eta, trials
        self.direction: Direction = direction
        self.rungs: list[list[Result]] = [[] for _ in epochs]
        self.promoted: list[set[int]] = [set() for _ in epochs]
        self.begun = 0

    def ask(self, free: int) -> list[Step]:
        found: list[Step] = []
        while len(found) < free and (step := self.next_step()):
            found.append(step)
        return found

    def next_step(self) -> Step | None:
        for k in reversed(range(len(self.rungs) - 1)):
            ranked = sorted(self.rungs[k], key=lambda result: order(result, self.direction))
            for result in ranked[: math.floor(len(ranked) / self.eta)]:
                if result.trial in self.promoted[k] or not can_go_on(result):
                    continue
                self.promoted[k].add(result.trial)
                if result.status is Status.STOPPED_EARLY:
                    self.rungs[k + 1].append(result)
                    return self.next_step()
                return result.trial, self.epochs[k], self.epochs[k + 1]
        if self.begun == self.trials:
            return None
        self.begun += 1
        return self.begun - 1, 0, self.epochs[0]
