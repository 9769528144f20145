from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from fnnctl.config.experiment import Experiment
from fnnctl.config.problems import schema_messages

Problems = Callable[..., list[str]]

ACTIVATIONS = (
    "one of identity, logistic, tanh, hard_logistic, hard_tanh, relu, softplus, selu, "
    "gelu, mish, leaky_relu, prelu, elu, swish"
)
OPTIMIZERS = "one of sgd, momentum, nesterov, adagrad, rmsprop, adadelta, adam"
SOURCE = (
    "missing: a built-in data set's name (iris, wine, breast_cancer, digits, penguins), "
    "or the path of a CSV file (also .csv.gz), relative to the config file"
)


def write(section: str, *lines: str) -> str:
    """A config with one section besides the data, its lines from line 3 on."""
    return "\n".join(["data: {source: iris}", f"{section}:", *(f"  {line}" for line in lines), ""])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{}", f"1: data.source: {SOURCE}"),
        ("seed: 1\n", f"1: data.source: {SOURCE}"),
        ("seed: 1\ndata:\n", f"2: data.source: {SOURCE}"),
        ("seed: 1\ndata:\n  target: x\n", f"2: data.source: {SOURCE}"),
        ("seed: 1\ndata:\n  source:\n", f"3: data.source: {SOURCE}"),
        (
            "data: {source:iris}\n",
            "1: data.source:iris: is one word; put a space after the colon: source: iris",
        ),
        (
            "data:\n  source:iris\n",
            "1: data: must be a mapping with source, sha256, target, test_source, test_sha256, … (12 in all)"
            ", not 'source:iris' (write source: iris)",
        ),
        (
            "data: iris\n",
            "1: data: must be a mapping with source, sha256, target, test_source, test_sha256, … (12 in all)"
            ", not 'iris' (write {source: iris})",
        ),
    ],
)
def test_a_config_without_data_says_what_to_name(problems: Problems, text: str, problem: str) -> None:
    assert problems(text) == [problem]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("epochs: 0", "epochs: must be a whole number from 1 to 10000000, not 0"),
        ("epochs: '100'", "epochs: must be a whole number from 1 to 10000000, not '100' (remove the quotes)"),
        ("epochs: 1e3", "epochs: must be a whole number from 1 to 10000000, not 1000.0 (write 1000)"),
        ("epochs: true", "epochs: must be a whole number from 1 to 10000000, not true"),
        ("epochs: [5]", "epochs: must be a whole number from 1 to 10000000, not a list of length 1"),
        (
            "epochs:",
            "epochs: must be a whole number from 1 to 10000000, not null (remove it to have the default)",
        ),
        ("batch_size: x", "batch_size: must be a whole number from 1 to 1000000000, or auto, not 'x'"),
        (
            "batch_size: {a: 1}",
            "batch_size: must be a whole number from 1 to 1000000000, or auto, not a mapping",
        ),
        ("l2: -1", "l2: must be a number from 0 to 1000000, not -1"),
        ("l2: .nan", "l2: must be a number from 0 to 1000000, not .nan"),
        ("l2: .inf", "l2: must be a number from 0 to 1000000, not .inf"),
        ("shuffle: yes", "shuffle: must be true or false, not 'yes' (write true)"),
        (
            "precision: float46",
            "precision: must be one of float32, float64, not 'float46' (did you mean 'float64'?)",
        ),
        (
            "optimizer: adm",
            f"optimizer: must be {OPTIMIZERS}, not 'adm' (did you mean 'adam'?)",
        ),
        (
            "optimizer: 5",
            f"optimizer: must be {OPTIMIZERS}, not 5",
        ),
        ("optimizer:", "optimizer: is empty; give it settings, or remove it to have the defaults"),
        (
            "optimizer: {name: adm}",
            f"optimizer.name: must be {OPTIMIZERS}, not 'adm' (did you mean 'adam'?)",
        ),
        (
            "optimizer: {name: sgd, learning_rate: 0}",
            "optimizer.learning_rate: must be a number above 0 and at most 1000000, not 0",
        ),
        (
            "optimizer: {name: adam, momentum: 0.9}",
            "optimizer.momentum: adam has no momentum; momentum and nesterov have",
        ),
        (
            "optimizer: {momentum: 0.9}",
            "optimizer.momentum: adam has no momentum; momentum and nesterov have",
        ),
        ("optimizer: {name: sgd, beta1: 0.9}", "optimizer.beta1: sgd has no beta1; adam has"),
        (
            "optimizer: {name: sgd, lr: 1}",
            "optimizer.lr: unknown setting (here it is called 'learning_rate')",
        ),
        ("optimizer: {beta_1: 0.9}", "optimizer.beta_1: unknown setting (did you mean 'beta1'?)"),
        (
            "early_stopping: false",
            "early_stopping: must be a mapping with monitor, patience, tolerance, restore_best, or null, "
            "not false (write null)",
        ),
        ("epoch: 5", "epoch: unknown setting (did you mean 'epochs'?)"),
        ("max_iter: 5", "max_iter: unknown setting (here it is called 'epochs')"),
        ("learning_rate: 1", "learning_rate: unknown setting; it belongs under training.optimizer"),
        ("lr: 1", "lr: unknown setting; here it is called training.optimizer.learning_rate"),
        ("patience: 5", "patience: unknown setting; it belongs under training.early_stopping"),
        ("units: 5", "units: unknown setting; it belongs under model.hidden[0]"),
        (
            "lerning_rate: 1",
            "lerning_rate: unknown setting (did you mean 'training.optimizer.learning_rate'?)",
        ),
        (
            "optimizer: {momentm: 1}",
            "optimizer.momentm: unknown setting (did you mean 'training.optimizer.momentum'?)",
        ),
        ("unit: 5", "unit: unknown setting (did you mean 'model.hidden[0].units'?)"),
        (
            "optimizer: {name:sgd}",
            "optimizer.name:sgd: is one word; put a space after the colon: name: sgd",
        ),
        ("optimizer: name:sgd", f"optimizer: must be {OPTIMIZERS}, not 'name:sgd' (write name: sgd)"),
        ("seed: 5", "seed: unknown setting; it belongs outside all sections"),
        (
            "gpu: 1",
            "gpu: unknown setting; possible here: epochs, batch_size, shuffle, optimizer, l2, "
            "early_stopping, precision, threads",
        ),
    ],
)
def test_a_wrong_setting_is_one_problem_in_words(problems: Problems, line: str, problem: str) -> None:
    assert problems(write("training", line)) == [f"3: training.{problem}"]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("hidden: 100", "hidden: must be a list of at most 1000 entries, not 100 (write [100])"),
        ("hidden: [0]", "hidden[0]: must be a whole number from 1 to 1000000, not 0"),
        ("hidden: [5, true]", "hidden[1]: must be a whole number from 1 to 1000000, not true"),
        ("hidden: [5, 3.0]", "hidden[1]: must be a whole number from 1 to 1000000, not 3.0 (write 3)"),
        ("hidden: [5, {units: x}]", "hidden[1].units: must be a whole number from 1 to 1000000, not 'x'"),
        ("hidden: [{activation: relu}]", "hidden[0].units: missing: how many neurons the layer has"),
        (
            f"hidden: {[1] * 1001}",
            "hidden: must be a list of at most 1000 entries, not a list of length 1001",
        ),
        (
            "hidden: [{units: 5, activation: sigmoid}]",
            f"hidden[0].activation: must be {ACTIVATIONS}, or null, not 'sigmoid' "
            "(here it is called 'logistic')",
        ),
        (
            "hidden: [{units: 5, activation: {name: elu, alpha: 0}}]",
            "hidden[0].activation.alpha: must be a number above 0 and at most 100, not 0",
        ),
        ("activation: ReLU", f"activation: must be {ACTIVATIONS}, not 'ReLU' (did you mean 'relu'?)"),
        ("activation: {slope: 0.1}", f"activation.name: missing: {ACTIVATIONS}"),
        (
            "activation: {name: relu, slope: 0.1}",
            "activation.slope: relu has no slope; leaky_relu and prelu have",
        ),
        ("activation: {name: prelu, alpha: 1}", "activation.alpha: prelu has no alpha; elu has"),
    ],
)
def test_a_wrong_network_is_one_problem_in_words(problems: Problems, line: str, problem: str) -> None:
    assert problems(write("model", line)) == [f"3: model.{problem}"]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("source: ''", "source: must be text, not ''"),
        ("missing_values: [NA, -999]", "missing_values[1]: must be text, not -999 (put it in quotes)"),
        ("missing_values: [~]", "missing_values[0]: must be text, not null (put it in quotes)"),
        ("encoding:", "encoding: must be text, not null (remove it to have the default)"),
        ("target: 5", "target: must be text, or null, not 5 (put it in quotes)"),
        (
            "delimiter: ';;'",
            "delimiter: must be a single character, neither a double quote nor a line end, or null, not ';;'",
        ),
        ("sha256: ABC", "sha256: must be 64 hexadecimal digits (0-9, a-f), or null, not 'ABC'"),
        ("columns: {ignore: id}", "columns.ignore: must be a list, not 'id' (write [id])"),
        (
            "columns: [id]",
            "columns: must be a mapping with numeric, categorical, ignore, not a list of length 1",
        ),
        ("split: {test: 1}", "split.test: must be a number of at least 0 and below 1, not 1"),
        ("test: 0.3", "test: unknown setting; it belongs under data.split"),
        ("label: y", "label: unknown setting (here it is called 'target')"),
    ],
)
def test_wrong_data_is_one_problem_in_words(problems: Problems, line: str, problem: str) -> None:
    source = "" if line.startswith("source") else "source: a.csv"
    assert problems(f"data:\n  {source}\n  {line}\n") == [f"3: data.{problem}"]


def test_the_seed_and_the_name_are_checked(problems: Problems) -> None:
    assert problems('data: {source: iris}\nseed: 18446744073709551616\nname: "a\\nb"\n') == [
        "2: seed: must be a whole number from 0 to 18446744073709551615, not 18446744073709551616",
        "3: name: must be a single line of 1 to 200 characters, or null, not 'a\\nb'",
    ]


def test_an_unknown_section_is_told_what_there_is(problems: Problems) -> None:
    text = "data: {source: iris}\nnetwork: {}\ntraning: {}\n"
    assert problems(text) == [
        "2: network: unknown setting; possible here: name, seed, data, model, training",
        "3: traning: unknown setting (did you mean 'training'?)",
    ]


def test_all_problems_are_found_at_once_from_top_to_bottom(problems: Problems) -> None:
    text = "seed: -1\ntraining:\n  epochs: x\n  shuffle: 3\nmodel:\n  hidden: [0, {}]\n"
    assert [line.partition(": ")[0] for line in problems(text)] == ["1", "1", "3", "4", "6", "6"]


NAMES: list[Any] = [None, 5, [], {}, "adam", "elu", "zzz"]
JUNK: list[Any] = [
    None,
    True,
    0,
    -1,
    1.5,
    10**30,
    1e999,
    "",
    "x",
    "5",
    "adam",
    [],
    [[]],
    [None],
    {},
    {"x": 1},
]
JUNK += [{"name": name} for name in NAMES]


def places_in(node: Any) -> list[tuple[Any, Any]]:
    """Every mapping and list in a config with every key or index in it, and a key that is not in it."""
    keys = [*node, "alpha"] if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else []
    inner = node.values() if isinstance(node, dict) else node if isinstance(node, list) else []
    return [(node, key) for key in keys] + [place for value in inner for place in places_in(value)]


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_whatever_is_wrong_is_told_in_a_line_and_never_a_crash(
    data: st.DataObject, raw_configs: st.SearchStrategy[dict[str, Any]]
) -> None:
    config = data.draw(raw_configs)
    for _ in range(data.draw(st.integers(1, 3))):
        holder, key = data.draw(st.sampled_from(places_in(config)))
        holder[key] = copy.deepcopy(data.draw(st.sampled_from(JUNK)))
    try:
        Experiment.model_validate(config)
    except ValidationError as error:
        messages = schema_messages(error, config)
        assert messages
        assert all("\n" not in message for message in messages.values())
