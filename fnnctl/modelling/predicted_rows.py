"""Predicts the rows of a file block by block, so that a file of any size fits into memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.data.new_rows import NewRows
from fnnctl.modelling.input_file import InputFile
from fnnctl.modelling.predictor import Predictor


def predicted_rows(
    predictor: Predictor, blocks: Iterable[NewRows], file: InputFile, *, top: int | None = None
) -> Iterator[tuple[Iterable[Sequence[object]], FloatArray]]:
    """Yield row numbers, kept texts and predictions, with the numeric columns (n, c), batch by batch.

    With `top`, so many of the most probable classes instead of the probabilities of all.
    """
    waiting: deque[Sequence[str]] = deque()

    def pieces() -> Iterator[tuple[NewRows, IntArray]]:
        for block in blocks:
            waiting.extend(block.kept or ())
            yield block, np.arange(len(block))

    row = 0
    for scores in predictor.column_scores(pieces()):
        numbers = np.arange(row, row + len(scores))
        file.refuse_overflow(scores, numbers)
        predicted, values = predictor.task.predict(scores, predictor.decoder, top=top)
        kept = [waiting.popleft() for _ in numbers] if waiting else [()] * len(numbers)
        leading = zip(numbers.tolist(), kept, predicted, strict=True)
        yield ([number, *texts, *columns] for number, texts, columns in leading), values
        row += len(scores)
