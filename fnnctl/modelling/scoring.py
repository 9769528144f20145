"""The scores of a predictor on the training, validation and test part of its data."""

from __future__ import annotations

from fnnctl.arrays import IntArray
from fnnctl.data.splits.parts import Split
from fnnctl.modelling.predictor import Predictor
from fnnctl.tasks.task import PartScores, TaskData
from fnnctl.training.pool import Pool


def score_parts(
    predictor: Predictor, data: TaskData, pool: Pool, split: Split
) -> dict[str, PartScores | None]:
    """The scores of each part; its rows are in the pool. None for an empty part."""

    def scores(rows: IntArray) -> PartScores:
        return data.score(rows, predictor.pool_scores(pool, rows), predictor.readout)

    return {name: scores(rows) if rows.size else None for name, rows in split.parts.items()}
