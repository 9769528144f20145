"""The final weights of a search's best trials, from which its ensemble is selected.

They are a cache: a trial whose weights are lost is trained again.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from fnnctl.errors import DataError, MachineError
from fnnctl.records.standings import order
from fnnctl.records.trials import Direction, JobKey, Result, Status
from fnnctl.stacks.measures import Weights
from fnnctl.stacks.trial_results import WEIGHTS, weights_digest
from fnnctl.store import names
from fnnctl.store.trial_checkpoints import TrialCheckpoints

MOST_KEPT: Final = 50
"""The number of trials from which an ensemble is selected, the best by objective."""


class WeightLibrary:
    """The weights of the `MOST_KEPT` best trials that have ended so far.

    Which ones these are does not depend on the order in which trials end.
    """

    def __init__(self, run: Path, direction: Direction, max_epochs: int, known: Iterable[Result]) -> None:
        """Keep those existing weights that belong to a known result at the end of its trial.

        Others are removed, such as those of a search with a smaller budget that is now extended.
        """
        self._store = TrialCheckpoints(run, names.FINAL_WEIGHTS)
        self._direction: Direction = direction
        self._best: dict[JobKey, tuple[int, float, int]] = {}
        """The order of the results whose weights are kept."""
        results = {result.key: result for result in known}
        for key in self._store.known():
            result = results.get(key)
            if result is not None and (result.status is not Status.COMPLETED or result.budget == max_epochs):
                self._best[key] = order(result, direction)
            else:
                self._store.release([key])

    def add(self, result: Result, weights: Weights) -> None:
        """Keep the weights of a trial at its end, unless there are enough better ones."""
        self._best[result.key] = order(result, self._direction)
        worst = max(self._best, key=self._best.__getitem__) if len(self._best) > MOST_KEPT else None
        if worst != result.key:
            parameters, statistics = weights
            state = {"parameters": parameters[None], "statistics": statistics[None]}
            self._store.write([(result.trial, 0)], result.budget, state)
        if worst is not None:
            del self._best[worst]
            self._store.release([worst])

    def read(self, result: Result) -> Weights | None:
        """The weights behind a result; None if they are lost or not those whose digest was recorded."""
        try:
            state = self._store.read([(result.trial, 0)], result.budget)
            weights = state["parameters"][0], state["statistics"][0]
        except (DataError, MachineError, KeyError, IndexError):
            return None
        return weights if (result.facts or {}).get(WEIGHTS) == weights_digest(weights) else None
