"""The results of all sizes in one list, and what is left of them if folds have no scores."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from fnnctl.modelling.cross_validation import CrossValidation
from fnnctl.modelling.fold_results import FACT_COLUMNS, FoldResult
from fnnctl.modelling.loading import load_experiment
from fnnctl.modelling.sizes.results import by_size, share_suffix, size_summaries, size_table
from fnnctl.stacks.measures import FoldMeasure
from fnnctl.stacks.work import train_fits
from fnnctl.tasks.task import PartScores

FOLDS = ["training.epochs=2", "evaluation={cross_validation: {folds: 3, repeats: 1}, sizes: [1, 0.5, 0.2]}"]


@pytest.fixture
def validation(iris: Path) -> CrossValidation:
    return load_experiment(iris, FOLDS).cross_validation()


def trained(validation: CrossValidation) -> list[FoldResult | None]:
    measure = FoldMeasure()
    stacks = (validation, *validation.smaller)
    return [result for each in stacks for result in measure(train_fits(each.data, each.fits))]


def test_sizes_rise_and_have_their_own_results(validation: CrossValidation) -> None:
    results = trained(validation)
    found = by_size(validation, results)
    assert [each.share for each, _ in found] == [0.2, 0.5, 1.0]
    assert [list(own) for _, own in found] == [results[3:6], results[6:9], results[:3]]
    assert [share_suffix(each) for each, _ in found] == [
        " with 0.2 of the rows", " with 0.5 of the rows", "",
    ]  # fmt: skip


def test_a_size_without_scores_has_no_metrics_and_is_not_compared(validation: CrossValidation) -> None:
    results = trained(validation)
    results[6:9] = [None, None, None]
    columns, rows = size_table(validation, results)
    assert columns[: 1 + len(FACT_COLUMNS)] == ["share", *FACT_COLUMNS]
    assert {len(row) for row in rows} == {len(columns)}
    assert [row[columns.index("accuracy")] is None for row in rows] == [False] * 3 + [True] * 3 + [False] * 3
    first, second, third = size_summaries(validation, results)
    assert second == {
        "share": 0.5, "rows": 50, "diverged": 3, "train": {"loss": None, "accuracy": None},
    }  # fmt: skip
    assert first["accuracy"]["difference"] is third["accuracy"]["difference"] is None


class Scores:
    """Scores with these metrics alone."""

    def __init__(self, **metrics: float | None) -> None:
        self._metrics = metrics

    def metrics(self, *, complete: bool) -> dict[str, float | None]:
        return self._metrics


def test_every_size_has_its_metrics_in_the_same_columns(validation: CrossValidation) -> None:
    """Also if a fold lacks one that another has."""
    own = (Scores(b=4.0, a=None, c=5.0), Scores(a=1.0, b=2.0), Scores(b=3.0))
    results: list[FoldResult | None] = [
        replace(result, scores=cast(PartScores, own[index // 3]))
        for index, result in enumerate(trained(validation))
        if result
    ]
    columns, rows = size_table(validation, results)
    assert columns[-3:] == ["a", "b", "c"]
    assert [row[-3:] for row in rows[::3]] == [[1.0, 2.0, None], [None, 3.0, None], [None, 4.0, 5.0]]


def test_a_single_pair_gives_no_difference(validation: CrossValidation) -> None:
    results = trained(validation)
    results[3:5] = [None, None]
    first, second, third = size_summaries(validation, results)
    assert first["accuracy"]["mean"] is not None
    assert second["accuracy"]["difference"] is None
    assert third["accuracy"]["difference"] is not None
