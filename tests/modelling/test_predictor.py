"""A predictor gives the same scores for all sources of rows and networks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fnnctl.modelling.predictor import Predictor
from fnnctl.modelling.saved_model import load_model
from fnnctl.nn.losses.cross_entropy import softmax
from fnnctl.store.folder import RunFolder
from fnnctl.training.members import make_network
from tests.modelling.prepared import Prepared, prepare
from tests.program import Program


@pytest.fixture
def prepared(iris: Path) -> Prepared:
    return prepare(iris, ["training.epochs=3"], seed=1)


def predictor_of(prepared: Prepared) -> Predictor:
    trained = prepared.trained()
    return prepared.predictor(trained.parameters, trained.statistics)


def scores_of(predictor: Predictor, prepared: Prepared) -> np.ndarray:
    rows = np.arange(len(prepared.data))
    return np.concatenate(list(predictor.pool_scores(prepared.examples(), rows)))


def test_rows_of_the_pool_and_of_the_columns_have_the_same_scores(prepared: Prepared) -> None:
    predictor, dataset = predictor_of(prepared), prepared.data.dataset
    halves = [(dataset, np.arange(70)), (dataset, np.arange(70, 150))]
    from_columns = np.concatenate(list(predictor.column_scores(halves)))
    assert from_columns.tobytes() == scores_of(predictor, prepared).tobytes()


def test_a_saved_model_predicts_as_the_fresh_one(program: Program, iris: Path) -> None:
    run = Path(program("train", str(iris), "--set", "training.epochs=3", "--seed", "1", "--json").json["run"])
    again = prepare(iris, ["training.epochs=3"], seed=1)
    saved = load_model(RunFolder(run), lambda text: None).predictor
    assert scores_of(saved, again).tobytes() == scores_of(predictor_of(again), again).tobytes()
    assert saved.task == again.data.task


def test_several_networks_are_one_ensemble(prepared: Prepared) -> None:
    """The ensemble's probabilities are the mean of its networks' probabilities."""
    rng = np.random.default_rng(0)
    layout, member = prepared.fit.layout, prepared.member
    networks = [
        make_network(layout, [member], rng.normal(size=(1, layout.size)).astype(np.float32), empty)
        for empty in [np.empty((1, 0), np.float32)] * 3
    ]
    task, preprocessor = prepared.data.task, prepared.fit.preprocessor
    readout = prepared.fit.readout
    alone = [Predictor.of(task, preprocessor, [network], readout) for network in networks]
    together = Predictor.of(task, preprocessor, networks, readout)
    expected = np.mean([softmax(scores_of(each, prepared)) for each in alone], axis=0)
    np.testing.assert_allclose(softmax(scores_of(together, prepared)), expected, rtol=1e-6)


def test_the_temperature_is_left_out_if_none_suits(prepared: Prepared) -> None:
    """With a single, correctly classified row, the best probability would be 1."""
    predictor = predictor_of(prepared)
    predicted = softmax(scores_of(predictor, prepared)).argmax(axis=1)
    right = np.flatnonzero(predicted == prepared.data.targets)[:1]
    assert predictor.calibrated(prepared.data, prepared.examples(), right).readout.temperature is None
