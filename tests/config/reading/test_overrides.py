from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from fnnctl.config.paths import Location, Locations, format_path
from fnnctl.config.reading.loading import LoadedConfig
from fnnctl.config.reading.overrides import Removal, note_override, read_override, read_removal
from fnnctl.config.reading.yaml_reader import read_yaml
from fnnctl.config.rules.plain_config import override, unset
from fnnctl.config.schema.forms import names_of
from fnnctl.config.schema.records import records_by_path
from fnnctl.errors import ConfigError

Problems = Callable[..., list[str]]


def apply(config: str, text: str) -> Any:
    path, document = read_override(text)
    return override(read_yaml(config).value, path, document.value)


@pytest.mark.parametrize(
    ("config", "text", "result"),
    [
        ("{seed: 1, name: a}", "seed=2", "{seed: 2, name: a}"),
        ("{}", "training.epochs=5", "{training: {epochs: 5}}"),
        ("training:", "training.epochs=5", "{training: {epochs: 5}}"),
        ("{}", "training.optimizer.learning_rate=1e-3", "{training: {optimizer: {learning_rate: 0.001}}}"),
        ("a: {b: 1}", "a={c: [1, x]}", "a: {c: [1, x]}"),
        ("{}", "name=a=b", "name: a=b"),
        ("{}", "name=", "name: null"),
        ("{}", "name=no", "name: 'no'"),
        ("{}", 'data.delimiter="\\t"', 'data: {delimiter: "\\t"}'),
        (
            "training: {optimizer: sgd}",
            "training.optimizer.learning_rate=1",
            "training: {optimizer: {name: sgd, learning_rate: 1}}",
        ),
        (
            "training: {early_stopping: null}",
            "training.early_stopping.patience=5",
            "training: {early_stopping: {patience: 5}}",
        ),
        ("{}", "training.class_weights.virginica=2", "training: {class_weights: {virginica: 2}}"),
        (
            "training: {class_weights: {'7': 3}}",
            "training.class_weights.8=2",
            "training: {class_weights: {'7': 3, '8': 2}}",
        ),
        (
            "training: {averaging: ema}",
            "training.averaging.decay=0.9",
            "training: {averaging: {name: ema, decay: 0.9}}",
        ),
        ("model: {hidden: [7, 8]}", "model.hidden[1]=9", "model: {hidden: [7, 9]}"),
        ("model: {hidden: [7]}", "model.hidden.1=9", "model: {hidden: [7, 9]}"),
        (
            "model: {hidden: [7, 8]}",
            "model.hidden.0.activation=tanh",
            "model: {hidden: [{units: 7, activation: tanh}, 8]}",
        ),
        ("{}", "data.columns.ignore[0]=id", "data: {columns: {ignore: [id]}}"),
        ("{}", "nothing.here[0]=1", "nothing: {here: [1]}"),
        (
            "search: {method: bayes}",
            "search.method.sampler=tpe",
            "search: {method: {scheduler: full_budget, sampler: tpe}}",
        ),
        ("search: {method: null}", "search.method.sampler=tpe", "search: {method: {sampler: tpe}}"),
        ("search: {method: byes}", "search.method.sampler=tpe", "search: {method: byes}"),
        ("training: 5", "training.epochs=1", "training: 5"),
        ("data: iris", "data.target=x", "data: iris"),
        ("model: {hidden: 7}", "model.hidden[0].units=1", "model: {hidden: 7}"),
    ],
)
def test_a_value_is_set_and_what_is_on_the_way_is_made(config: str, text: str, result: str) -> None:
    assert apply(config, text) == read_yaml(result).value


def test_a_config_is_copied() -> None:
    config = {"model": {"hidden": [7, 8]}}
    assert override(config, ("model", "hidden", 1), 9) == {"model": {"hidden": [7, 9]}}
    assert config == {"model": {"hidden": [7, 8]}}


def test_a_list_that_is_left_out_starts_from_its_default() -> None:
    own = dict.fromkeys(["activation", "initialization", "normalization", "dropout", "residual"])
    hidden = [{"units": 100, **own}, 50]
    assert apply("{}", "model.hidden.1=50") == {"model": {"hidden": hidden}}
    assert apply("{}", "data.missing_values.1=none")["data"]["missing_values"][:3] == ["", "none", "N/A"]


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


def test_every_setting_there_is_can_be_set(problems: Problems) -> None:
    """An invalid value is refused at the setting itself, which shows that the path led there."""
    base = "data: {source: a.csv}\nmodel: {hidden: [5]}\ntraining: {optimizer: sgd}\n"
    for path, (record, *_) in records_by_path().items():
        section = format_path(path[:-1])
        chosen = [f"{section}.name={name}" for name in names_of(record.section)[:1]]
        lines = problems(base, *chosen, f"{format_path(path)}={{x: [[]]}}")
        assert lines
        assert all(line.startswith(f"--set: {format_path(path)}") for line in lines), lines


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


def test_removals_are_said_if_they_change_nothing(load: Callable[..., LoadedConfig]) -> None:
    loaded = load(
        "data: {source: iris}\n", Removal("data.scaling"), Removal("data.source"), "data.source=wine"
    )
    assert loaded.note_lines == ["data.scaling is not set in the file: --unset changes nothing"]
    assert loaded.experiment.data.source == "wine"


@pytest.mark.parametrize("text", ["tag: prod", "[a]", "*x", "@x", "a #b", "#b", "'a' #b", '"a', "&a", "{b"])
def test_a_text_with_the_advised_quotes_is_read(text: str) -> None:
    """Also by a shell."""
    with pytest.raises(ConfigError) as caught:
        read_override(f"name={text}")
    (written,) = shlex.split(str(caught.value).partition("write --set ")[2])
    assert read_override(written)[1].value == text


@pytest.mark.parametrize("value", ["a#b", '"a #b"', "'a #b'", "[a#, '# b']", "{text: '# b'}", "", "'#'"])
def test_what_is_no_comment_is_read(value: str) -> None:
    assert read_override(f"notes={value}")[1].value == yaml.safe_load(value)
