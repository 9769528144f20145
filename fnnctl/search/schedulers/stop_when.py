"""Ends a search that no longer improves."""

from __future__ import annotations

from collections.abc import Sequence

from fnnctl.messages import Message
from fnnctl.records.standings import Standings
from fnnctl.records.trials import Direction, Job, JobKey, Result, Status, Stop
from fnnctl.search.protocols import Scheduler
from fnnctl.text import counted


class StopWhen:
    """Stops asking another scheduler for jobs after many trials without a new best one."""

    def __init__(
        self, scheduler: Scheduler, direction: Direction, *, no_improvement: int, max_epochs: int
    ) -> None:
        """`no_improvement` is the number of trials, `max_epochs` the largest budget."""
        self._scheduler, self._no_improvement, self._max_epochs = scheduler, no_improvement, max_epochs
        self._standings = Standings(direction)
        self._best: int | None = None
        """The incumbent's trial, once it has had the largest budget."""
        self._since = 0
        """How many trials had a result when it became the best."""
        self._ended = False

    def ask(self, free: int) -> Sequence[Job]:
        """The scheduler's jobs, until the search has ended."""
        return [] if self._ended else self._scheduler.ask(free)

    def tell(self, result: Result) -> Sequence[Stop]:
        """Tell the scheduler, and end the search after enough trials without improvement."""
        stops = self._scheduler.tell(result)
        self._standings.add(result)
        incumbent, tried = self._standings.incumbent, len(self._standings.latest)
        if incumbent is None or self._ended:
            return stops
        if incumbent.budget < self._max_epochs and incumbent.status is not Status.STOPPED_EARLY:
            return stops
        if incumbent.trial != self._best:
            self._best, self._since = incumbent.trial, tried
        if tried - self._since < self._no_improvement:
            return stops
        self._ended = True
        sentence = f"no improvement in {counted(tried - self._since, 'trial')} after trial {self._best}"
        reason = Message("no_improvement", sentence)
        return [*stops, Stop(str(reason), reason_kind=reason.kind)]

    def released(self) -> Sequence[JobKey]:
        """What the scheduler releases."""
        return self._scheduler.released()
