from __future__ import annotations

from collections.abc import Callable

import pytest

from fnnctl.config.reading.loading import LoadedConfig
from fnnctl.config.reading.resolved import resolved_yaml
from fnnctl.config.rules.canonical import configuration_seed

Load = Callable[..., LoadedConfig]
Problems = Callable[..., list[str]]

IRIS = "data: {source: iris}\n"
OWN_FORMAT = "has no effect: iris is built in and comes with its own format"
IN_ORDER = "has no effect: the rows are divided in the order of data.split.by, whatever their target"
OWN_MEANS = "has no effect: training.averaging uses plain means over the training rows"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("data: {source: iris, encoding: utf-8}", [f"1: data.encoding: {OWN_FORMAT}"]),
        ("data: {source: iris, delimiter: ';'}", [f"1: data.delimiter: {OWN_FORMAT}"]),
        ("data:\n  source: iris\n  missing_values: [x]", [f"3: data.missing_values: {OWN_FORMAT}"]),
        ("data:\n  source: iris\n  decimal_mark: comma", [f"3: data.decimal_mark: {OWN_FORMAT}"]),
        (
            "data: {source: a.parquet, encoding: cp1252, missing_values: [x]}",
            ["1: data.encoding: has no effect: a Parquet file says itself what its values are"],
        ),
        (
            "data: {source: a.parquet, test_source: b.parquet, delimiter: ;}",
            ["1: data.delimiter: has no effect: a Parquet file says itself what its values are"],
        ),
        (
            "data: {source: a.npz, max_categories: 9}",
            ["1: data.max_categories: has no effect: arrays hold numbers only, with a column each"],
        ),
        (
            "data: {source: a.npz, encoding: utf-8}",
            ["1: data.encoding: has no effect: arrays hold numbers only, with a column each"],
        ),
        (
            f"data: {{source: a.csv, test_sha256: {'a' * 64}}}",
            ["1: data.test_sha256: has no effect without data.test_source"],
        ),
        (
            "data:\n  source: a.csv\n  test_source: b.csv\n  split:\n    test: 0.2",
            ["5: data.split.test: has no effect: data.test_source is the test part"],
        ),
        (
            "data: {source: iris, split: {validation: 0, test: 0, stratify: false}}",
            ["1: data.split.stratify: has no effect: no part is split off"],
        ),
        (
            "data: {source: a.csv, test_source: b.csv, split: {validation: 0, stratify: true}}",
            ["1: data.split.stratify: has no effect: no part is split off"],
        ),
        (
            "data:\n  source: iris\n  split: {validation: 0.15}\nmodel: {ensemble: {members: 4, bags: true}}",
            [
                "3: data.split.validation: has no effect: with bags, every row outside the test part is a "
                "validation row of one member"
            ],
        ),
        (
            "data: {source: a.csv, split: {bins: 4, stratify: false}}\n"
            "evaluation: {cross_validation: {stratify: false}}",
            ["1: data.split.bins: has no effect: neither parts nor folds are stratified"],
        ),
        (
            "data:\n  source: a.csv\n  split:\n    by: day\n    stratify: true\n    bins: 4\n"
            "evaluation: {cross_validation: {stratify: false}}",
            [
                f"5: data.split.stratify: {IN_ORDER}",
                f"6: data.split.bins: {IN_ORDER}",
                f"7: evaluation.cross_validation.stratify: {IN_ORDER}",
            ],
        ),
        (
            "data: {source: iris}\nmodel:\n  hidden: []\n  activation: relu",
            ["4: model.activation: has no effect: there is no hidden layer"],
        ),
        (
            "data: {source: iris}\nmodel:\n  hidden: [{units: 5, activation: elu}]\n  activation: relu",
            ["4: model.activation: has no effect: every hidden layer has its own activation"],
        ),
        (
            IRIS + "model:\n  hidden: []\n  dropout: 0.1\n  normalization: batch\n  residual: true",
            [
                "4: model.dropout: has no effect: there is no hidden layer",
                "5: model.normalization: has no effect: there is no hidden layer",
                "6: model.residual: has no effect: there is no hidden layer",
            ],
        ),
        (
            IRIS + "model:\n  hidden: [{units: 5, dropout: 0, normalization: none}]\n"
            "  dropout: 0.1\n  normalization: layer",
            [
                "4: model.dropout: has no effect: every hidden layer has its own dropout",
                "5: model.normalization: has no effect: every hidden layer has its own normalization",
            ],
        ),
        (
            IRIS + "model:\n  hidden: [{units: 5, residual: true}, {units: 5, residual: false}]\n"
            "  residual: true",
            [
                "3: model.hidden[0].residual: has no effect: the first hidden layer's inputs are the "
                "features, which it never adds",
                "4: model.residual: has no effect: every hidden layer after the first has its own residual",
            ],
        ),
        (
            IRIS + "model: {hidden: [5], residual: true}",
            ["2: model.residual: has no effect: only hidden layers after the first add their inputs"],
        ),
        (
            "data: {source: own.csv, target: y, split: {by: day, seed: 3}}",
            [
                "1: data.split.seed: has no effect: the rows are divided in the order of data.split.by, "
                "whatever their target"
            ],
        ),
        (
            IRIS + "model: {hidden: []}\ntraining: {max_norm: 3}",
            ["3: training.max_norm: has no effect: there is no hidden layer"],
        ),
        (
            IRIS + "training:\n  optimizer: lbfgs\n  batch_size: 32\n  shuffle: true\n"
            "  lr_schedule: {name: cosine, warmup_epochs: 900}",
            [
                "4: training.batch_size: has no effect: lbfgs always uses all rows at once",
                "5: training.shuffle: has no effect: lbfgs always uses all rows at once",
                "6: training.lr_schedule: has no effect: lbfgs finds its step length by line search",
            ],
        ),
        (
            IRIS + "model:\n  normalization: {name: batch, momentum: 0.2}\n"
            "  hidden: [5, {units: 5, normalization: {name: batch, momentum: 0.3}}]\n"
            "training: {averaging: ema}",
            [
                f"3: model.normalization.momentum: {OWN_MEANS}",
                f"4: model.hidden[1].normalization.momentum: {OWN_MEANS}",
            ],
        ),
    ],
)
def test_a_setting_that_nothing_reads_is_refused(problems: Problems, text: str, expected: list[str]) -> None:
    assert problems(text, "recipe=classic") == expected


@pytest.mark.parametrize(
    "where", ["split: {bins: 4, stratify: false}}", "split: {bins: 4}}\nevaluation: NOT"]
)
def test_bins_are_read_by_the_parts_or_by_the_folds(load: Load, where: str) -> None:
    text = f"data: {{source: a.csv, {where}".replace("NOT", "{cross_validation: {stratify: false}}")
    assert load(text).experiment.data.split.bins == 4


@pytest.mark.parametrize(
    "text",
    [
        "data: {source: iris, target: species, columns: {ignore: [x], categorical: [y], numeric: [z]}}",
        f"data: {{source: iris, sha256: {'a' * 64}}}",
        "data: {source: a.csv, delimiter: ';', encoding: cp1252, missing_values: ['-'], decimal_mark: comma}",
        "data: {source: a.parquet, missing_values: ['-'], max_categories: 9}",
        "data: {source: a.parquet, test_source: b.csv, delimiter: ';'}",
        "data: {source: a.csv, test_source: b.parquet, delimiter: ';'}",
        f"data: {{source: a.csv, test_source: b.csv, test_sha256: {'a' * 64}, split: {{validation: 0.99}}}}",
        "data: {source: iris, split: {validation: 0, stratify: true}}",
        "data: {source: iris}\nmodel: {hidden: [{units: 5, activation: elu}, 3], activation: tanh}",
        "data: {source: iris}\nmodel: {hidden: [], initialization: glorot_normal}",
        IRIS + "model: {hidden: [], initial_biases: uniform}",
        IRIS + "model: {normalization: layer, initial_biases: uniform}",
        "data: {source: iris}\ntraining: {epochs: 3, early_stopping: {patience: 50}}",
        "data: {source: iris, split: {validation: 0}}\ntraining: {early_stopping: {monitor: train_loss}}",
        "data: {source: iris, split: {validation: 0.5, test: 0.4999}}",
        IRIS + "model: {hidden: [], output: {name: logistic, positive_class: a}}",
        IRIS + "model: {hidden: [5, {units: 5, dropout: 0}], dropout: 0.1}",
        IRIS + "model: {hidden: [{units: 5, residual: null}, {units: 5, residual: true}]}",
        IRIS + "model: {hidden: [5], residual: false}",
        IRIS + "model: {normalization: {name: batch, momentum: 0.2}}",
        IRIS + "model: {normalization: {name: batch, epsilon: 0.2}}\ntraining: {averaging: ema}",
        IRIS + "training: {optimizer: lbfgs, batch_size: auto}",
        IRIS + "training: {optimizer: lbfgs, precision: float32, label_smoothing: 0.1}",
    ],
)
def test_a_setting_that_something_reads_is_fine(load: Load, text: str) -> None:
    load(text)


def test_rules_hold_for_overrides_too(problems: Problems) -> None:
    assert problems("data: {source: iris}", "model.hidden=[]", "model.activation=tanh") == [
        "--set: model.activation: has no effect: there is no hidden layer"
    ]


def test_auto_given_or_not_is_one_configuration(load: Load) -> None:
    """The starter config has `auto`, which is also valid with lbfgs."""
    given = load(IRIS + "training: {optimizer: lbfgs, batch_size: auto}").experiment
    left_out = load(IRIS + "training: {optimizer: lbfgs}").experiment
    assert configuration_seed(given) == configuration_seed(left_out)
    assert "batch_size" not in resolved_yaml(given)


def test_the_names_of_the_built_in_data_sets_are_those_of_the_data_package() -> None:
    from fnnctl.config.schema.data import BUILTIN_NAMES
    from fnnctl.data.builtin import BUILTIN

    assert tuple(BUILTIN) == BUILTIN_NAMES
