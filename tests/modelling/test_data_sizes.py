"""The fits of a learning curve over data size: the same folds, seeds and settings, with fewer rows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest

from fnnctl.errors import ConfigError
from fnnctl.modelling.cross_validation import CrossValidation
from fnnctl.modelling.data_sizes import by_size, share_suffix, size_summaries, size_table
from fnnctl.modelling.fold_results import FACT_COLUMNS, FoldResult
from fnnctl.modelling.loading import load_experiment
from fnnctl.stacks.fold_measure import FoldMeasure
from fnnctl.stacks.work import train_fits
from fnnctl.tasks.task import PartScores, TaskData
from tests.messages import Messages
from tests.modelling.folds import assert_standardized_by_own_rows, data_of, made


def test_the_largest_size_has_the_smaller_ones_in_rising_order() -> None:
    """All rows are the plain cross-validation."""
    sized, plain = made(data_of(40, 40), 0.5, 1, 0.25, repeats=1), made(data_of(40, 40), repeats=1)
    assert (sized.share, [each.share for each in sized.smaller]) == (1.0, [0.25, 0.5])
    assert [fit.non_test_rows for fit in sized.all_fits] == [60] * 4 + [15] * 4 + [30] * 4
    assert sized.all_fits[:4] == sized.fits
    assert plain.smaller == ()
    for own, fit in zip(sized.fits, plain.fits, strict=True):
        assert (own.seed, own.rows.key, own.settings) == (fit.seed, fit.rows.key, fit.settings)


def test_sizes_differ_in_their_rows_alone() -> None:
    validation = made(data_of(40, 40), 0.5, 1)
    (half,) = validation.smaller
    assert half.test_share == validation.test_share == 20 / 60
    for small, large in zip(half.fits, validation.fits, strict=True):
        assert (small.seed, small.rows.key[:2]) == (large.seed, large.rows.key)
        parts, of_large = small.split(validation.data), large.split(validation.data)
        assert parts.test.tolist() == of_large.test.tolist()
        assert {*parts.train.tolist()} < {*of_large.train.tolist()}
        assert {*parts.validation.tolist()} < {*of_large.validation.tolist()}
    assert_standardized_by_own_rows(half, 2)


def test_an_automatic_batch_size_follows_the_rows_of_each_size() -> None:
    validation = made(data_of(300, 300), 0.1, 1, repeats=1, data={"split": {"validation": 0}})
    assert [fit.settings.batch_size for fit in validation.all_fits] == [200] * 4 + [45] * 4
    assert validation.experiment.training.batch_size == 200


def test_bags_are_of_the_rows_of_the_subset() -> None:
    validation = made(data_of(40, 40), 0.5, 1, model={"ensemble": {"members": 3, "bags": True}})
    (half,) = validation.smaller
    for small, large in zip(half.fits, validation.fits, strict=True):
        known = small.rows.split(half.data.strata, None).train
        assert len(known) == 30
        assert {*known.tolist()} < {*large.rows.split(half.data.strata, None).train.tolist()}
        bags = small.bags(half.data)
        assert sorted(np.concatenate([bag.validation for bag in bags])) == known.tolist()
        assert all({*bag.train.tolist()} <= {*known.tolist()} for bag in bags)


@pytest.mark.parametrize(
    ("data", "sizes", "changes"),
    [
        # two rows for training and one for validation: which class has none is random
        (data_of(40, 40, 40, 40), (1, 0.02), {"seed": 1}),
        (data_of(40, 40), (0.1, 1), {"model": {"ensemble": {"members": 8, "bags": True}}}),
        (
            data_of(40, 40, order=np.repeat(np.arange(4.0), 20)),
            (0.5, 1),
            {"folds": 3, "data": {"split": {"by": "x0", "validation": 0}}},
        ),
    ],
    ids=["a class without a row", "fewer rows than members", "a single value of the order"],
)
def test_sizes_that_the_rows_do_not_allow(
    data: TaskData, sizes: tuple[float, ...], changes: dict[str, Any], messages: Messages
) -> None:
    with pytest.raises(ConfigError) as caught:
        made(data, *sizes, **changes)
    for problem in caught.value.problems:
        messages.check(problem)


FOLDS = ["training.epochs=2", "evaluation={cross_validation: {folds: 3, repeats: 1}, sizes: [1, 0.5, 0.2]}"]


@pytest.fixture(scope="module")
def validation(tmp_path_factory: pytest.TempPathFactory) -> CrossValidation:
    config = tmp_path_factory.mktemp("sizes") / "iris.yaml"
    config.write_text("recipe: classic\ndata: {source: iris}\nmodel: {hidden: [8]}\n")
    return load_experiment(config, FOLDS).cross_validation()


@pytest.fixture(scope="module")
def trained(validation: CrossValidation) -> tuple[FoldResult, ...]:
    measure = FoldMeasure()
    stacks = (validation, *validation.smaller)
    return tuple(result for each in stacks for result in measure(train_fits(each.data, each.fits)))


@pytest.fixture
def results(trained: tuple[FoldResult, ...]) -> list[FoldResult | None]:
    """Of all rows, 0.2 and 0.5 of them, in three folds each."""
    return [*trained]


def test_sizes_rise_and_have_their_own_results(
    validation: CrossValidation, results: list[FoldResult | None]
) -> None:
    sizes = by_size(validation, results)
    assert [each.share for each, _ in sizes] == [0.2, 0.5, 1.0]
    assert [list(own) for _, own in sizes] == [results[3:6], results[6:9], results[:3]]
    suffixes = [share_suffix(each) for each, _ in sizes]
    assert suffixes == [" with 0.2 of the rows", " with 0.5 of the rows", ""]


def test_a_size_without_scores_has_no_metrics_and_is_not_compared(
    validation: CrossValidation, results: list[FoldResult | None]
) -> None:
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


def test_a_single_pair_gives_no_difference(
    validation: CrossValidation, results: list[FoldResult | None]
) -> None:
    results[3:5] = [None, None]
    first, second, third = size_summaries(validation, results)
    assert first["accuracy"]["mean"] is not None
    assert second["accuracy"]["difference"] is None
    assert third["accuracy"]["difference"] is not None


class Scores:
    """Scores with these metrics alone."""

    def __init__(self, **metrics: float | None) -> None:
        self._metrics = metrics

    def metrics(self, *, complete: bool) -> dict[str, float | None]:
        return self._metrics


def test_every_size_has_its_metrics_in_the_same_columns(
    validation: CrossValidation, trained: tuple[FoldResult, ...]
) -> None:
    """Also if a fold lacks one that another has."""
    own = (Scores(b=4.0, a=None, c=5.0), Scores(a=1.0, b=2.0), Scores(b=3.0))
    results = [
        replace(result, scores=cast(PartScores, own[index // 3])) for index, result in enumerate(trained)
    ]
    columns, rows = size_table(validation, results)
    assert columns[-3:] == ["a", "b", "c"]
    assert [row[-3:] for row in rows[::3]] == [[1.0, 2.0, None], [None, 3.0, None], [None, 4.0, 5.0]]
