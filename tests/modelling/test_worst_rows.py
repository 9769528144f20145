from __future__ import annotations

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.data.dataset import Columns
from fnnctl.modelling.worst_rows import WorstRows


class Scored:
    def __init__(self, rows: list[int], badness: list[float]) -> None:
        self.pair = np.array(rows), np.array(badness)

    def row_badness(self) -> tuple[IntArray, FloatArray]:
        return self.pair


def block(values: list[float], name: str = "x") -> Columns:
    return Columns(
        numeric=np.array(values)[:, None],
        numeric_names=(name,),
        categorical=np.empty((len(values), 0), np.int64),
        categorical_names=(),
        categories=(),
    )


def test_block_by_block_gives_the_worst_of_all() -> None:
    draw = np.random.default_rng(0)
    badness = np.where(draw.random(500) < 0.5, draw.integers(0, 9, 500) / 9, np.nan)
    values = draw.normal(size=500).tolist()
    scored = Scored([*range(500)], badness.tolist())
    whole = WorstRows().with_rows(scored, block(values), np.arange(500), {})
    worst = WorstRows()
    for start in range(0, 500, 7):
        rows = range(start, min(start + 7, 500))
        part = Scored([*rows], badness[start : start + 7].tolist())
        piece = block([0.0, *values[start : start + 7]])
        worst = worst.with_rows(part, piece, np.arange(1, len(rows) + 1), {})
    assert worst.rows.tolist() == whole.rows.tolist()
    assert len(worst.rows) == 10
    assert worst.texts == whole.texts == [(repr(values[row]),) for row in worst.rows]


def test_the_file_has_the_row_numbers_first() -> None:
    scored = Scored([30, 31], [0.2, 0.4])
    _, lines = WorstRows().with_rows(scored, block([1.5, 2.5], "row"), np.array([0, 1]), {}).artifact()
    assert "".join(lines) == "row,input_row\n31,2.5\n30,1.5\n"


def test_without_wrong_rows_the_file_has_none() -> None:
    worst = WorstRows().with_rows(Scored([3], [float("nan")]), block([1.0]), np.array([0]), {})
    assert "".join(worst.artifact()[1]) == "row\n"
