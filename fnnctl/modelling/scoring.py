"""The scores of a predictor on the training, validation and test part of its data."""

from __future__ import annotations

from fnnctl.arrays import IntArray
from fnnctl.data.splits.parts import Split
from fnnctl.modelling.predictor import Predictor
from fnnctl.tasks.task import PartScores, TaskData
from fnnctl.training.pool import Pool


def score_parts(
    predictor: Predictor, data: TaskData, pool: Pool | None, split: Split
) -> dict[str, PartScores | None]:
    """The scores of each part, None for an empty one.

    The rows are in the pool. Without a pool, their features are computed here; parts that differ in their
    preprocessing have none.
    """

    def scores(rows: IntArray) -> PartScores:
        pieces = [(data.dataset, rows)]
        batches = predictor.column_scores(pieces) if pool is None else predictor.pool_scores(pool, rows)
        return data.score(rows, batches, predictor.readout)

    return {name: scores(rows) if rows.size else None for name, rows in split.parts.items()}
