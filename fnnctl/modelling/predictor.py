"""A predictor: preprocessing, one or several trained networks, and a readout. Rows in, scores out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.data.dataset import Columns
from fnnctl.data.preprocessing import Preprocessor
from fnnctl.modelling.fit import Fit
from fnnctl.nn.network import Network
from fnnctl.tasks.task import Readout, Task, TaskData
from fnnctl.training.members import Member, make_network
from fnnctl.training.pool import Pool
from fnnctl.training.scoring.row_scores import RowScorer
from fnnctl.training.scoring.stacked import SCORING_BATCH


@dataclass(frozen=True, slots=True)
class Predictor:
    """Trained networks that score rows; several form one ensemble."""

    task: Task
    preprocessor: Preprocessor
    scorers: tuple[RowScorer, ...]
    """One per network."""
    readout: Readout
    """How the networks' scores become predictions."""

    @classmethod
    def of(
        cls, task: Task, preprocessor: Preprocessor, networks: Sequence[Network], readout: Readout
    ) -> Self:
        """A predictor of networks, each of which is the only member of its stack."""
        return cls(task, preprocessor, tuple(RowScorer(network) for network in networks), readout)

    def calibrated(self, data: TaskData, pool: Pool, rows: IntArray) -> Self:
        """The predictor with a temperature fitted to these rows (n,) of the pool; unchanged if none fits."""
        scores = np.concatenate([batch.copy() for batch in self.pool_scores(pool, rows)])
        with np.errstate(over="ignore", invalid="ignore"):
            temperature = self.task.fit_temperature(scores, data.targets[rows])
        return replace(self, readout=replace(self.readout, temperature=temperature))

    def pool_scores(self, pool: Pool, rows: IntArray) -> Iterator[FloatArray]:
        """The scores of rows (n,) of a pool, (≤ SCORING_BATCH, outputs) at a time, before calibration."""
        inputs = self.scorers[0].inputs
        for start in range(0, len(rows), SCORING_BATCH):
            batch = rows[None, start : start + SCORING_BATCH]
            pool.gather(batch, inputs[None, : batch.size])
            yield self._scores(batch.size)

    def column_scores(self, pieces: Iterable[tuple[Columns, IntArray]]) -> Iterator[FloatArray]:
        """The scores of the chosen rows of each piece in turn, in batches as in `pool_scores`."""
        inputs, filled = self.scorers[0].inputs, 0
        for columns, rows in pieces:
            start = 0
            while start < len(rows):
                taken = rows[start : start + SCORING_BATCH - filled]
                self.preprocessor.transform(columns, taken, inputs[filled : filled + len(taken), :-1])
                start, filled = start + len(taken), filled + len(taken)
                if filled == SCORING_BATCH:
                    yield self._scores(filled)
                    filled = 0
        if filled:
            yield self._scores(filled)

    def _scores(self, rows: int) -> FloatArray:
        """The scores of the first rows of the first scorer's inputs."""
        first, *others = self.scorers
        if not others:
            return first.scores(rows)
        for scorer in others:
            scorer.inputs[:rows] = first.inputs[:rows]
        return self.task.combine([scorer.scores(rows) for scorer in self.scorers])


def fresh_predictor(
    data: TaskData, fit: Fit, member: Member, parameters: FloatArray, statistics: FloatArray
) -> Predictor:
    """The predictor that results from a fit, with parameters (P,) and running statistics (S,)."""
    return ensemble_predictor(data, fit, [member], parameters[None], statistics[None])


def ensemble_predictor(
    data: TaskData, fit: Fit, members: Sequence[Member], parameters: FloatArray, statistics: FloatArray
) -> Predictor:
    """The predictor of the N trained members of a fit, with parameters (N, P) and statistics (N, S)."""
    networks = [
        make_network(fit.layout, [member], parameters[k : k + 1], statistics[k : k + 1])
        for k, member in enumerate(members)
    ]
    return Predictor.of(data.task, fit.preprocessor, networks, fit.readout)
