from __future__ import annotations

from collections.abc import Callable

import pytest

from fnnctl.config.loading import LoadedConfig

Load = Callable[..., LoadedConfig]
Problems = Callable[..., list[str]]

OWN_FORMAT = "nothing reads this: iris is built in and comes with its own format"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("data: {source: iris, encoding: utf-8}", [f"1: data.encoding: {OWN_FORMAT}"]),
        ("data: {source: iris, delimiter: ';'}", [f"1: data.delimiter: {OWN_FORMAT}"]),
        ("data:\n  source: iris\n  missing_values: [x]", [f"3: data.missing_values: {OWN_FORMAT}"]),
        (
            f"data: {{source: a.csv, test_sha256: {'a' * 64}}}",
            ["1: data.test_sha256: nothing reads this without data.test_source"],
        ),
        (
            "data:\n  source: a.csv\n  test_source: b.csv\n  split:\n    test: 0.2",
            ["5: data.split.test: nothing reads this: data.test_source is the test part"],
        ),
        (
            "data: {source: iris, split: {validation: 0, test: 0, stratify: false}}",
            ["1: data.split.stratify: nothing reads this: no part is split off"],
        ),
        (
            "data: {source: a.csv, test_source: b.csv, split: {validation: 0, stratify: true}}",
            ["1: data.split.stratify: nothing reads this: no part is split off"],
        ),
        (
            "data: {source: iris}\nmodel:\n  hidden: []\n  activation: relu",
            ["4: model.activation: nothing reads this: there is no hidden layer"],
        ),
        (
            "data: {source: iris}\nmodel:\n  hidden: [{units: 5, activation: elu}]\n  activation: relu",
            ["4: model.activation: nothing reads this: every hidden layer has its own activation"],
        ),
    ],
)
def test_a_setting_that_nothing_reads_is_refused(problems: Problems, text: str, expected: list[str]) -> None:
    assert problems(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "data: {source: iris, target: species, columns: {ignore: [x], categorical: [y], numeric: [z]}}",
        f"data: {{source: iris, sha256: {'a' * 64}}}",
        "data: {source: a.csv, delimiter: ';', encoding: cp1252, missing_values: ['-']}",
        f"data: {{source: a.csv, test_source: b.csv, test_sha256: {'a' * 64}, split: {{validation: 0.99}}}}",
        "data: {source: iris, split: {validation: 0, stratify: true}}",
        "data: {source: iris}\nmodel: {hidden: [{units: 5, activation: elu}, 3], activation: tanh}",
        "data: {source: iris}\nmodel: {hidden: [], initialization: glorot_normal}",
        "data: {source: iris}\ntraining: {epochs: 3, early_stopping: {patience: 50}}",
        "data: {source: iris, split: {validation: 0}}\ntraining: {early_stopping: {monitor: train_loss}}",
        "data: {source: iris, split: {validation: 0.5, test: 0.4999}}",
    ],
)
def test_a_setting_that_something_reads_is_fine(load: Load, text: str) -> None:
    load(text)


@pytest.mark.parametrize(("shares", "total"), [("validation: 0.5, test: 0.5", "1"), ("test: 0.9", "1.05")])
def test_shares_that_leave_nothing_to_train_on_are_refused(
    problems: Problems, shares: str, total: str
) -> None:
    message = f"data.split: validation and test sum to {total}, which leaves no rows to train on"
    assert problems(f"data:\n  source: iris\n  split: {{{shares}}}\n") == [f"3: {message}"]


@pytest.mark.parametrize(
    ("stopping", "monitor"),
    [("{}", "validation_loss"), ("{monitor: validation_f1_macro, patience: 5}", "validation_f1_macro")],
)
def test_early_stopping_cannot_watch_a_part_that_is_not_there(
    problems: Problems, stopping: str, monitor: str
) -> None:
    text = f"data: {{source: iris, split: {{validation: 0}}}}\ntraining:\n  early_stopping: {stopping}\n"
    assert problems(text) == [
        f"3: training.early_stopping: watches {monitor}, but data.split.validation is 0; "
        "write monitor: train_loss, or early_stopping: null"
    ]


def test_early_stopping_is_off_where_it_is_left_out_and_there_is_nothing_to_watch(load: Load) -> None:
    assert load("data: {source: iris}").experiment.training.early_stopping is not None
    without = "data: {source: iris, split: {validation: 0}}"
    assert load(without).experiment.training.early_stopping is None
    assert load(without + "\ntraining: {epochs: 5}").experiment.training.epochs == 5


def test_rules_hold_for_overrides_too(problems: Problems) -> None:
    assert problems("data: {source: iris}", "model.hidden=[]", "model.activation=tanh") == [
        "--set: model.activation: nothing reads this: there is no hidden layer"
    ]


def test_the_names_of_the_built_in_data_sets_are_those_of_the_data_package() -> None:
    from fnnctl.config.data import BUILTIN_NAMES
    from fnnctl.data.builtin import BUILTIN

    assert tuple(BUILTIN) == BUILTIN_NAMES
