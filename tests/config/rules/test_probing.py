from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from fnnctl.config.rules.trials import TrialConfigs
from fnnctl.config.schema.experiment import Experiment

Problems = Callable[..., list[str]]
ADAM_OR_LBFGS = "training.optimizer.name: {choice: [adam, lbfgs]}"
LBFGS = "cannot be used with lbfgs"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("training.l2: {uniform: [-1, 1]}",
         "training.l2.uniform[0]: must be a number from 0 to 1000000, not -1.0"),
        ("model.dropout: {uniform: [0, 1]}",
         "model.dropout.uniform[1]: must be a number from 0 to 0.99, not 1.0"),
        ("training.l2: {normal: [0.001, 0.0005]}",
         "training.l2.normal: must be a number from 0 to 1000000, not -0.001"),
        ("data.scaling: {choice: [robust, minmxa]}",
         "data.scaling.choice[1]: must be one of standardize, robust, minmax, none, "
         "not 'minmxa' (did you mean 'minmax'?)"),
        ("training.optimizer: {choice: [adam, {name: sgd, momentum: 0.9}]}",
         "training.optimizer.choice[1]: training.optimizer.momentum: "
         "sgd has no momentum; momentum and nesterov have"),
        ("training.batch_size: {integer: [0, 3]}",
         "training.batch_size.integer[0]: must be a whole number from 1 to 1000000000, or auto, not 0"),
        ("training.batch_size: {choice: [16, null]}",
         "training.batch_size.choice[1]: must be a whole number from 1 to 1000000000, or auto, "
         "not null (remove it to use the default)"),
        ("training.optimizer.momentum: {uniform: [0.5, 0.9]}",
         "training.optimizer.momentum: adam has no momentum; momentum and nesterov have"),
        ("training.lr_schedule.minimum: {choice: [1e-6]}",
         "training.lr_schedule.minimum.choice[0]: constant has no minimum; adaptive has"),
        ("model.hidden: {choice: [[8], 8]}",
         "model.hidden.choice[1]: must be a list of at most 1000 entries, not 8 (write [8])"),
    ],
)  # fmt: skip
def test_a_value_that_the_setting_refuses(search_problems_of: Problems, line: str, problem: str) -> None:
    assert search_problems_of(line) == [f"5: search.space.{problem}"]


@pytest.mark.parametrize(
    ("lines", "config", "problem"),
    [
        (["training.optimizer.momentum: {uniform: [0.5, 0.99]}",
          "training.optimizer.name: {choice: [adam, momentum, nesterov]}"], "",
         "5: search.space.training.optimizer.momentum: with training.optimizer.name: adam, "
         "adam has no momentum; write when: {training.optimizer.name: [momentum, nesterov]}"),
        (["model.dropout: {uniform: [0, 0.5]}", ADAM_OR_LBFGS], "",
         f"5: search.space.model.dropout: with training.optimizer.name: lbfgs, {LBFGS}; "
         "write when: {training.optimizer.name: adam}"),
        (["model.dropout: {uniform: [0.1, 0.5]}", "training.optimizer: {choice: [{name: lbfgs}, sgd]}"], "",
         f"5: search.space.model.dropout: with training.optimizer: {{name: lbfgs}}, {LBFGS}; "
         "write when: {training.optimizer: sgd}"),
        (["model.residual: {choice: [true, false]}", "model.hidden: {depth: [1, 3], width: [16, 64]}"], "",
         "5: search.space.model.residual: with model.hidden.depth: 1, "
         "no hidden layer has as many units as the one before it, so no inputs can be added; "
         "write when: {model.hidden.depth: [2, 3]}"),
        (["model.normalization: {choice: [none, batch]}", "training.batch_size: {choice: [1, 16]}"], "",
         "6: search.space.training.batch_size: with model.normalization: batch, "
         "batch normalization needs at least 2 rows per batch; write when: {model.normalization: none}"),
        ([ADAM_OR_LBFGS], "model: {dropout: 0.2}",
         f"5: search.space.training.optimizer.name.choice[1]: with lbfgs, model.dropout: {LBFGS}; "
         "write dropout: 0, or choose another training.optimizer"),
        (["model.hidden: {depth: [1, 2], width: [1, 4], log: true}"], "model: {normalization: layer}",
         "5: search.space.model.hidden.width: model.hidden[0]: "
         "layer normalization makes a single neuron's output constant; "
         "write more units, or normalization: none"),
    ],
)  # fmt: skip
def test_the_condition_that_is_missing_is_reported(
    search_problems_of: Problems, lines: list[str], config: str, problem: str
) -> None:
    assert search_problems_of(*lines, config=config) == [problem]


@pytest.mark.parametrize(
    ("lines", "config"),
    [
        # with the missing condition
        (["model.dropout: {uniform: [0.1, 0.5], when: {training.optimizer.name: adam}}", ADAM_OR_LBFGS], ""),
        # no trial has the value in the config
        (["model.normalization: {choice: [batch]}", "training.batch_size: {choice: [16, 32]}"],
         "training: {batch_size: 1}"),
        # only some numbers exclude each other, which no condition can express
        (["training.lr_schedule.minimum: {log_uniform: [1e-6, 1e-2]}",
          "training.optimizer.learning_rate: {log_uniform: [1e-4, 0.1]}"],
         "training: {lr_schedule: adaptive}"),
        (["model.residual: {choice: [true, false], when: {model.hidden.depth: [2, 3]}}",
          "model.hidden: {depth: [1, 3], width: [4, 64], per_layer: true}"], ""),
        # lbfgs does not read it, adam does
        (["training.batch_size: {choice: [16, 32]}", ADAM_OR_LBFGS], "training: {optimizer: lbfgs}"),
        # the config's own settings of either branch
        ([ADAM_OR_LBFGS], "training: {batch_size: 32, optimizer: {name: adam, beta1: 0.8, memory: 5}}"),
    ],
)  # fmt: skip
def test_what_is_left_to_the_trials_or_never_happens(
    search_problems_of: Problems, lines: list[str], config: str
) -> None:
    assert search_problems_of(*lines, config=config) == []


def test_numbers_that_never_go_together_are_an_error(search_problems_of: Problems) -> None:
    assert search_problems_of(
        "training.lr_schedule.minimum: {log_uniform: [0.1, 0.2]}",
        "training.optimizer.learning_rate: {log_uniform: [0.01, 0.05]}",
        config="training: {lr_schedule: adaptive}",
    ) == [
        "5: search.space.training.lr_schedule.minimum: "
        "must be less than training.optimizer.learning_rate, which is 0.01; "
        "otherwise the rate is never lowered"
    ]


def test_long_choices_are_tried_quickly_and_whole(search_problems_of: Problems) -> None:
    numbers = [k / 1000 for k in range(1, 400)]
    assert search_problems_of(
        f"training.l2: {{choice: {numbers}}}",
        f"model.dropout: {{choice: {[*numbers, 1.5]}}}",
    ) == ["6: search.space.model.dropout.choice[399]: must be a number from 0 to 0.99, not 1.5"]


def test_a_dimension_that_no_trial_reads(search_problems_of: Problems) -> None:
    found = search_problems_of(
        "training.batch_size: {choice: [16, 32]}",
        "training.lr_schedule: {choice: [constant, {name: step, every: 5}]}",
        config="training: {optimizer: lbfgs}",
    )
    assert found == [
        "5: search.space.training.batch_size: has no effect: lbfgs always uses all rows at once",
        "6: search.space.training.lr_schedule: has no effect: lbfgs finds its step length by line search",
    ]


def test_layers_are_tried_as_a_whole(search_problems_of: Problems) -> None:
    """A layer without its units, or with the model's activation instead of its own, is none of a trial's."""
    layers = "model.hidden: {depth: [1, 2], width: [4, 16], log: true, activation: [relu, tanh]}"
    assert search_problems_of("model.activation: {choice: [relu, tanh]}", layers) == [
        "5: search.space.model.activation: has no effect: every hidden layer has its own activation"
    ]
    layers = layers.replace("[1, 2]", "[0, 3], per_layer: true, residual: [true]")
    found = search_problems_of(layers, config="model: {hidden: [8, 8], residual: true}")
    assert found
    assert all("no hidden layer has as many units as the one before it" in each for each in found)


def test_the_largest_budget_is_tried_too(search_problems_of: Problems) -> None:
    assert search_problems_of(
        "training.lr_schedule.warmup_epochs: {integer: [1, 100]}",
        config="training: {lr_schedule: cosine}",
        search="  budget: {max_epochs: 81}\n",
    ) == [
        "6: search.space.training.lr_schedule.warmup_epochs.integer[1]: "
        "must be less than training.epochs, which is 81"
    ]


def test_settings_of_branches_that_no_trial_takes_are_refused(problems: Problems) -> None:
    text = "data: {source: iris}\ntraining: {optimizer: {name: adam, momentum: 0.5}, batch_size: 32}\n"
    search = f"search: {{space: {{{ADAM_OR_LBFGS}}}}}\n"
    refused = "2: training.optimizer.momentum: adam has no momentum; momentum and nesterov have"
    assert problems(text + search) == [refused]
    of_lbfgs = "training.optimizer={name: lbfgs}"
    unread = "2: training.batch_size: has no effect: lbfgs always uses all rows at once"
    assert problems(text, of_lbfgs) == [unread]
    assert problems(text + search.replace("adam, ", ""), of_lbfgs) == [unread]


def test_a_thousand_layers_with_their_own_widths_take_few_trials(
    search_problems_of: Problems, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []
    experiment_of = TrialConfigs.experiment_of

    def counted(self: TrialConfigs, assignment: Mapping[str, Any]) -> Experiment:
        tried.append(assignment)
        return experiment_of(self, assignment)

    monkeypatch.setattr(TrialConfigs, "experiment_of", counted)
    layers = "model.hidden: {depth: [0, 1000], width: [1, 9], per_layer: true}"
    assert search_problems_of(layers) == []
    assert max(len(each.get("model.hidden", ())) for each in tried) == 1000
    assert len(tried) < 200
    assert search_problems_of(layers.replace("0,", "1,"), "model.normalization: {choice: [layer, none]}")
