"""A predictor gives the same scores for all sources of rows and networks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fnnctl.modelling.predictor import Predictor, score_parts
from fnnctl.modelling.saved_model import load_model
from fnnctl.nn.losses.cross_entropy import softmax
from fnnctl.store.folder import RunFolder
from fnnctl.tasks.post_training import PostTraining
from tests.modelling.prepared import Prepared, prepare
from tests.program import Program

pytestmark = pytest.mark.usefixtures("no_figures")

CALIBRATED = PostTraining("temperature")


@pytest.fixture
def prepared(iris: Path) -> Prepared:
    return prepare(iris, ["training.epochs=3"], seed=1)


def predictor_of(prepared: Prepared) -> Predictor:
    trained = prepared.trained()
    return prepared.predictor(trained.parameters, trained.statistics)


def scores_of(predictor: Predictor, prepared: Prepared) -> np.ndarray:
    rows = np.arange(len(prepared.data))
    return np.concatenate(list(predictor.pool_scores(prepared.examples(), rows)))


@pytest.mark.parametrize(("inner", "embedded"), [(1, False), (1, True), (3, True)])
def test_a_saved_model_predicts_as_the_fresh_one(
    program: Program, tmp_path: Path, inner: int, embedded: bool
) -> None:
    """With one-hot columns and missing values; of one network, or three that share weights."""
    settings = [
        f"model.ensemble={{members: {inner}, share_weights: {str(inner > 1).lower()}}}",
        *("training.epochs=3", f"model.scaling_layer={str(embedded).lower()}"),
        f"model.numeric_embedding={'piecewise_linear' if embedded else 'none'}",
    ]
    words = [word for setting in settings for word in ("--set", setting)]
    config = tmp_path / "penguins.yaml"
    config.write_text("recipe: classic\ndata: {source: penguins}\nmodel: {hidden: [5]}\n")
    run = Path(program("train", str(config), *words, "--seed", "1", "--json").json["run"])
    again = prepare(config, settings, seed=1)
    saved = load_model(RunFolder(run), lambda text: None).predictor
    assert (len(saved.parts[0].scorer), saved.task) == (inner, again.data.task)
    assert again.fit.preprocessor.binned is embedded
    scores = scores_of(saved, again)
    assert scores.tobytes() == scores_of(predictor_of(again), again).tobytes()
    rows = [(again.data.dataset, np.arange(start, start + 1)) for start in range(len(again.data))]
    one_by_one = np.concatenate(list(saved.column_scores(rows)))
    assert one_by_one.tobytes() == scores.tobytes()


WAYS: dict[str, list[str]] = {
    "plain": [],
    "scaled otherwise": ["data.scaling=minmax", "model.hidden=[4, 3]"],
    "scaled otherwise, too": ["data.scaling=minmax", "model.output=logistic"],
    "in double precision": [
        "training.precision=float64",
        "model.output={name: logistic, positive_class: yes}",
    ],
}


def binary(tmp_path: Path) -> Path:
    """A config of a table with two classes and a column with missing values."""
    rng = np.random.default_rng(4)
    rows = [
        f"{a:.3f},{b:.3f},{'xyz'[k % 3]},{'yes' if a > b else 'no'}"
        for k, (a, b) in enumerate(rng.normal(size=(90, 2)))
    ]
    (tmp_path / "t.csv").write_text("\n".join(["a,b,c,label", *rows, ",0.5,x,yes", ",,,no"]) + "\n")
    (tmp_path / "t.yaml").write_text(
        "recipe: classic\ndata: {source: t.csv, target: label}\nmodel: {hidden: [6]}\n"
    )
    return tmp_path / "t.yaml"


def column_scores(predictor: Predictor, prepared: Prepared, rows: np.ndarray | None = None) -> np.ndarray:
    rows = np.arange(len(prepared.data)) if rows is None else rows
    return np.concatenate(list(predictor.column_scores([(prepared.data.dataset, rows)])))


def estimates(predictor: Predictor, prepared: Prepared) -> np.ndarray:
    rows, _ = predictor.task.predict(column_scores(predictor, prepared), predictor.decoder)
    return np.array([row[0] for row in rows], np.float64)


def test_parts_of_any_kind_have_the_weighted_mean_of_their_probabilities(tmp_path: Path) -> None:
    config, weights = binary(tmp_path), [4.0, 1.0, 2.0, 3.0]
    ways = [prepare(config, overrides) for overrides in WAYS.values()]
    first, task = ways[0], ways[0].data.task
    parts = [
        way.part(members=k + 1, weight=w)[0] for k, (way, w) in enumerate(zip(ways, weights, strict=True))
    ]
    parts[1] = replace(parts[1], decoder=replace(parts[1].decoder, temperature=3.0))
    alone = [Predictor.of_parts(task, [part]) for part in parts]
    each = [task.predict(column_scores(one, first), one.decoder)[1] for one in alone]
    together = Predictor.of_parts(task, parts)
    found = task.predict(column_scores(together, first), together.decoder)[1]
    np.testing.assert_allclose(found, np.average(each, axis=0, weights=weights), rtol=1e-6)


def test_parts_of_a_regression_have_the_weighted_mean_of_their_estimates(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    rows = [f"{a:.3f},{b:.3f},{1000 + 50 * a:.4f}" for a, b in rng.normal(size=(60, 2))]
    (tmp_path / "t.csv").write_text("\n".join(["a,b,y", *rows]) + "\n")
    (tmp_path / "t.yaml").write_text("recipe: classic\ndata: {source: t.csv, target: y}\n")
    ways = [
        prepare(tmp_path / "t.yaml", ["model.hidden=[4]", *overrides])
        for overrides in ([], ["model.output=huber", "data.scaling=none"], ["seed=5"])
    ]
    first, weights, task = ways[0], [1.0, 2.5, 2.0], ways[0].data.task
    parts = [way.part(weight=weight)[0] for way, weight in zip(ways, weights, strict=True)]
    assert parts[0].decoder.scale != parts[2].decoder.scale  # other training rows
    each = [estimates(Predictor.of_parts(task, [part]), first) for part in parts]
    found = estimates(Predictor.of_parts(task, parts), first)
    np.testing.assert_allclose(found, np.average(each, axis=0, weights=weights), rtol=1e-9)


def test_parts_of_the_rows_are_scored_with_and_without_a_pool(prepared: Prepared) -> None:
    predictor, data, split = predictor_of(prepared), prepared.data, prepared.split
    with_pool, without = (score_parts(predictor, data, pool, split) for pool in (prepared.examples(), None))
    metrics = [{name: part and part.metrics() for name, part in of.items()} for of in (with_pool, without)]
    assert metrics[0] == metrics[1]
    assert None not in metrics[0].values()


def test_an_ensemble_is_calibrated_on_its_combined_scores(iris: Path) -> None:
    ways = [prepare(iris, [f"data.scaling={scaling}"]) for scaling in ("standardize", "minmax")]
    data, rows = ways[0].data, ways[0].split.train
    predictor = Predictor.of_parts(data.task, [predictor_of(way).parts[0] for way in ways])
    calibrated = predictor.calibrated_on_columns(CALIBRATED, data, rows)
    scores = column_scores(predictor, ways[0], rows)
    expected = data.task.with_calibration(predictor.decoder, "temperature", scores, data.targets[rows])
    assert calibrated.decoder.temperature == expected.temperature
    assert expected.temperature is not None


def test_a_row_of_an_ensemble_has_its_scores_whatever_its_neighbours_are(tmp_path: Path) -> None:
    """Nine members, because the order in which NumPy adds eight or more depends on the number of rows."""
    config = binary(tmp_path)
    ways = [prepare(config, overrides) for overrides in WAYS.values()]
    predictor = Predictor.of_parts(ways[0].data.task, [way.part(members=9)[0] for way in ways])
    whole = column_scores(predictor, ways[0])
    for row in (0, 41, 91):
        alone = column_scores(predictor, ways[0], np.array([row]))
        assert alone.tobytes() == whole[row : row + 1].tobytes()


def test_the_temperature_is_left_out_if_none_suits(prepared: Prepared) -> None:
    """With a single, correctly classified row, the best probability would be 1."""
    predictor = predictor_of(prepared)
    predicted = softmax(scores_of(predictor, prepared)).argmax(axis=1)
    right = np.flatnonzero(predicted == prepared.data.targets)[:1]
    finished = predictor.calibrated(CALIBRATED, prepared.data, prepared.examples(), right)
    assert finished.decoder.temperature is None
