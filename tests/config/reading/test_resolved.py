from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.config.paths import format_path
from fnnctl.config.reading.loading import LoadedConfig, load_config
from fnnctl.config.reading.resolved import FORMER_FIRST_LINE, active_settings, resolved_yaml
from fnnctl.config.rules.canonical import configuration_seed
from fnnctl.config.rules.experiments import experiment_of
from fnnctl.config.schema.experiment import Experiment
from fnnctl.errors import ConfigError
from tests.config.changes import changes
from tests.messages import Messages

Load = Callable[..., LoadedConfig]


def marked(experiment: Experiment) -> Experiment:
    """The experiment as it is written: nothing is left to fill in, not even a name."""
    return experiment.model_copy(update={"complete": True, "name": experiment.name or "experiment"})


def test_everything_that_counts_is_written_and_nothing_else(load: Load, messages: Messages) -> None:
    text = (
        "name: '012'\nseed: 18446744073709551615\nrecipe: classic\n"
        "data: {source: a b.csv, target: no, columns: {ignore: [id]}, "
        "missing_values: ['', 'null', '1e-3', \"\\t\"]}\n"
        "model: {hidden: [5, {units: 3, activation: {name: elu, alpha: 1e-1}}]}\n"
        "training: {batch_size: 64, optimizer: {name: sgd, learning_rate: 1e-5}, l2: 0.3333333333333333, "
        "early_stopping: ~, class_weights: {'8': 2, setosa: 0.5}, threads: 2}\n"
    )
    messages.check(resolved_yaml(load(text).experiment))


def test_a_file_of_a_former_version_is_complete(load: Load) -> None:
    """It is recognized by its first line, because it says nothing else."""
    text = "recipe: default\ndata: {source: iris}\n"
    assert load(f"{FORMER_FIRST_LINE}`fnnctl train` …\n{text}").experiment.complete
    assert load(f"\ufeff{FORMER_FIRST_LINE}\n{text}").experiment.complete
    assert not load(f"# a comment\n{text}").experiment.complete
    assert not load(f"{FORMER_FIRST_LINE}\ncomplete: false\n{text}").experiment.complete


@pytest.mark.parametrize(
    ("ensemble", "is_complete"),
    [
        ("{members: 8, share_weights: false, bags: true}", True),
        ("{members: 8, bags: true}", False),
        ("{members: 8, share_weights: false, bags: true, plain_twins: false}", False),
    ],
)
def test_a_file_of_a_former_version_without_its_first_line(
    load: Load, ensemble: str, is_complete: bool
) -> None:
    """It has the digest of the data, and all settings of an ensemble that there were."""
    data = f"{{source: iris, sha256: {'a' * 64}}}"
    text = f"recipe: default\ndata: {data}\nmodel: {{ensemble: {ensemble}}}\n"
    assert load(text).experiment.complete is is_complete
    assert not load(text.replace(data, "{source: iris}")).experiment.complete


@pytest.mark.parametrize(
    ("text", "left_out", "kept"),
    [
        ("data: {source: iris}", "encoding missing_values test_sha256 delimiter", "stratify"),
        ("data: {source: a.csv, test_source: b.csv}", "test", "test_source stratify encoding"),
        ("data: {source: iris, split: {validation: 0, test: 0}}", "stratify", "validation early_stopping"),
        (
            "data: {source: iris}\nmodel: {hidden: []}",
            "activation normalization dropout residual max_norm",
            "hidden initialization initial_biases output",
        ),
        (
            "data: {source: iris}\ntraining: {optimizer: lbfgs}",
            "batch_size shuffle lr_schedule learning_rate",
            "memory early_stopping l2",
        ),
        (
            "data: {source: iris}\n"
            "model: {normalization: batch, hidden: [5, {units: 5, normalization: batch}]}\n"
            "training: {averaging: ema}",
            "momentum",
            "epsilon decay",
        ),
    ],
)
def test_settings_without_effect_are_omitted(load: Load, text: str, left_out: str, kept: str) -> None:
    experiment = load(text).experiment
    written = resolved_yaml(experiment)
    of_training = written.partition("\nevaluation:")[0]
    keys = {line.split(":")[0].strip() for line in of_training.splitlines()}
    assert not keys & {*left_out.split()}
    assert keys >= {*kept.split()}
    assert load(written).experiment == marked(experiment)


@pytest.mark.parametrize(
    ("search", "written"),
    [
        ("{}", {}),
        ("{space: auto}", {"space": "auto"}),
        ("{objective: {metric: f1_macro}, trials: 5}", {"objective": {"metric": "f1_macro"}, "trials": 5}),
        ("{method: random}", {"method": {"scheduler": "full_budget", "sampler": "random"}}),
    ],
)
def test_of_a_search_without_a_space_only_what_is_set_is_written(
    load: Load, search: str, written: dict[str, Any]
) -> None:
    """The rest follows from the data when the search begins, also from this file."""
    experiment = load(f"data: {{source: iris}}\nsearch: {search}").experiment
    text = resolved_yaml(experiment)
    assert active_settings(experiment)["search"] == written
    assert resolved_yaml(load(text).experiment) == text


@given(data=st.data())
def test_what_is_written_loads_as_the_equal_experiment(
    data: st.DataObject,
    raw_configs: st.SearchStrategy[dict[str, Any]],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    file = Path(tmp_path_factory.getbasetemp()) / "experiment.yaml"
    experiment = marked(experiment_of(data.draw(raw_configs)))
    written = resolved_yaml(experiment)
    file.write_text(written, encoding="utf-8")
    loaded = load_config(file)
    assert loaded.experiment == experiment
    assert configuration_seed(loaded.experiment) == configuration_seed(experiment)
    assert resolved_yaml(loaded.experiment) == written


def test_every_setting_alone_is_written_and_read_back(load: Load) -> None:
    """Settings that need another one (a second file, another method, …) are refused and skipped."""
    refused = set()
    for path, _, raw in changes(Experiment):
        try:
            experiment = load(json.dumps({"recipe": "classic", **raw})).experiment
        except ConfigError:
            refused.add(format_path(path))
            continue
        assert load(resolved_yaml(experiment)).experiment == marked(experiment), format_path(path)
    assert " ".join(sorted(refused)) == (
        "data.class_order data.exposure data.target.labels data.test_sha256 evaluation.metrics extends "
        "model.ensemble.bags "
        "model.ensemble.plain_twins model.ensemble.share_weights model.hidden[0].normalization.epsilon "
        "model.hidden[0].residual model.residual training.averaging training.averaging.start "
        "training.horizon training.lr_schedule.minimum"
    )
