"""One configuration with a fit per fold: what the fits share and where they differ."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fnnctl.config.rules.canonical import configuration_seed
from fnnctl.errors import ConfigError
from fnnctl.messages import sentences
from fnnctl.modelling.cross_validation import CrossValidation
from fnnctl.seeds import fold_seed
from fnnctl.tasks.task import TaskData
from tests.messages import Messages
from tests.modelling.folds import assert_standardized_by_own_rows, data_of, made

WITHOUT_VALIDATION = {"split": {"validation": 0}}
HALF_A_GROUP = np.arange(40) * (np.arange(40) % 2)
"""Half of the rows of each class are one group."""


def seeds(validation: CrossValidation) -> list[int]:
    return [fit.seed for fit in validation.fits]


def folds(validation: CrossValidation) -> list[Any]:
    return [*validation.folds.assignment.tolist()]


def test_repeat_after_repeat_each_row_is_tested_once() -> None:
    validation = made(data_of(20, 20))
    splits = [fit.split(validation.data) for fit in validation.fits]
    assert [fit.rows.key for fit in validation.fits] == [(r, k) for r in range(2) for k in range(4)]
    for repeat in range(2):
        tested = [split.test for split in splits[4 * repeat : 4 * repeat + 4]]
        assert sorted(np.concatenate(tested)) == [*range(40)]
    for split, fit in zip(splits, validation.fits, strict=True):
        assert sorted(np.concatenate([*split.parts.values()])) == [*range(40)]
        assert sum(fit.sizes) == 40
    assert_standardized_by_own_rows(validation, 5)


def test_a_folds_seed_follows_from_the_configurations_and_its_number() -> None:
    """Another configuration has the same folds."""
    plain, wider = made(data_of(20, 20)), made(data_of(20, 20), model={"hidden": [3]})
    seed = configuration_seed(plain.experiment)
    assert seeds(plain) == [fold_seed(seed, r, k) for r in range(2) for k in range(4)]
    assert len({*seeds(plain), *seeds(wider)}) == 16
    assert folds(plain) == folds(wider)


def test_the_split_can_have_a_seed_of_its_own() -> None:
    """Experiments with different seeds then have the same folds, and networks of their own."""
    own = {"split": {"seed": 0}}
    plain, reseeded = made(data_of(20, 20)), made(data_of(20, 20), seed=1)
    first, second = made(data_of(20, 20), data=own), made(data_of(20, 20), data=own, seed=1)
    assert folds(first) == folds(second) == folds(plain) != folds(reseeded)
    assert seeds(first) == seeds(plain)
    assert not {*seeds(first)} & {*seeds(second)}


def test_a_batch_size_that_all_folds_have_is_filled_in() -> None:
    """Of 43 rows, three folds test 11 rows and the last one 10."""
    validation = made(data_of(20, 20), training={"batch_size": "auto"})
    assert validation.experiment.training.batch_size == validation.fits[0].sizes[0]
    uneven = made(data_of(22, 21), data=WITHOUT_VALIDATION)
    assert {fit.sizes for fit in uneven.fits} == {(32, 0, 11), (33, 0, 10)}
    assert uneven.experiment.training.batch_size == "auto"
    assert {fit.settings.batch_size for fit in uneven.fits} == {32, 33}


def test_a_class_that_some_fold_cannot_learn_or_test_gives_a_warning(messages: Messages) -> None:
    """The class c has one row: the fold that tests it was not trained on it."""
    for warning in sentences(made(data_of(20, 20, 1)).check.warnings):
        messages.check(warning)


def in_order(counts: tuple[int, ...] = (20, 20), *, values: int = 40, **changes: Any) -> TaskData:
    """Rows in the order of a column with so many values; the first class has the first rows."""
    order = np.arange(sum(counts)) * values // sum(counts)
    return data_of(*counts, order=order.astype(float), **changes)


def by_order(share: float) -> dict[str, Any]:
    return {"folds": 3, "data": {"split": {"by": "x0", "validation": share}}}


@pytest.mark.parametrize(
    ("data", "changes"),
    [
        (data_of(3, 3), {"folds": 7, "repeats": 1}),
        (data_of(1, 1), {"folds": 2, "repeats": 1}),
        (data_of(20, 20, groups=np.arange(40) // 2, test_rows=4), {}),
        (data_of(20, 20, groups=np.arange(40) // 8), {"folds": 6, "repeats": 1}),
        (data_of(20, 20, groups=HALF_A_GROUP), {"folds": 2, "repeats": 1}),
        (in_order(values=4), by_order(0.15)),
        (in_order(values=3), by_order(0.0)),
        (in_order(test_rows=5), by_order(0.15)),
    ],
    ids=[
        "more folds than rows",
        "two rows in two folds",
        "a test file without groups",
        "more folds than groups",
        "a group as large as a fold",
        "few values of the order",
        "fewer values of the order",
        "a test file in an order",
    ],
)
def test_folds_that_the_rows_do_not_allow(
    data: TaskData, changes: dict[str, Any], messages: Messages
) -> None:
    with pytest.raises(ConfigError) as caught:
        made(data, **changes)
    for problem in caught.value.problems:
        messages.check(problem)


@pytest.mark.parametrize(
    ("data", "changes", "sizes"),
    [
        (data_of(1, 1), {"folds": 2, "data": WITHOUT_VALIDATION}, {(1, 0, 1)}),
        (data_of(20, 20, groups=HALF_A_GROUP), {"folds": 2, "data": WITHOUT_VALIDATION}, {(20, 0, 20)}),
        (data_of(20, 20, groups=HALF_A_GROUP), {"folds": 3}, {(17, 3, 20), (26, 4, 10)}),
        (in_order(values=4), by_order(0.0), {(10, 0, 10), (20, 0, 10), (30, 0, 10)}),
    ],
)
def test_folds_that_the_rows_just_allow(
    data: TaskData, changes: dict[str, Any], sizes: set[tuple[int, ...]]
) -> None:
    assert {fit.sizes for fit in made(data, **changes).fits} == sizes


def test_folds_in_order_learn_from_earlier_rows_and_do_not_test_the_first(messages: Messages) -> None:
    validation = made(in_order(), **by_order(0.15))
    assert [fit.sizes for fit in validation.fits[:3]] == [(8, 2, 10), (17, 3, 10), (26, 4, 10)]
    assert [fit.rows.key for fit in validation.fits] == [(r, k) for r in range(2) for k in range(3)]
    for fit in validation.fits:
        split = fit.split(validation.data)
        assert 0 == split.train.min() < split.train.max() < split.validation.min()
        assert split.validation.max() < split.test.min()
    assert len({*seeds(validation)}) == 6
    for warning in sentences(validation.check.warnings):
        messages.check(warning)
