from __future__ import annotations

from pathlib import Path

import pytest

from fnnctl.errors import DataError
from fnnctl.report.comparison.compared_run import MeasuredFolds, read_fold_scores
from fnnctl.store.folder import RunFolder
from fnnctl.store.names import PREDICTIONS
from tests.report.comparison.written import write_folds

SCORES = [0.8, 0.9, 0.7, 0.8, 0.6]


def read(run: RunFolder) -> MeasuredFolds:
    found = read_fold_scores(run, "accuracy", bags=False)
    assert found
    return found


def test_scores_by_repeat_and_fold(tmp_path: Path) -> None:
    found = read(write_folds(tmp_path, "x", [*SCORES, 0.5, None, 0.5, 0.5, 0.5]))
    assert found.scores[1, 3] == 0.7
    assert (2, 2) not in found.scores
    assert found.number == 10
    assert found.test_share == 0.25
    assert found.rows[1, 1][0] == 4


def test_the_same_folds_are_found_by_their_rows(tmp_path: Path) -> None:
    first = read(write_folds(tmp_path, "x", SCORES))
    assert first.common(read(write_folds(tmp_path, "y", SCORES[::-1]))) == [(1, fold) for fold in range(1, 6)]
    assert first.common(read(write_folds(tmp_path, "z", SCORES, shift=1))) is None


def test_a_failed_fold_and_more_repeats_leave_the_common_folds(tmp_path: Path) -> None:
    first = read(write_folds(tmp_path, "x", [*SCORES, *SCORES]))
    other = read(write_folds(tmp_path, "y", [0.5, None, 0.5, 0.5, 0.5]))
    assert first.common(other) == [(1, 1), (1, 3), (1, 4), (1, 5)]


def test_fewer_than_two_scores_are_none(tmp_path: Path) -> None:
    run = write_folds(tmp_path, "x", [0.5, None, None, None, None])
    assert read_fold_scores(run, "accuracy", bags=False) is None
    assert read_fold_scores(run, "f1_macro", bags=False) is None


@pytest.mark.parametrize("content", ["row,label\n1,a\n", "repeat,fold,row\n1,x,2\n"])
def test_damaged_predictions_are_named(tmp_path: Path, content: str) -> None:
    run = write_folds(tmp_path, "x", SCORES)
    (run.path / PREDICTIONS).write_text(content)
    with pytest.raises(DataError, match=r"predictions\.csv.*damaged"):
        read(run)
