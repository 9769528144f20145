"""In Python, arrays and an `Experiment` give a predictor, without files, terminal or signal handlers."""

from __future__ import annotations

import signal
from pathlib import Path

import numpy as np
import pytest

from fnnctl.config.schema.data import DataConfig
from fnnctl.config.schema.experiment import Experiment
from fnnctl.modelling.fit import Fit
from fnnctl.modelling.loading import split_data
from fnnctl.modelling.predictor import score_parts
from fnnctl.stacks.work import train_fits
from fnnctl.tasks.registry import encode
from tests.memory import dataset_of


def test_arrays_and_an_experiment_give_a_predictor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(-2, 1, (60, 3)), rng.normal(2, 1, (60, 3))])
    y = np.repeat(["left", "right"], 60)

    experiment = Experiment(data=DataConfig(source="arrays"))
    data = encode(dataset_of(X, y))
    split = split_data(data, experiment)
    fit = Fit.of(data, experiment, split)
    stack = train_fits(data, [fit])
    predictor = stack.predictor(0, *stack.final_weights(0))
    test = score_parts(predictor, data, stack.pool, split)["test"]
    new = dataset_of(np.array([[-3.0, -3, -3], [3, 3, 3]]), np.array(["?", "?"]))
    (scores,) = predictor.column_scores([(new, np.arange(2))])
    labels, probabilities = predictor.task.predict(scores, predictor.decoder)

    assert test is not None
    assert test.metrics()["accuracy"] > 0.9
    assert labels == [["left"], ["right"]]
    assert probabilities.min(axis=1).max() < 0.1
    assert list(tmp_path.iterdir()) == []
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == handlers


def test_whole_numbers_are_classes_in_their_order() -> None:
    data = encode(dataset_of(np.zeros((4, 1)), np.array([10.0, 9, 10, 2])))
    assert getattr(data.task, "classes") == ("2", "9", "10")  # noqa: B009  # of a classification
    assert data.targets.tolist() == [2, 1, 2, 0]
