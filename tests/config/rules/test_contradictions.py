from __future__ import annotations

from collections.abc import Callable

import pytest

from fnnctl.config.reading.loading import LoadedConfig

Load = Callable[..., LoadedConfig]
Problems = Callable[..., list[str]]

IRIS = "data: {source: iris}\n"
NO_VALIDATION = "data: {source: iris, split: {validation: 0}}\n"


@pytest.mark.parametrize(("shares", "total"), [("validation: 0.5, test: 0.5", "1"), ("test: 0.9", "1.05")])
def test_shares_that_leave_nothing_to_train_on_are_refused(
    problems: Problems, shares: str, total: str
) -> None:
    message = f"data.split: validation and test sum to {total}, which leaves no rows to train on"
    assert problems(f"data:\n  source: iris\n  split: {{{shares}}}\n", "recipe=classic") == [f"3: {message}"]


@pytest.mark.parametrize(
    ("stopping", "monitor"),
    [("{}", "validation_loss"), ("{monitor: validation_f1_macro, patience: 5}", "validation_f1_macro")],
)
def test_early_stopping_cannot_watch_a_part_that_is_not_there(
    problems: Problems, stopping: str, monitor: str
) -> None:
    text = f"data: {{source: iris, split: {{validation: 0}}}}\ntraining:\n  early_stopping: {stopping}\n"
    assert problems(text, "recipe=classic") == [
        f"3: training.early_stopping: monitors {monitor}, but data.split.validation is 0; "
        "write monitor: train_loss, or early_stopping: null"
    ]


def test_a_temperature_needs_a_validation_part(problems: Problems, load: Load) -> None:
    model = "model:\n  calibration: temperature\n"
    assert load("data: {source: iris}\n" + model).experiment.model.calibration == "temperature"
    without = "data: {source: iris, split: {validation: 0}}\n"
    assert problems(without + model, "recipe=classic") == [
        "3: model.calibration: the temperature is fitted on the validation part, "
        "but data.split.validation is 0; write data.split.validation: 0.15, or calibration: none"
    ]
    load(without + "model: {calibration: none}")


@pytest.mark.parametrize(("threshold", "number"), [
    ("f1", "0.5"), ("youden", "0.5"), ("{cost: {false_negative: 10}}", "0.0909"),
    ("{cost: {false_positive: 3, false_negative: 1}}", "0.75"),
])  # fmt: skip
def test_a_threshold_is_chosen_on_validation_rows(
    problems: Problems, load: Load, threshold: str, number: str
) -> None:
    model = f"model:\n  threshold: {threshold}\n"
    load("data: {source: iris}\n" + model)
    without = "data: {source: iris, split: {validation: 0}}\n"
    assert problems(without + model, "recipe=classic") == [
        "3: model.threshold: the threshold is chosen on validation rows, but data.split.validation is 0; "
        "write data.split.validation: 0.15, model.ensemble.bags: true, or a number such as threshold: "
        + number
    ]
    load(without + model + "  ensemble: {members: 3, bags: true}\nrecipe: classic\n")
    load(without + "model: {threshold: 0.3}\nrecipe: classic\n")


def test_there_is_one_positive_class(problems: Problems, load: Load) -> None:
    model = "model: {output: {name: logistic, positive_class: a}}\n"
    load("data: {source: a.csv, target: y, positive_class: a}\n" + model)
    assert problems("data: {source: a.csv, target: y, positive_class: b}\n" + model) == [
        "1: data.positive_class: model.output.positive_class is 'a'; remove one of the two"
    ]


def test_bags_need_several_members(problems: Problems, load: Load) -> None:
    text = IRIS + "model:\n  ensemble: {members: 1, bags: true}\n"
    reason = "each member is validated on a fold of its own, so there must be several"
    advice = "write members: 2 or more, or bags: false"
    assert problems(text) == [f"3: model.ensemble.bags: {reason}; {advice}"]
    assert load(text.replace("1, ", "2, ")).experiment.model.ensemble.bags


def test_several_members_share_weights_but_not_with_bags(problems: Problems, load: Load) -> None:
    text = IRIS + "model:\n  ensemble: {members: 1, share_weights: true}\n"
    reason = "there must be several members to share weights"
    assert problems(text, "recipe=classic") == [
        f"3: model.ensemble.share_weights: {reason}; write members: 2 or more, or false"
    ]
    assert load(text.replace("1, ", "2, ")).experiment.model.ensemble.share_weights
    reason = "shared weights are trained on the rows of all members' bags, so no row is out of bag"
    assert problems(text.replace("1, ", "2, bags: true, ")) == [
        f"3: model.ensemble.bags: {reason}; write false for one of the two"
    ]


def test_early_stopping_is_off_where_it_is_left_out_and_there_is_nothing_to_watch(load: Load) -> None:
    assert load("data: {source: iris}").experiment.training.early_stopping is not None
    without = "data: {source: iris, split: {validation: 0}}"
    assert load(without).experiment.training.early_stopping is None
    assert load(without + "\ntraining: {epochs: 5}").experiment.training.epochs == 5


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            IRIS + "model:\n  hidden: [100, 50]\n  residual: true",
            "4: model.residual: no hidden layer has as many units as the one before it, so no inputs "
            "can be added; write hidden: [100, 100], or residual: false",
        ),
        (
            IRIS + "model:\n  hidden: [100, {units: 100, residual: false}, 50]\n  residual: true",
            "4: model.residual: no hidden layer without a residual of its own has as many units as the one "
            "before it, so no inputs can be added; write hidden: [100, 100], or residual: false",
        ),
        (
            IRIS + "model:\n  normalization: layer\n  hidden:\n    - 5\n    - 1",
            "6: model.hidden[1]: layer normalization makes a single neuron's output constant; "
            "write more units, or normalization: none",
        ),
        (
            IRIS + "model: {normalization: batch}\ntraining:\n  batch_size: 1",
            "4: training.batch_size: batch normalization needs at least 2 rows per batch; write 2 or more, "
            "or model.normalization: layer",
        ),
        (
            IRIS + "training:\n  batch_size: 1\n  mixup: 0.2",
            "3: training.batch_size: mixup mixes the rows of a batch; write 2 or more, or mixup: 0",
        ),
        (
            NO_VALIDATION + "training:\n  lr_schedule: {name: adaptive, monitor: validation_accuracy}",
            "3: training.lr_schedule: monitors validation_accuracy, but data.split.validation is 0; "
            "write monitor: train_loss",
        ),
        (
            IRIS + "training:\n  optimizer: {learning_rate: 0.01}\n"
            "  lr_schedule: {name: adaptive, minimum: 0.01}",
            "4: training.lr_schedule.minimum: must be less than training.optimizer.learning_rate, "
            "which is 0.01; otherwise the rate is never lowered",
        ),
        (
            IRIS + "training:\n  epochs: 5\n  lr_schedule: {name: cosine, warmup_epochs: 5}",
            "4: training.lr_schedule.warmup_epochs: must be less than training.epochs, which is 5",
        ),
        (
            IRIS + "training:\n  epochs: 100\n  averaging: swa\n  early_stopping: {patience: 74}",
            "5: training.early_stopping: may end training before swa starts averaging, after epoch 75; "
            "write early_stopping: null, patience: 75 or more, or averaging: ema",
        ),
        (
            IRIS + "recipe: classic\ntraining:\n  averaging: swa",
            "3: training.early_stopping: may end training before swa starts averaging, after epoch 150; "
            "write early_stopping: null, patience: 150 or more, or averaging: ema",
        ),
        (
            IRIS
            + "training: {epochs: 100, averaging: swa, early_stopping: null, convergence: {patience: 74}}",
            "2: training.convergence: may end training before swa starts averaging, after epoch 75; "
            "write convergence: null, patience: 75 or more, or averaging: ema",
        ),
        (
            IRIS + "training:\n  class_weights: {}",
            "3: training.class_weights: is empty; write {CLASS: WEIGHT}, balanced, or null",
        ),
        (
            IRIS + "evaluation:\n  sizes: []",
            "3: evaluation.sizes: is empty; write shares of the rows, such as [0.1, 0.3, 1], or null",
        ),
        (
            IRIS + "evaluation:\n  sizes:\n  - 0.5\n  - 1\n  - 0.5",
            "6: evaluation.sizes[2]: 0.5 is given twice; leave one out",
        ),
    ],
)
def test_contradictions_are_refused_with_advice(problems: Problems, text: str, expected: str) -> None:
    assert problems(text, "recipe=classic") == [expected]


@pytest.mark.parametrize(
    "text",
    [
        IRIS + "model: {hidden: [100, 50, 50], residual: true}",
        IRIS + "model: {hidden: [100, {units: 100, residual: false}, 100], residual: true}",
        IRIS + "model: {hidden: [100, {units: 50, residual: true}]}",  # what a search prints can be pasted
        IRIS + "model: {hidden: [1], normalization: batch}",
        IRIS + "model: {hidden: [{units: 1, normalization: none}, 2], normalization: layer}",
        IRIS + "model: {hidden: [1], activation: maxout, normalization: layer}",
        IRIS + "model: {hidden: [{units: 5, normalization: layer}]}\ntraining: {batch_size: 1}",
        IRIS + "model: {normalization: batch}\ntraining: {batch_size: 2, mixup: 0.2}",
        IRIS + "training: {lr_schedule: {name: adaptive, minimum: 0.0009}}",
        IRIS + "training: {epochs: 5, lr_schedule: {name: cosine, warmup_epochs: 4}}",
        IRIS + "training: {epochs: 3, horizon: 9, lr_schedule: {name: cosine, warmup_epochs: 4}}",
        IRIS + "training: {epochs: 200, horizon: 9, averaging: swa}",
        IRIS + "training: {epochs: 100, averaging: swa, early_stopping: {patience: 75}}",
        IRIS + "training: {averaging: swa, early_stopping: null}",
        IRIS + "training: {averaging: swa, early_stopping: {patience: null}}",
        IRIS + "training: {epochs: 9, averaging: swa, early_stopping: null, convergence: {patience: 6}}",
        IRIS + "training: {averaging: ema}",
        NO_VALIDATION + "training: {lr_schedule: adaptive}",
    ],
)
def test_settings_that_agree_are_accepted(load: Load, text: str) -> None:
    load(text)


@pytest.mark.parametrize(
    ("place", "value", "instead"),
    [
        ("training.parametrization", "neural_tangent", "parametrization: standard"),
        ("training.l1", "0.1", "l1: 0"),
        ("training.input_noise", "0.1", "input_noise: 0"),
        ("training.mixup", "0.2", "mixup: 0"),
        ("training.max_norm", "3", "max_norm: null"),
        ("training.clip_norm", "1", "clip_norm: null"),
        ("training.clip_value", "1", "clip_value: null"),
        ("training.averaging", "ema", "averaging: null"),
        ("model.dropout", "0.1", "dropout: 0"),
        ("model.normalization", "batch", "normalization: none"),
        ("model.hidden[0].dropout", "0.1", "dropout: 0"),
        ("model.hidden[0].normalization", "batch", "normalization: none"),
    ],
)
def test_what_is_random_or_moves_the_weights_does_not_go_with_lbfgs(
    problems: Problems, place: str, value: str, instead: str
) -> None:
    text = IRIS + "model: {hidden: [{units: 5}, 5]}\ntraining: {optimizer: lbfgs}\n"
    message = f"cannot be used with lbfgs; write {instead}, or choose another training.optimizer"
    assert problems(text, f"{place}={value}") == [f"--set: {place}: {message}"]


def test_what_a_line_search_can_follow_goes_with_lbfgs(load: Load) -> None:
    load(
        IRIS + "model: {hidden: [5, {units: 5, dropout: 0}], normalization: layer, residual: true}\n"
        "training: {optimizer: lbfgs, l2: 0.01, class_weights: balanced, label_smoothing: 0.1, "
        "convergence: {}, time_limit: 60, max_norm: null}\n"
    )


@pytest.mark.parametrize("name", ["mixup", "input_noise"])
def test_augmentation_does_not_reach_bins(problems: Problems, load: Load, name: str) -> None:
    text = IRIS + f"model: {{numeric_embedding: piecewise_linear}}\ntraining: {{{name}: 0.2}}\n"
    assert problems(text, "recipe=classic") == [
        f"3: training.{name}: would not reach the bins of piecewise_linear, which are found before training; "
        f"write {name}: 0, or model.numeric_embedding: none"
    ]
    load(text.replace("piecewise_linear", "none"))


def test_rows_in_order_have_no_groups_and_no_bags(problems: Problems, load: Load) -> None:
    text = "data:\n  source: a.csv\n  split:\n    by: day\n"
    assert load(text).experiment.data.split.by == "day"
    assert problems(text + "    group: patient\n") == [
        "4: data.split.by: rows cannot be in the order of a column if all rows of a group are in one part; "
        "write null for this setting or for data.split.group"
    ]
    assert problems(text + "model:\n  ensemble: {members: 4, bags: true}\n") == [
        "6: model.ensemble.bags: the members would train on rows later than those that they are "
        "validated on, but data.split.by orders the rows; write bags: false, or data.split.by: null"
    ]
