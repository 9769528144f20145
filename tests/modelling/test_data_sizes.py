"""The fits of a learning curve over data size: the same folds, seeds and settings, with fewer rows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from fnnctl.config.schema.data import DataConfig
from fnnctl.config.schema.experiment import Experiment
from fnnctl.errors import ConfigError
from fnnctl.modelling.cross_validation import CrossValidation, cross_validation
from fnnctl.modelling.data_sizes import by_size, share_suffix, size_summaries, size_table, with_sizes
from fnnctl.modelling.fold_results import FACT_COLUMNS, FoldResult
from fnnctl.modelling.loading import load_experiment
from fnnctl.stacks.fold_measure import FoldMeasure
from fnnctl.stacks.work import train_fits
from fnnctl.tasks.registry import encode
from fnnctl.tasks.task import PartScores, TaskData
from tests.memory import dataset_of


def data_of(*counts: int) -> TaskData:
    labels = np.repeat([*"abcdef"[: len(counts)]], counts)
    return encode(dataset_of(np.random.default_rng(0).normal(size=(len(labels), 2)), labels))


def made(
    data: TaskData, /, *sizes: float, folds: int = 4, repeats: int = 1, **sections: Any
) -> CrossValidation:
    """The cross-validation with these sizes; with all rows if there are none."""
    source = DataConfig(source="arrays").model_dump() | sections.pop("data", {})
    evaluation = {"cross_validation": {"folds": folds, "repeats": repeats}, "sizes": sizes or None}
    experiment = Experiment.model_validate({"data": source, "evaluation": evaluation, **sections})
    return with_sizes(cross_validation(data, experiment))


def refused(data: TaskData, /, *sizes: float, **changes: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        made(data, *sizes, **changes)
    (problem,) = caught.value.problems
    return f"{problem.path}: {problem.message}"


def test_the_largest_size_has_the_smaller_ones_in_rising_order() -> None:
    validation = made(data_of(40, 40), 0.5, 1, 0.25)
    assert (validation.share, [each.share for each in validation.smaller]) == (1.0, [0.25, 0.5])
    assert [fit.non_test_rows for fit in validation.all_fits] == [60] * 4 + [15] * 4 + [30] * 4
    assert validation.all_fits[:4] == validation.fits


def test_all_rows_are_the_plain_cross_validation() -> None:
    plain, sized = made(data_of(40, 40)), made(data_of(40, 40), 0.5, 1)
    assert plain.smaller == ()
    assert [fit.seed for fit in sized.fits] == [fit.seed for fit in plain.fits]
    assert [fit.rows.key for fit in sized.fits] == [fit.rows.key for fit in plain.fits]
    assert [fit.settings for fit in sized.fits] == [fit.settings for fit in plain.fits]


def test_sizes_differ_in_their_rows_alone() -> None:
    validation = made(data_of(40, 40), 0.5, 1, repeats=2)
    (half,) = validation.smaller
    assert half.test_share == validation.test_share == 20 / 60
    for small, large in zip(half.fits, validation.fits, strict=True):
        assert small.seed == large.seed
        parts, of_large = small.split(validation.data), large.split(validation.data)
        assert parts.test.tolist() == of_large.test.tolist()
        assert {*parts.train.tolist()} < {*of_large.train.tolist()}
        assert {*parts.validation.tolist()} < {*of_large.validation.tolist()}
        assert small.rows.key[:2] == large.rows.key


def test_preprocessing_is_fitted_to_the_subset_only() -> None:
    (half,) = made(data_of(40, 40), 0.5, 1).smaller
    fit = half.fits[2]
    rows = fit.split(half.data).train
    numbers = half.data.dataset.numeric[rows]
    features = np.empty((len(rows), 2))
    fit.preprocessor.transform(half.data.dataset, rows, features)
    np.testing.assert_allclose(features, (numbers - numbers.mean(axis=0)) / numbers.std(axis=0), rtol=1e-9)


def test_an_automatic_batch_size_follows_the_rows_of_each_size() -> None:
    validation = made(data_of(300, 300), 0.1, 1, data={"split": {"validation": 0}})
    assert [fit.settings.batch_size for fit in validation.all_fits] == [200] * 4 + [45] * 4
    assert validation.experiment.training.batch_size == 200


def test_groups_are_whole() -> None:
    groups = np.arange(80) // 4
    data = data_of(40, 40)
    data = replace(data, dataset=replace(data.dataset, groups=groups))
    (half,) = made(data, 0.5, 1).smaller
    for fit in half.fits:
        parts = fit.split(data)
        for rows in (parts.train, parts.validation):
            assert all(np.count_nonzero(groups[rows] == group) == 4 for group in groups[rows])


def test_bags_are_of_the_rows_of_the_subset() -> None:
    ensemble = {"ensemble": {"members": 3, "bags": True}}
    validation = made(data_of(40, 40), 0.5, 1, model=ensemble)
    (half,) = validation.smaller
    for small, large in zip(half.fits, validation.fits, strict=True):
        known = small.rows.split(half.data.strata, None).train
        assert len(known) == 30
        assert {*known.tolist()} < {*large.rows.split(half.data.strata, None).train.tolist()}
        bags = small.bags(half.data)
        assert sorted(np.concatenate([bag.validation for bag in bags])) == known.tolist()
        assert all({*bag.train.tolist()} <= {*known.tolist()} for bag in bags)


def test_rows_in_an_order_are_the_latest_before_the_test_block() -> None:
    data = encode(dataset_of(np.zeros((80, 1)), np.tile([*"ab"], 40)))
    order = np.random.default_rng(1).permutation(80).astype(float)
    data = replace(data, dataset=replace(data.dataset, order=order))
    validation = made(data, 0.5, 1, folds=3, data={"split": {"by": "x0"}})
    (half,) = validation.smaller
    known = [sorted(order[fit.split(data).non_test].tolist()) for fit in half.fits]
    assert known == [[*range(10, 20)], [*range(20, 40)], [*range(30, 60)]]


def test_a_class_without_a_row() -> None:
    """Two rows for training and one for validation: which class has none is random."""
    told = refused(data_of(40, 40, 40, 40), 1, 0.02, seed=1)
    assert told.startswith(
        "evaluation.sizes[1]: with 0.02 of the rows, a fold trains on 3 rows, none of them of the class"
    )
    assert told.endswith(": write a larger share, or leave it out")
    numbers = encode(dataset_of(np.arange(240.0).reshape(120, 2), np.random.default_rng(0).normal(size=120)))
    assert made(numbers, 0.02, 1, data={"split": {"bins": 4}}).smaller[0].fits[0].non_test_rows == 3


def test_fewer_rows_than_members() -> None:
    ensemble = {"ensemble": {"members": 8, "bags": True}}
    assert refused(data_of(40, 40), 0.1, 1, model=ensemble) == (
        "evaluation.sizes[0]: with 0.1 of the rows, 6 rows outside the test part cannot be divided "
        "into 8 folds; write fewer members, or bags: false in model.ensemble; or write a larger share, or "
        "leave it out"
    )


def test_a_single_value_of_the_order() -> None:
    data = data_of(40, 40)
    order = np.repeat(np.arange(4.0), 20)
    data = replace(data, dataset=replace(data.dataset, order=order))
    split = {"split": {"by": "x0", "validation": 0}}
    assert refused(data, 0.5, 1, folds=3, data=split) == (
        "evaluation.sizes[0]: with 0.5 of the rows, a fold's last rows all have the same value in the column "
        "'x0': write a larger share, or leave it out"
    )


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
