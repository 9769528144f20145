from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fnnctl.config.experiment import Experiment
from fnnctl.config.loading import LoadedConfig, load_config
from fnnctl.config.resolved import resolved_yaml

Load = Callable[..., LoadedConfig]

COMPLETE = """\
name: "012"
seed: 18446744073709551615
data:
  source: a b.csv
  target: 'no'
  encoding: utf-8
  missing_values:
  - ""
  - "null"
  - "1e-3"
  - "\\t"
  columns:
    numeric: []
    categorical: []
    ignore:
    - id
  imputation: median
  scaling: standardize
  split:
    validation: 0.15
    test: 0.2
    stratify: true
model:
  hidden:
  - units: 5
  - units: 3
    activation:
      name: elu
      alpha: 0.1
  activation:
    name: relu
  initialization: auto
training:
  epochs: 200
  batch_size: 64
  shuffle: true
  optimizer:
    name: sgd
    learning_rate: 1.0e-05
  l2: 0.3333333333333333
  early_stopping: null
  precision: float32
  threads: 2
"""


def test_everything_that_counts_is_written_and_nothing_else(load: Load) -> None:
    text = (
        "name: '012'\nseed: 18446744073709551615\n"
        "data: {source: a b.csv, target: no, columns: {ignore: [id]}, "
        "missing_values: ['', 'null', '1e-3', \"\\t\"]}\n"
        "model: {hidden: [5, {units: 3, activation: {name: elu, alpha: 1e-1}}]}\n"
        "training: {batch_size: 64, optimizer: {name: sgd, learning_rate: 1e-5}, l2: 0.3333333333333333, "
        "early_stopping: ~, threads: 2}\n"
    )
    first_line, _, rest = resolved_yaml(load(text).experiment).partition("\n")
    assert first_line.startswith("# Written by fnnctl: the complete experiment")
    assert rest == COMPLETE


@pytest.mark.parametrize(
    ("text", "left_out", "kept"),
    [
        ("data: {source: iris}", ["encoding", "missing_values", "test_sha256", "delimiter"], ["stratify"]),
        ("data: {source: a.csv, test_source: b.csv}", ["test"], ["test_source", "stratify", "encoding"]),
        (
            "data: {source: iris, split: {validation: 0, test: 0}}",
            ["stratify"],
            ["validation", "early_stopping"],
        ),
        ("data: {source: iris}\nmodel: {hidden: []}", ["activation"], ["hidden", "initialization"]),
    ],
)
def test_what_nothing_reads_is_left_out(load: Load, text: str, left_out: list[str], kept: list[str]) -> None:
    experiment = load(text).experiment
    written = resolved_yaml(experiment)
    keys = {line.split(":")[0].strip() for line in written.splitlines()}
    assert not keys & set(left_out)
    assert keys >= set(kept)
    assert load(written).experiment == experiment


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_what_is_written_loads_as_the_equal_experiment(
    data: st.DataObject,
    raw_configs: st.SearchStrategy[dict[str, Any]],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    file = Path(tmp_path_factory.getbasetemp()) / "random.yaml"
    experiment = Experiment.model_validate(data.draw(raw_configs))
    written = resolved_yaml(experiment)
    file.write_text(written, encoding="utf-8")
    loaded = load_config(file)
    assert loaded.experiment == experiment
    assert resolved_yaml(loaded.experiment) == written
