from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from fnnctl.config.messages.schema_errors import schema_messages
from fnnctl.config.schema.experiment import Experiment

Problems = Callable[..., list[str]]

ACTIVATIONS = (
    "one of identity, logistic, tanh, hard_logistic, hard_tanh, relu, softplus, selu, "
    "gelu, mish, leaky_relu, prelu, elu, swish, maxout"
)
OPTIMIZERS = (
    "it must be one of sgd, momentum, nesterov, adagrad, rmsprop, adadelta, adam, adamw, nadam, lbfgs"
)
SOURCE = (
    "missing: a built-in data set's name (iris, wine, breast_cancer, digits, penguins, diabetes), "
    "or the path of a CSV file (also .csv.gz), of a Parquet file, of an NPZ file with X and y, or of a "
    "folder with X.npy and y.npy, relative to the config file"
)


def write(section: str, *lines: str) -> str:
    """A config with the data and one other section, whose lines start at line 3."""
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
            "1: data: must be a mapping with source, sha256, target, task, weights, … (17 in all)"
            ", not 'source:iris' (write source: iris)",
        ),
        (
            "data: iris\n",
            "1: data: must be a mapping with source, sha256, target, task, weights, … (17 in all)"
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
            "epochs: must be a whole number from 1 to 10000000, not null (remove it to use the default)",
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
            "precision: must be one of float32, float64, auto, not 'float46' (did you mean 'float64'?)",
        ),
        (
            "optimizer: adm",
            f"optimizer: cannot be 'adm' (did you mean 'adam'?); {OPTIMIZERS}",
        ),
        (
            "optimizer: 5",
            f"optimizer: cannot be 5; {OPTIMIZERS}",
        ),
        ("optimizer:", "optimizer: is empty; add settings, or remove it to use the defaults"),
        (
            "optimizer: {name: adm}",
            f"optimizer.name: cannot be 'adm' (did you mean 'adam'?); {OPTIMIZERS}",
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
        (
            "optimizer: {name: sgd, weight_decay: 0.01}",
            "optimizer.weight_decay: sgd has no weight_decay; adamw has; with sgd, write training.l2",
        ),
        (
            "optimizer: {name: lbfgs, learning_rate: 0.1}",
            "optimizer.learning_rate: lbfgs has no learning_rate; all others have",
        ),
        (
            "optimizer: {name: sgd, beta1: 0.9}",
            "optimizer.beta1: sgd has no beta1; adam, adamw and nadam have",
        ),
        (
            "lr_schedule: {name: cosine, warmup: 5}",
            "lr_schedule.warmup: cosine has warmup_epochs; one_cycle has warmup",
        ),
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
        (
            "patience: 5",
            "patience: unknown setting; it belongs under training.lr_schedule, training.early_stopping or "
            "training.convergence",
        ),
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
        ("optimizer: name:sgd", f"optimizer: cannot be 'name:sgd' (write name: sgd); {OPTIMIZERS}"),
        ("seed: 5", "seed: unknown setting; it belongs outside all sections"),
        (
            "gpu: 1",
            "gpu: unknown setting; possible here: epochs, batch_size, shuffle, optimizer, lr_schedule, "
            "parametrization, horizon, l2, l1, max_norm, clip_norm, clip_value, "
            "class_weights, label_smoothing, input_noise, mixup, averaging, early_stopping, convergence, "
            "time_limit, precision, threads",
        ),
    ],
)
def test_a_wrong_setting_is_one_problem_in_words(problems: Problems, line: str, problem: str) -> None:
    assert problems(write("training", line)) == [f"3: training.{problem}"]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{virginica: -1}", ".virginica: must be a number from 0 to 1000000000, not -1"),
        (
            "{virginica: '2'}",
            ".virginica: must be a number from 0 to 1000000000, not '2' (remove the quotes)",
        ),
        (
            "{virginica:}",
            ".virginica: must be a number from 0 to 1000000000, not null (remove it to use the default)",
        ),
        ("{virginica: {a: 1}}", ".virginica: must be a number from 0 to 1000000000, not a mapping"),
        ("{virginica:2}", ".virginica:2: is one word; put a space after the colon: virginica: 2"),
        ("{8: 2}", ": a key must be a word, not 8 (if it is a name, put it in quotes: '8')"),
        ("{}", ": is empty; write {CLASS: WEIGHT}, balanced, or null"),
        (
            "balance",
            ": must be a mapping of names to numbers from 0 to 1000000000, or balanced, or null, "
            "not 'balance' (did you mean 'balanced'?)",
        ),
        (
            "[1, 2]",
            ": must be a mapping of names to numbers from 0 to 1000000000, or balanced, or null, "
            "not a list of length 2",
        ),
    ],
)
def test_wrong_class_weights_are_one_problem_in_words(problems: Problems, line: str, problem: str) -> None:
    assert problems(write("training", f"class_weights: {line}")) == [f"3: training.class_weights{problem}"]


@pytest.mark.parametrize(
    ("place", "key", "advice"),
    [
        ("training", "n_iter_no_change", "; here it is called training.lr_schedule.patience, "
         "training.early_stopping.patience or training.convergence.patience"),
        ("training", "momentum", "; it belongs under training.optimizer"),
        ("", "momentum", "; it belongs under model.normalization or training.optimizer"),
        ("training", "dropout", "; it belongs under model"),
        ("training", "name", "; it belongs outside all sections"),
        ("training", "weight_decay", "; here it is called l2, or it belongs under training.optimizer"),
        ("model", "weight_decay", "; here it is called training.l2"),
        ("training", "alpha", " (here it is called 'l2')"),
        ("model", "batch_norm", "; here it is model.normalization: batch"),
        ("training", "swa", "; here it is training.averaging: swa"),
        ("training.optimizer", "nesterov", "; here it is name: nesterov"),
        ("training.optimizer", "clipnorm", "; here it is called training.clip_norm"),
        ("training", "batch", " (did you mean 'batch_size'?)"),
        ("training", "scheduler", " (here it is called 'lr_schedule')"),
        ("model", "sample_weight", "; here it is called data.weights"),
        ("training", "solver", " (here it is called 'optimizer')"),
    ],
)  # fmt: skip
def test_a_key_of_another_tool_or_section_gets_the_right_path(
    problems: Problems, place: str, key: str, advice: str
) -> None:
    path = f"{place}.{key}".removeprefix(".")
    assert problems("data: {source: iris}\n", f"{path}=1") == [f"--set: {path}: unknown setting{advice}"]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("hidden: 100", "hidden: must be a list of at most 1000 entries, not 100 (write [100])"),
        ("hidden: [0]", "hidden[0]: must be a whole number from 1 to 1000000, not 0"),
        ("hidden: [5, true]", "hidden[1]: must be a whole number from 1 to 1000000, not true"),
        ("hidden: [5, 3.0]", "hidden[1]: must be a whole number from 1 to 1000000, not 3.0 (write 3)"),
        ("hidden: [5, {units: x}]", "hidden[1].units: must be a whole number from 1 to 1000000, not 'x'"),
        ("hidden: [{activation: relu}]", "hidden[0].units: missing: the number of units"),
        (
            f"hidden: {[1] * 1001}",
            "hidden: must be a list of at most 1000 entries, not a list of length 1001",
        ),
        (
            "hidden: [{units: 5, activation: sigmoid}]",
            "hidden[0].activation: cannot be 'sigmoid' (here it is called 'logistic'); "
            f"it must be {ACTIVATIONS}, or null",
        ),
        (
            "hidden: [{units: 5, activation: {name: elu, alpha: 0}}]",
            "hidden[0].activation.alpha: must be a number above 0 and at most 100, not 0",
        ),
        (
            "activation: ReLU",
            f"activation: cannot be 'ReLU' (did you mean 'relu'?); it must be {ACTIVATIONS}",
        ),
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
        ("encoding:", "encoding: must be text, not null (remove it to use the default)"),
        ("target: 5", "target: must be text, or null, not 5 (put it in quotes)"),
        (
            "delimiter: ';;'",
            "delimiter: must be a single character, neither a double quote nor a line end, or null, not ';;'",
        ),
        ("sha256: ABC", "sha256: must be 64 hexadecimal digits (0-9, a-f), or null, not 'ABC'"),
        ("columns: {ignore: id}", "columns.ignore: must be a list, not 'id' (write [id])"),
        (
            "columns: [id]",
            "columns: must be a mapping with numeric, categorical, dates, ignore, not a list of length 1",
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


def test_an_unknown_section_gets_the_list_of_sections(problems: Problems) -> None:
    text = "data: {source: iris}\nnetwork: {}\ntraning: {}\n"
    assert problems(text) == [
        "2: network: unknown setting; possible here: name, seed, recipe, notes, data, model, training, "
        "evaluation, search",
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
    """Every mapping and list of a config, with each of its keys or indices and one unknown key."""
    keys = [*node, "alpha"] if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else []
    inner = node.values() if isinstance(node, dict) else node if isinstance(node, list) else []
    return [(node, key) for key in keys] + [place for value in inner for place in places_in(value)]


@given(data=st.data())
def test_any_error_is_one_line_and_never_a_crash(
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


WANTED = "a number above 0 and below 1, or one of f1, youden, or a mapping with cost"


@pytest.mark.parametrize(
    ("threshold", "problem"),
    [
        ("1.5", f": must be {WANTED}, not 1.5"),
        ("F1", f": must be {WANTED}, not 'F1' (did you mean 'f1'?)"),
        ("cost", f": must be {WANTED}, not 'cost'"),
        ("null", f": must be {WANTED}, not null (remove it to use the default)"),
        ("{}", ".cost: missing: what wrong decisions cost"),
        (
            "{cost: {false_negatives: 3}}",
            ".cost.false_negatives: unknown setting (did you mean 'false_negative'?)",
        ),
        (
            "{cost: {false_negative: 0}}",
            ".cost.false_negative: must be a number above 0 and at most 1000000, not 0",
        ),
    ],
)
def test_a_wrong_threshold_is_one_problem(problems: Problems, threshold: str, problem: str) -> None:
    """Although a number, a word or a mapping would be right."""
    assert problems(write("model", f"threshold: {threshold}")) == [f"3: model.threshold{problem}"]
