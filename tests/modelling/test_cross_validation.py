"""One configuration with a fit per fold: what the fits share and where they differ."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from fnnctl.config.rules.canonical import configuration_seed
from fnnctl.config.schema.data import DataConfig
from fnnctl.config.schema.experiment import Experiment
from fnnctl.errors import ConfigError
from fnnctl.messages import sentences
from fnnctl.modelling.cross_validation import CrossValidation, cross_validation
from fnnctl.seeds import fold_seed
from fnnctl.tasks.registry import encode
from fnnctl.tasks.task import TaskData
from tests.memory import dataset_of

FOLDS = {"folds": 4, "repeats": 2}


def experiment_of(*, folds: dict[str, int] = FOLDS, seed: int = 0, **sections: Any) -> Experiment:
    data = DataConfig(source="arrays").model_dump() | sections.pop("data", {})
    evaluation = {"cross_validation": folds}
    return Experiment.model_validate({"data": data, "seed": seed, "evaluation": evaluation, **sections})


def data_of(*counts: int) -> TaskData:
    """Data with these numbers of rows per class."""
    labels = np.repeat([*"abcdef"[: len(counts)]], counts)
    return encode(dataset_of(np.random.default_rng(0).normal(size=(len(labels), 2)), labels))


def made(*counts: int, **changes: Any) -> CrossValidation:
    return cross_validation(data_of(*counts), experiment_of(**changes))


def refused(*counts: int, **changes: Any) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        made(*counts, **changes)
    return [f"{problem.path}: {problem.message}" for problem in caught.value.problems]


def test_repeat_after_repeat_each_row_is_tested_once() -> None:
    validation = made(20, 20)
    assert [fit.rows.key for fit in validation.fits] == [(r, k) for r in range(2) for k in range(4)]
    for repeat in range(2):
        splits = [fit.split(validation.data) for fit in validation.fits[4 * repeat : 4 * repeat + 4]]
        assert sorted(np.concatenate([split.test for split in splits])) == [*range(40)]


def test_the_parts_of_a_fold_are_all_rows() -> None:
    validation = made(20, 20)
    for fit in validation.fits:
        assert sum(fit.sizes) == 40
        assert sorted(np.concatenate([*fit.split(validation.data).parts.values()])) == [*range(40)]


def test_a_folds_seed_follows_from_the_configurations_and_its_number() -> None:
    validation = made(20, 20)
    seed = configuration_seed(validation.experiment)
    assert [fit.seed for fit in validation.fits] == [
        fold_seed(seed, r, k) for r in range(2) for k in range(4)
    ]
    assert len({fit.seed for fit in validation.fits}) == 8


def test_another_configuration_has_the_same_folds_and_other_seeds() -> None:
    first, other = made(20, 20), made(20, 20, model={"hidden": [3]})
    assert first.folds.assignment.tolist() == other.folds.assignment.tolist()
    assert not {fit.seed for fit in first.fits} & {fit.seed for fit in other.fits}


def test_another_seed_has_other_folds() -> None:
    assert made(20, 20).folds.assignment.tolist() != made(20, 20, seed=1).folds.assignment.tolist()


def test_the_split_can_have_a_seed_of_its_own() -> None:
    """Experiments with different seeds then have the same folds, and networks of their own."""
    data = {"split": {"seed": 0}}
    first, other = made(20, 20, data=data), made(20, 20, data=data, seed=1)
    assert first.folds.assignment.tolist() == other.folds.assignment.tolist()
    assert not {fit.seed for fit in first.fits} & {fit.seed for fit in other.fits}
    plain = made(20, 20)
    assert first.folds.assignment.tolist() == plain.folds.assignment.tolist()
    assert [fit.seed for fit in first.fits] == [fit.seed for fit in plain.fits]


def test_preprocessing_is_fitted_to_the_training_rows_of_each_fold() -> None:
    validation = made(20, 20)
    fit = validation.fits[5]
    rows = fit.split(validation.data).train
    numbers = validation.data.dataset.numeric[rows]
    features = np.empty((len(rows), 2))
    fit.preprocessor.transform(validation.data.dataset, rows, features)
    np.testing.assert_allclose(features, (numbers - numbers.mean(axis=0)) / numbers.std(axis=0), rtol=1e-9)


def test_a_batch_size_that_all_folds_have_is_filled_in() -> None:
    """Each of four folds trains on 30 rows, less the validation part."""
    experiment = made(20, 20, training={"batch_size": "auto"}).experiment
    assert experiment.training.batch_size == made(20, 20).fits[0].sizes[0]


def test_a_batch_size_that_differs_between_folds_is_left_open() -> None:
    """Of 43 rows, three folds test 11 rows and the last one 10."""
    validation = made(22, 21, data={"split": {"validation": 0}})
    assert {fit.sizes for fit in validation.fits} == {(32, 0, 11), (33, 0, 10)}
    assert validation.experiment.training.batch_size == "auto"
    assert {fit.settings.batch_size for fit in validation.fits} == {32, 33}


def test_more_folds_than_rows() -> None:
    assert refused(3, 3, folds={"folds": 7, "repeats": 1}) == [
        "evaluation.cross_validation.folds: 6 rows cannot be divided into 7 folds"
    ]


def test_two_rows_in_two_folds_leave_none_to_set_apart() -> None:
    """Without a validation share, two rows are enough."""
    two = {"folds": 2, "repeats": 1}
    (problem,) = refused(1, 1, folds=two)
    assert problem.startswith("evaluation.cross_validation.folds: with 2 rows in 2 folds, none is left")
    assert [fit.sizes for fit in made(1, 1, folds=two, data={"split": {"validation": 0}}).fits] == [
        (1, 0, 1), (1, 0, 1)
    ]  # fmt: skip


def test_a_class_that_some_fold_cannot_learn_or_test_gives_a_warning() -> None:
    """The class c has one row: the fold that tests it was not trained on it."""
    assert sentences(made(20, 20, 1).check.warnings) == [
        "a class has no row in the test part of some folds, where its AUC is null: 'c'",
        "a class has no row in the training part of some folds, where it cannot be learned: 'c'",
    ]


def test_rows_of_a_test_file_have_no_group() -> None:
    grouped = encode(replace(data_of(20, 20).dataset, groups=np.arange(40) // 2, test_rows=4))
    with pytest.raises(ConfigError, match="the test file's have no group"):
        cross_validation(grouped, experiment_of())


def test_groups_are_counted_and_stay_together() -> None:
    groups = np.arange(40) // 8
    grouped = encode(replace(data_of(20, 20).dataset, groups=groups))
    with pytest.raises(ConfigError, match="5 groups cannot be divided into 6 folds"):
        cross_validation(grouped, experiment_of(folds={"folds": 6, "repeats": 1}))
    validation = cross_validation(grouped, experiment_of())
    for fit in validation.fits:
        parts = [{*groups[rows].tolist()} for rows in fit.split(grouped).parts.values()]
        assert sum(map(len, parts)) == 5


def test_a_group_that_is_as_large_as_a_fold_leaves_one_group_in_the_other() -> None:
    """Without a validation share, one group is enough; with more folds, others are beside it."""
    groups = np.arange(40) * (np.arange(40) % 2)  # half of the rows of each class are one group
    grouped = encode(replace(data_of(20, 20).dataset, groups=groups))
    two = {"folds": 2, "repeats": 1}
    with pytest.raises(ConfigError, match="a fold leaves no other one, and none is left for validation"):
        cross_validation(grouped, experiment_of(folds=two))
    without = cross_validation(grouped, experiment_of(folds=two, data={"split": {"validation": 0}}))
    assert {fit.sizes for fit in without.fits} == {(20, 0, 20)}
    assert len(cross_validation(grouped, experiment_of(folds={"folds": 3, "repeats": 1})).fits) == 3


def in_order(
    *counts: int, values: int = 40, folds: int = 3, test_rows: int = 0, share: float = 0.15
) -> CrossValidation:
    """Rows in the order of a column with so many values; the first class has the first rows."""
    data = data_of(*counts)
    order = np.arange(len(data)) * values // len(data)
    dataset = replace(data.dataset, order=order.astype(float), test_rows=test_rows)
    split = {"by": "x0", "validation": share}
    experiment = experiment_of(folds={"folds": folds, "repeats": 2}, data={"split": split})
    return cross_validation(replace(data, dataset=dataset), experiment)


def test_folds_in_order_learn_from_earlier_rows_and_do_not_test_the_first() -> None:
    validation = in_order(20, 20)
    assert [fit.sizes for fit in validation.fits[:3]] == [(8, 2, 10), (17, 3, 10), (26, 4, 10)]
    for fit in validation.fits:
        split = fit.split(validation.data)
        assert split.train.max() < split.validation.min() <= split.validation.max() < split.test.min()
    assert [fit.rows.key for fit in validation.fits] == [(r, k) for r in range(2) for k in range(3)]
    assert len({fit.seed for fit in validation.fits}) == 6
    assert sorted(set(range(40)) - set(validation.folds.test_rows(0, 0))) == [*range(10), *range(20, 40)]
    assert sentences(validation.check.warnings)[0].startswith(
        "2 classes have no row in the test part of some folds"
    )
    assert (
        "a class has no row in the training part of some folds, where it cannot be learned: 'b'"
        in (sentences(validation.check.warnings)[1])
    )


def test_folds_in_order_need_values_of_their_own() -> None:
    in_order(20, 20, values=5)
    in_order(20, 20, values=4, share=0.0)
    for values, share, fewest in ((4, 0.15, 5), (3, 0.0, 4)):
        with pytest.raises(ConfigError) as caught:
            in_order(20, 20, values=values, share=share)
        (problem,) = caught.value.problems
        assert problem.path == "evaluation.cross_validation.folds"
        assert problem.message.startswith(f"the column 'x0' has {values} different values, but 3 folds in ")
        assert f"its order need {fewest}: use fewer folds" in problem.message


def test_a_test_file_is_not_in_the_order() -> None:
    with pytest.raises(ConfigError) as caught:
        in_order(20, 20, test_rows=5)
    assert [problem.path for problem in caught.value.problems] == ["data.test_source"]
