"""The scores of a predictor on the training, validation and test part of its data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.data.splits.parts import Split
from fnnctl.modelling.predictor import Predictor
from fnnctl.tasks.task import PartScores, TaskData
from fnnctl.training.pool import Pool


def score_parts(
    predictor: Predictor, data: TaskData, pool: Pool | None, split: Split, bags: Sequence[Split] = ()
) -> dict[str, PartScores | None]:
    """The scores of each part, None for an empty one.

    The rows are in the pool. Without a pool, their features are computed here; parts that differ in their
    preprocessing have none. With `bags`, each validation row is scored by the member that has not learned it.
    """

    def batches(scorer: Predictor, rows: IntArray) -> Iterable[FloatArray]:
        pieces = [(data.dataset, rows)]
        return scorer.column_scores(pieces) if pool is None else scorer.pool_scores(pool, rows)

    def scores(name: str, rows: IntArray) -> PartScores:
        if bags and name == "validation":
            own = [bag.validation for bag in bags]
            return data.score(rows, predictor.out_of_bag_scores(rows, own, batches), predictor.readout)
        return data.score(rows, batches(predictor, rows), predictor.readout)

    return {name: scores(name, rows) if rows.size else None for name, rows in split.parts.items()}
