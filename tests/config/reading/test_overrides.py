from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from fnnctl.config.paths import ConfigPath, Location, Locations, format_path
from fnnctl.config.reading.loading import LoadedConfig
from fnnctl.config.reading.overrides import Removal, note_override, read_override, read_removal
from fnnctl.config.reading.yaml_reader import read_yaml
from fnnctl.config.rules.plain_config import override, unset
from fnnctl.config.schema.records import records_by_path
from fnnctl.errors import ConfigError


def apply(config: dict[str, Any], text: str) -> Any:
    path, document = read_override(text)
    return override(config, path, document.value)


@pytest.mark.parametrize(
    ("config", "text", "result"),
    [
        ({"seed": 1, "name": "a"}, "seed=2", {"seed": 2, "name": "a"}),
        ({}, "training.epochs=5", {"training": {"epochs": 5}}),
        ({"training": None}, "training.epochs=5", {"training": {"epochs": 5}}),
        ({}, "training.optimizer.learning_rate=1e-3", {"training": {"optimizer": {"learning_rate": 0.001}}}),
        ({"a": {"b": 1}}, "a={c: [1, x]}", {"a": {"c": [1, "x"]}}),
        ({}, "name=a=b", {"name": "a=b"}),
        ({}, "name=", {"name": None}),
        ({}, "name=no", {"name": "no"}),
        ({}, 'data.delimiter="\\t"', {"data": {"delimiter": "\t"}}),
        (
            {"training": {"optimizer": "sgd"}},
            "training.optimizer.learning_rate=1",
            {"training": {"optimizer": {"name": "sgd", "learning_rate": 1}}},
        ),
        (
            {"training": {"early_stopping": None}},
            "training.early_stopping.patience=5",
            {"training": {"early_stopping": {"patience": 5}}},
        ),
        ({}, "training.class_weights.virginica=2", {"training": {"class_weights": {"virginica": 2}}}),
        (
            {"training": {"class_weights": {"7": 3}}},
            "training.class_weights.8=2",
            {"training": {"class_weights": {"7": 3, "8": 2}}},
        ),
        (
            {"training": {"averaging": "ema"}},
            "training.averaging.decay=0.9",
            {"training": {"averaging": {"name": "ema", "decay": 0.9}}},
        ),
        ({"model": {"hidden": [7, 8]}}, "model.hidden[1]=9", {"model": {"hidden": [7, 9]}}),
        ({"model": {"hidden": [7]}}, "model.hidden.1=9", {"model": {"hidden": [7, 9]}}),
        (
            {"model": {"hidden": [7, 8]}},
            "model.hidden.0.activation=tanh",
            {"model": {"hidden": [{"units": 7, "activation": "tanh"}, 8]}},
        ),
        ({}, "data.columns.ignore[0]=id", {"data": {"columns": {"ignore": ["id"]}}}),
        ({}, "nothing.here[0]=1", {"nothing": {"here": [1]}}),
        (
            {"search": {"method": "bayes"}},
            "search.method.sampler=tpe",
            {"search": {"method": {"scheduler": "full_budget", "sampler": "tpe"}}},
        ),
        (
            {"search": {"method": None}},
            "search.method.sampler=tpe",
            {"search": {"method": {"sampler": "tpe"}}},
        ),
        ({"search": {"method": "byes"}}, "search.method.sampler=tpe", {"search": {"method": "byes"}}),
        ({"training": 5}, "training.epochs=1", {"training": 5}),
        ({"data": "iris"}, "data.target=x", {"data": "iris"}),
        ({"model": {"hidden": 7}}, "model.hidden[0].units=1", {"model": {"hidden": 7}}),
    ],
)
def test_a_value_is_set_and_what_is_on_the_way_is_made(
    config: dict[str, Any], text: str, result: Any
) -> None:
    before = repr(config)
    assert apply(config, text) == result
    assert repr(config) == before


def test_a_list_that_is_left_out_starts_from_its_default() -> None:
    own = dict.fromkeys(["activation", "initialization", "normalization", "dropout", "residual"])
    hidden = [{"units": 100, **own}, 50]
    assert apply({}, "model.hidden.1=50") == {"model": {"hidden": hidden}}
    assert apply({}, "data.missing_values.1=none")["data"]["missing_values"][:3] == ["", "none", "N/A"]


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        (
            "training.epochs",
            (),
            "training.epochs has no value; write training.epochs=VALUE",
        ),
        ("epochs", (), "'epochs' is not a setting; write PATH=VALUE, such as training.epochs=100"),
        ("=5", (), "'=5' is not a setting; write PATH=VALUE, such as training.epochs=100"),
        ("a..b=5", (), "'a..b=5' is not a setting; write PATH=VALUE, such as training.epochs=100"),
        (
            "training.class_weights.<=50K=2",
            ("training", "class_weights"),
            "a name that contains = stands in quotes: write training.class_weights='{\"NAME\": VALUE}', with "
            "the name of a class or a column",
        ),
        ("a\nb=5", (), "'a\\nb=5' is not a setting; write PATH=VALUE, such as training.epochs=100"),
        ("a.b=[1", ("a", "b"), "a list starts here, but a comma or the closing ] is missing"),
        ("a=*x", ("a",), "is the alias *x; write the value out"),
        ("a={b: !!int 3}", ("a", "b"), "has the tag 'tag:yaml.org,2002:int'; tags are not supported"),
        ("a=x\x1b", ("a",), "contains the control character U+001B; remove it"),
        ("model.hidden.units=5", ("model", "hidden"), "is a list; write model.hidden[0] for its first entry"),
        (
            "model.hidden[3]=5",
            ("model", "hidden", 3),
            "there is no such entry; the length of model.hidden is 2",
        ),
        ("model[0]=5", ("model",), "is a section, not a list"),
        ("training.l2.x=1", ("training", "l2"), "is a single value; write training.l2=VALUE"),
        ("training.l2[0]=1", ("training", "l2"), "is a single value; write training.l2=VALUE"),
        (
            "training.optimizer.name.x=1",
            ("training", "optimizer", "name"),
            "is a single value; write training.optimizer.name=VALUE",
        ),
        (
            "training.class_weights.a.b=1",
            ("training", "class_weights", "a"),
            "is a single value; write training.class_weights.a=VALUE",
        ),
        (
            "data.columns.ignore.x=1",
            ("data", "columns", "ignore"),
            "is a list; write data.columns.ignore[0] for its first entry",
        ),
    ],
)
def test_an_override_that_leads_nowhere_is_refused(text: str, path: ConfigPath, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        apply({"model": {"hidden": [7, 8]}}, text)
    (problem,) = caught.value.problems
    assert (problem.path, problem.message) == (format_path(path) or None, message)


def test_an_entry_cannot_be_set_where_a_word_stands_for_all() -> None:
    with pytest.raises(ConfigError, match=r"is 'balanced', which has no entries; write .*={NAME: VALUE}"):
        apply({"training": {"class_weights": "balanced"}}, "training.class_weights.a=2")


@pytest.mark.parametrize(("key", "text"), [("require", "depth < 3"), ("start_from", "defaults")])
def test_an_entry_cannot_be_set_where_a_text_stands_for_a_list(key: str, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        apply({"search": {key: text}}, f"search.{key}[0]=1")
    assert str(caught.value) == f"search.{key}: is '{text}', which has no entries; write search.{key}=[…]"


def test_what_an_override_gave_is_known_to_come_from_it() -> None:
    file, option = Location("a.yaml", 1), Location("--set")
    places = Locations(dict.fromkeys(["", "model", "model.hidden", "model.hidden[0]"], file))
    path, document = read_override("model.hidden=[{units: 5}]")
    note_override(places, path, document, "--set")
    note_override(places, *read_override("training.epochs=5"), "--set")
    assert places == {
        "": file,
        "model": file,
        "model.hidden": option,
        "model.hidden[0]": option,
        "model.hidden[0].units": option,
        "training": option,
        "training.epochs": option,
    }


CHOICES = {
    "slope": "prelu", "shared": "prelu", "alpha": "elu", "beta": "swish", "pieces": "maxout",
    "beta1": "adam", "beta2": "adam", "weight_decay": "adamw", "memory": "lbfgs", "max_evaluations": "lbfgs",
    "gradient_tolerance": "lbfgs", "decrease_tolerance": "lbfgs",
    "every": "step", "power": "inverse_scaling", "monitor": "adaptive", "patience": "adaptive",
    "minimum": "adaptive", "warmup_epochs": "cosine", "warmup": "one_cycle", "first": "one_cycle",
    "last": "cosine", "factor": "step", "start": "swa",
}  # fmt: skip
"""The name that selects a section with a setting that the default section of the union lacks."""
CHOICES_OF_UNIONS: dict[ConfigPath, str] = {
    ("optimizer", "momentum"): "momentum",
    ("output", "positive_class"): "logistic",
    ("optimizer", "decay"): "rmsprop",
    ("optimizer", "epsilon"): "adam",
    ("normalization", "momentum"): "batch",
    ("normalization", "epsilon"): "layer",
    ("averaging", "decay"): "ema",
    ("lr_schedule", "tolerance"): "adaptive",
    ("numeric_embedding", "size"): "piecewise_linear",
    ("numeric_embedding", "bins"): "piecewise_linear",
    ("numeric_embedding", "edges"): "piecewise_linear",
    ("numeric_embedding", "code"): "piecewise_linear",
}


def test_every_setting_there_is_can_be_set(problems: Callable[..., list[str]]) -> None:
    """An invalid value is refused at the setting itself, which shows that the path led there."""
    base = "data: {source: a.csv}\nmodel: {hidden: [5]}\ntraining: {optimizer: sgd}\n"
    for path in records_by_path():
        union = path[-2:-1] not in {("early_stopping",), ("convergence",)}
        name = CHOICES_OF_UNIONS.get(path[-2:]) or CHOICES.get(str(path[-1])) if union else None
        chosen = [f"{format_path(path[:-1])}.name={name}"] if name else []
        found = problems(base, *chosen, f"{format_path(path)}={{x: [[]]}}")
        assert found
        assert all(line.startswith(f"--set: {format_path(path)}") for line in found), found


REMOVABLE = """\
data: {source: iris, scaling: none}
model: {ensemble: 3, hidden: [16, {units: 8, dropout: 0.1}]}
training: {class_weights: {setosa: 2}, optimizer: sgd}
search: {method: random, space: {training.l2: {choice: [1]}, model.dropout: {choice: [0.1, 0.2]}}}
"""


@pytest.mark.parametrize(
    ("path", "rest"),
    [
        ("data.scaling", {"data": {"source": "iris"}}),
        ("model.ensemble", {"model": {"hidden": [16, {"units": 8, "dropout": 0.1}]}}),
        ("model.ensemble.members", {"model": {"ensemble": {}, "hidden": [16, {"units": 8, "dropout": 0.1}]}}),
        ("model.hidden[1].dropout", {"model": {"ensemble": 3, "hidden": [16, {"units": 8}]}}),
        ("training.class_weights.setosa", {"training": {"class_weights": {}, "optimizer": "sgd"}}),
        ("training.optimizer.name", {"training": {"class_weights": {"setosa": 2}, "optimizer": {}}}),
        (
            "search.space.training.l2",
            {"search": {"method": "random", "space": {"model.dropout": {"choice": [0.1, 0.2]}}}},
        ),
        ("search.method.sampler", {"search": {"method": {"scheduler": "full_budget"}}}),
    ],
)
def test_a_setting_is_removed(path: str, rest: dict[str, Any]) -> None:
    config = read_yaml(REMOVABLE).value
    if path == "search.method.sampler":
        config = {"search": {"method": "random"}}
    assert unset(config, read_removal(path)) == {**config, **rest}


@pytest.mark.parametrize(
    "path",
    ["data.target", "search.batch", "model.hidden[2].units", "training.class_weights.virginica", "name"],
)
def test_a_setting_that_the_file_does_not_set_is_not_removed(path: str) -> None:
    assert unset(read_yaml(REMOVABLE).value, read_removal(path)) is None


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("data.split.tset", "data.split.tset: unknown setting (did you mean 'test'?)"),
        ("epochs", "epochs: unknown setting; it belongs under training"),
        ("training.lr", "training.lr: unknown setting; here it is called training.optimizer.learning_rate"),
        ("training.epochs.x.y", "training.epochs.x: unknown setting"),
        ("training.epochs=3", "training.epochs: write --unset training.epochs, or --set training.epochs=3"),
        ("model.hidden[0]", "model.hidden[0]: is an entry of a list; write --set model.hidden=[…]"),
        ("", "'' is not a setting; write PATH, such as data.split.test"),
        ("data..x", "'data..x' is not a setting; write PATH, such as data.split.test"),
        ("a\nb", "'a\\nb' is not a setting; write PATH, such as data.split.test"),
    ],
)
def test_what_cannot_be_removed_is_refused(path: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_removal(path)
    assert [str(problem) for problem in caught.value.problems] == [message]


def test_removals_are_said_if_they_change_nothing(load: Callable[..., LoadedConfig]) -> None:
    loaded = load(
        "data: {source: iris}\n", Removal("data.scaling"), Removal("data.source"), "data.source=wine"
    )
    assert loaded.note_lines == ["data.scaling is not set in the file: --unset changes nothing"]
    assert loaded.experiment.data.source == "wine"


def test_a_missing_setting_is_told_at_the_option_that_removed_it(problems: Callable[..., list[str]]) -> None:
    (problem,) = problems("data: {source: iris}\n", Removal("data.source"))
    assert problem.startswith("--unset: data.source: missing: ")


@pytest.mark.parametrize(
    ("text", "why", "quoted"),
    [
        ("notes.text=tag: prod", "without quotes YAML reads a mapping", "'notes.text=\"tag: prod\"'"),
        ("name=[a]", "without quotes YAML reads a list", "'name=\"[a]\"'"),
        ("name=*x", "is the alias *x", "'name=\"*x\"'"),
        ("data.source=@x", "'@' cannot start a value", "'data.source=\"@x\"'"),
        ("name=a #b", "YAML reads '#b' as a comment", "'name=\"a #b\"'"),
        ("name=#b", "YAML reads '#b' as a comment", "'name=\"#b\"'"),
        ("name='a' #b", "YAML reads '#b' as a comment", "'name=\"'\"'\"'a'\"'\"' #b\"'"),
        ('name="a', "a quote is opened here and never closed", '\'name="\\"a"\''),
    ],
)
def test_the_error_shows_the_quotes_that_a_text_needs(text: str, why: str, quoted: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_override(text)
    (problem,) = caught.value.problems
    assert why in problem.message
    assert problem.message.endswith(f"; write --set {quoted}")
    (written,) = shlex.split(quoted)
    assert read_override(written)[1].value == text.partition("=")[2]


@pytest.mark.parametrize(
    "text",
    ["training.epochs=3 # three", "training.epochs=#3", "notes=a #b", "tags=[a] # b", "notes={text: a} #"],
)
def test_a_comment_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="as a comment; remove it, or write the text in quotes"):
        read_override(text)


@pytest.mark.parametrize("value", ["a#b", '"a #b"', "'a #b'", "[a#, '# b']", "{text: '# b'}", "", "'#'"])
def test_what_is_no_comment_is_read(value: str) -> None:
    assert read_override(f"notes={value}")[1].value == yaml.safe_load(value)


@pytest.mark.parametrize("text", ["training.optimizer=[", "training.batch_size=[", "data.columns.ignore=*x"])
def test_other_settings_than_texts_need_no_quotes(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_override(text)
    assert "--set" not in str(caught.value)
