from __future__ import annotations

from collections.abc import Callable

import pytest

from fnnctl.config.paths import format_path
from fnnctl.config.rules.canonical import NOT_COUNTED
from fnnctl.config.rules.space_check import NOT_SEARCHED

Problems = Callable[..., list[str]]
OPTIMIZERS = "training.optimizer.name: {choice: [adam, momentum, nesterov]}"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("training.optimizer.learning_rat: {log_uniform: [0.1, 1]}",
         "training.optimizer.learning_rat: unknown setting (did you mean 'learning_rate'?)"),
        ("trainig.l2: {uniform: [0.1, 1]}",
         "trainig.l2: trainig: unknown setting (did you mean 'training'?)"),
        ("training.l2.x: {choice: [1]}",
         "training.l2.x: there is no such setting: training.l2 is a single value"),
        ("model.hidden.units: {choice: [1]}",
         "model.hidden.units: there is no such setting: model.hidden is a list"),
        ("training.3: {choice: [1]}",
         "training.3: there is no such setting: training is a section, not a list"),
        ("model.hidden.3.units: {choice: [1]}",
         "model.hidden.3.units: there is no such entry: the length of model.hidden is 1"),
        ("training..l2: {choice: [1]}",
         "training..l2: is not the path of a setting; write it with dots, such as training.l2"),
        ("training.averaging.decay: {choice: [0.9]}",
         "training.averaging.decay.choice[0]: with 0.9, training.averaging.name: missing: one of ema, swa"),
    ],
)  # fmt: skip
def test_a_path_that_does_not_exist(search_problems_of: Problems, line: str, problem: str) -> None:
    assert search_problems_of(line) == [f"5: search.space.{problem}"]


@pytest.mark.parametrize("path", NOT_SEARCHED, ids=format_path)
def test_settings_that_make_no_sense_to_search(search_problems_of: Problems, path: tuple[str, ...]) -> None:
    key = format_path(path)
    problem = f"5: search.space.{key}: cannot be searched: {NOT_SEARCHED[path]}"
    assert search_problems_of(f"{key}: {{choice: [1, 2]}}") == [problem]
    assert search_problems_of(f"{key}.x: {{choice: [1, 2]}}")[0].endswith(NOT_SEARCHED[path])


def test_settings_that_do_not_change_the_configuration_are_not_searched() -> None:
    assert NOT_COUNTED.keys() <= NOT_SEARCHED.keys()


def test_the_data_are_no_choice_as_a_whole(search_problems_of: Problems) -> None:
    assert search_problems_of("data: {choice: [{source: iris}, {source: wine}]}") == [
        "5: search.space.data: cannot be searched as a whole; search settings in it, such as data.scaling"
    ]


def test_an_ensemble_is_no_part_of_a_choice_either(search_problems_of: Problems) -> None:
    reason = NOT_SEARCHED["model", "ensemble"]
    assert "write model.ensemble: 5 outside of the search section" in reason
    assert search_problems_of("model: {choice: [{hidden: [3]}, {hidden: [4], ensemble: 2}]}") == [
        f"5: search.space.model: model.ensemble cannot be searched: {reason}"
    ]
    assert search_problems_of("model.ensemble.members: {choice: [2, 4]}") == [
        f"5: search.space.model.ensemble.members: cannot be searched: {reason}"
    ]


def test_a_wrong_form_is_reported_with_the_schemas_problems(problems: Problems) -> None:
    """All problems are reported at once, except for domains that the schema refuses."""
    text = (
        "data: {source: iris}\n"
        "search:\n"
        "  trials: many\n"
        "  space:\n"
        "    training.l2: {log_uniform: [0.1]}\n"
        "    training.l1: {uniform: [0.5, 0.1]}\n"
        "    seed: {choice: [1, 1]}\n"
        "    training.mixup: {choice: [0.1, 0.1]}\n"
    )
    assert [problem.partition(";")[0] for problem in problems(text)] == [
        "3: search.trials: must be a whole number from 1 to 10000000, or null, not 'many'",
        "5: search.space.training.l2.log_uniform: must be a list of 2 numbers, not a list of length 1",
        "6: search.space.training.l1.uniform: the minimum, 0.5, is above the maximum, 0.1",
        f"7: search.space.seed: cannot be searched: {NOT_SEARCHED['seed',]}",
        "8: search.space.training.mixup.choice[1]: 0.1 is given twice",
    ]
    assert len(problems(f"{text}training: {{epochs: 0}}\n")) == 6
    assert len(problems(text.replace("many", "3").replace("[0.1]}", "[0.1, 1]}"), "training.epochs=0")) == 1


def test_a_setting_is_searched_once_and_by_one_domain(search_problems_of: Problems) -> None:
    assert search_problems_of(
        "model.hidden.0.units: {integer: [1, 5]}",
        "model.hidden[0].units: {integer: [1, 5]}",
        "training.optimizer: {choice: [adam, sgd]}",
        "training.optimizer.learning_rate: {uniform: [0.1, 0.2]}",
        "model.activation: {depth: [1, 2], width: [3, 5]}",
    ) == [
        "6: search.space.model.hidden[0].units: is already searched, as model.hidden.0.units; "
        "remove one of the two",
        "8: search.space.training.optimizer.learning_rate: is part of training.optimizer, "
        "which is searched as a whole; remove one of the two",
        "9: search.space.model.activation: depth and width are a domain of model.hidden only",
    ]


def test_an_empty_space(search_problems_of: Problems) -> None:
    advice = "name a setting with its domain, such as training.l2: {log_uniform: [1e-6, 1e-2]}"
    assert search_problems_of(search="  space: {}\n  method: grid\n#") == [
        f"4: search.space: is empty; {advice}"
    ]


def test_a_domains_own_problem_has_its_line(search_problems_of: Problems) -> None:
    assert search_problems_of("training.l2:", "  uniform:", "  - 1", "  - 0") == [
        "6: search.space.training.l2.uniform: the minimum, 1.0, is above the maximum, 0.0; write [0.0, 1.0]"
    ]


@pytest.mark.parametrize(
    ("domain", "instead"),
    [
        ("{uniform: [1, 32]}", "integer: [1, 32]"),
        ("{log_uniform: [1, 32]}", "log_integer: [1, 32]"),
        ("{normal: [32, 4]}", "integer: [16, 48]"),
    ],
)
def test_whole_numbers_have_domains_of_their_own(
    search_problems_of: Problems, domain: str, instead: str
) -> None:
    message = f"must be a whole number; write {instead}"
    assert search_problems_of(f"training.batch_size: {domain}") == [
        f"5: search.space.training.batch_size: {message}"
    ]


@pytest.mark.parametrize(
    ("when", "problem"),
    [
        ("training.optimizer.name: momentm",
         "is never momentm (did you mean 'momentum'?)"),
        ("training.optimizer.name: [momentum, 5]",
         "is never 5; its domain has adam, momentum, nesterov"),
        ("training.optimizer.nam: momentum",
         "is not searched (did you mean 'training.optimizer.name'?)"),
        ("model.activation.name: tanh",
         "is not searched and is relu; add it to the space, or remove the condition"),
        ("training.l2: 0.5",
         "cannot be a condition, because its domain is continuous; use a choice"),
        ("data.scaling.name: robust", "never holds: no value of data.scaling has robust there"),
    ],
)  # fmt: skip
def test_a_condition_that_can_never_hold(search_problems_of: Problems, when: str, problem: str) -> None:
    path = when.partition(":")[0]
    assert search_problems_of(
        OPTIMIZERS,
        "training.l2: {uniform: [0, 1]}",
        "data.scaling: {choice: [none, minmax]}",
        f"training.optimizer.momentum: {{uniform: [0.5, 0.99], when: {{{when}}}}}",
    ) == [f"8: search.space.training.optimizer.momentum.when.{path}: {problem}"]


def test_a_condition_on_what_the_config_says_holds_always(search_problems_of: Problems) -> None:
    line = "training.l2: {uniform: [0, 1], when: {training.optimizer.name: [adam, sgd], training.l1: 0}}"
    assert search_problems_of(line) == []


def test_conditions_that_form_cycles(search_problems_of: Problems) -> None:
    found = search_problems_of(
        "training.l2: {choice: [0.1, 0.2], when: {training.l1: 0.1}}",
        "training.l1: {choice: [0.1, 0.2], when: {training.mixup: 0.1}}",
        "training.mixup: {choice: [0.1, 0.2], when: {training.l1: 0.1}}",
        "training.label_smoothing: {choice: [0.1], when: {training.label_smoothing: 0.1}}",
    )
    assert found == [
        "6: search.space.training.l1.when: forms a cycle: training.l1 → training.mixup → training.l1",
        "7: search.space.training.mixup.when: forms a cycle: training.mixup → training.l1 → training.mixup",
        "8: search.space.training.label_smoothing.when: "
        "forms a cycle: training.label_smoothing → training.label_smoothing",
    ]


def test_conditions_that_exclude_one_another(search_problems_of: Problems) -> None:
    assert search_problems_of(
        "training.l2: {choice: [0.1, 0.2], when: {training.l1: 0.1, training.mixup: 0.2}}",
        "training.l1: {choice: [0.1, 0.2], when: {training.mixup: 0.1}}",
        "training.mixup: {choice: [0.1, 0.2]}",
    ) == [
        "5: search.space.training.l2.when: "
        "never holds: its conditions, or those of the settings it depends on, exclude each other"
    ]


def test_everything_is_reported_at_once(search_problems_of: Problems) -> None:
    found = search_problems_of(
        "training.l2: {uniform: [-1, 1]}",
        "training.l1: {choice: []}",
        "seed: {integer: [1, 5]}",
        "model.dropout: {uniform: [0, 0.5], when: {data.scaling: robust}}",
        "model.droput: {choice: [0]}",
        search="  objective: {metric: acuracy}\n",
    )
    assert [line.split(": ")[1] for line in found] == [
        "search.objective.metric",
        "search.space.training.l2.uniform[0]",
        "search.space.training.l1.choice",
        "search.space.seed",
        "search.space.model.dropout.when.data.scaling",
        "search.space.model.droput.choice[0]",
    ]


@pytest.mark.parametrize(
    "lines",
    [
        ["training.l2: {choice: [0.1]}"],
        ["model.hidden: {depth: [0, 3], width: [4, 64], log: true}"],
        ["model: {choice: [{hidden: [4]}, {hidden: [8, 8], residual: true}]}"],
        ["model.hidden.0.units: {integer: [4, 8]}", "model.hidden.1.units: {integer: [4, 8]}"],
        [OPTIMIZERS, "training.optimizer.momentum: {uniform: [0.5, 0.9], "
         "when: {training.optimizer.name: [momentum, nesterov]}}"],
        ["training.optimizer: {choice: [adam, {name: lbfgs, memory: 5}]}",
         "model.dropout: {uniform: [0, 0.5], when: {training.optimizer.name: adam}}"],
        ["data.imputation: {choice: [median, mean]}", "training.shuffle: {choice: [true, false]}"],
        ["training.class_weights.setosa: {log_uniform: [0.1, 10]}"],
    ],
)  # fmt: skip
def test_valid_values_have_no_problems(search_problems_of: Problems, lines: list[str]) -> None:
    assert search_problems_of(*lines) == []
