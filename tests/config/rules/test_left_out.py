"""A setting of the file that an option makes ineffective is left out; what is wrong by itself stays wrong."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fnnctl.config.paths import format_path, overlap, parse_path
from fnnctl.config.problems import NO_EFFECT
from fnnctl.config.reading.loading import LoadedConfig
from fnnctl.config.reading.overrides import Removal
from fnnctl.config.reading.yaml_reader import read_yaml
from fnnctl.config.rules.experiments import experiment_of
from fnnctl.config.rules.plain_config import is_set, value_at, without
from fnnctl.config.rules.validation import InvalidConfigurationError
from fnnctl.config.yaml_text import block_yaml, flow_yaml
from tests.config.test_wrong_configs import TOPICS, cases

Load = Callable[..., LoadedConfig]
WITHOUT_EFFECT = [
    config.replace("optimizer: lbfgs", "optimizer: {name: lbfgs}")  # a cause is the innermost setting
    for topic in TOPICS
    if topic.startswith("a setting that nothing reads is refused\n")
    for config, _, _ in cases(topic)
]


@pytest.mark.parametrize("text", WITHOUT_EFFECT)
def test_the_causes_of_every_rule_are_known(load: Load, text: str) -> None:
    config = {**read_yaml(text).value, "recipe": "classic"}
    with pytest.raises(InvalidConfigurationError) as caught:
        experiment_of(config)
    problems = caught.value.by_path.items()
    ineffective = {
        path: [*map(parse_path, problem.related)] for path, problem in problems if problem.kind == NO_EFFECT
    }
    inside = [path for path, causes in ineffective.items() if any(overlap(path, cause) for cause in causes)]
    config = without(config, inside)  # an option that changes a whole section changes all inside
    for path in ineffective.keys() - {*inside}:
        causes = ineffective[path]
        given = [cause for cause in causes if is_set(config, cause)]
        changes = [f"{format_path(cause)}={flow_yaml(value_at(config, cause))}" for cause in given or causes]
        loaded = load(block_yaml(without(config, given)), *changes)
        assert format_path(path) in [note.path for note in loaded.notes], changes
        assert not is_set(loaded.config, path)


FILE = """\
data: {source: a.csv, target: y, split: {test: 0.2}}
training:
  optimizer: {name: momentum, momentum: 0.8}
  batch_size: 32
"""
TEST_FILE = "data.test_source=new.csv"


def test_a_note_has_the_line_of_the_setting_and_the_option(load: Load) -> None:
    loaded = load(FILE, TEST_FILE)
    note = "is left out: it has no effect beside --set data.test_source"
    assert [str(problem) for problem in loaded.notes] == [f"experiment.yaml:1: data.split.test: {note}"]
    assert loaded.note_lines == [f"data.split.test {note}"]
    assert loaded.text.decode() == FILE
    assert loaded.experiment.data.test_source == "new.csv"
    assert load(FILE).notes == []


@pytest.mark.parametrize(
    ("changes", "left_out"),
    [
        ((TEST_FILE, "training.epochs=5"), ["data.split.test"]),
        (("training.optimizer.name=adam",), ["training.optimizer.momentum"]),
        (("training.optimizer.name=lbfgs",), ["training.optimizer.momentum", "training.batch_size"]),
        (("training.optimizer=lbfgs",), ["training.batch_size"]),
        (("training={optimizer: lbfgs}",), []),
        (("data.split={validation: 0.1}", TEST_FILE), []),
        ((Removal("data.split.test"), TEST_FILE), []),
        (("training.optimizer.learning_rate=0.1",), []),
    ],
)
def test_the_settings_of_the_file_are_left_out(
    load: Load, changes: tuple[str | Removal, ...], left_out: list[str]
) -> None:
    loaded = load(FILE, *changes)
    assert [note.path for note in loaded.notes] == left_out


def test_the_removal_of_a_setting_makes_others_ineffective(load: Load) -> None:
    text = f"data: {{source: a.csv, test_source: b.csv, test_sha256: {'a' * 64}}}"
    loaded = load(text, Removal("data.test_source"))
    assert loaded.note_lines == [
        "data.test_sha256 is left out: it has no effect beside --unset data.test_source"
    ]


def test_settings_that_trials_read_stay(load: Load) -> None:
    space = "search: {space: {training.optimizer.name: {choice: [momentum, adam]}}}\n"
    loaded = load(FILE + space, "training.optimizer.name=adam")
    assert loaded.notes == []
    assert value_at(loaded.config, ("training", "optimizer", "momentum")) == 0.8


def test_settings_of_another_method_stay(load: Load) -> None:
    search = "search: {method: hyperband, budget: {brackets: table}, space: {training.l2: {choice: [1]}}}"
    loaded = load(FILE + search, "search.method=random")
    assert loaded.notes == []
    assert value_at(loaded.config, ("search", "budget", "brackets")) == "table"


def test_every_start_of_a_former_resolve_can_be_changed(load: Load) -> None:
    assert [note.path for note in load("complete: true\n" + FILE, TEST_FILE).notes] == ["data.split.test"]
