"""Scores of more rows than one forward pass takes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import log_softmax

from fnnctl.arrays import FloatArray
from fnnctl.nn.network import LAYER_HYPERPARAMETERS, Network
from fnnctl.nn.parameters import ParameterLayout
from fnnctl.nn.shape import (
    HiddenShape,
    InputStageShape,
    NetworkShape,
    NumericEmbeddingShape,
    OutputShape,
)
from fnnctl.nn.workspace import Workspace
from fnnctl.training.scoring import SCORING_BATCH, SMALL_BATCHES, RowScorer
from fnnctl.training.stack import Stack
from fnnctl.training.trainer import train_stack
from tests.training.recipes import blobs, member_of, settings_of


@pytest.mark.parametrize("rows", [1, 512, 513, 1300])
def test_the_validation_part_is_scored_whole(rows: int) -> None:
    """Loss and accuracy with the returned weights, recomputed in NumPy over all rows at once."""
    settings = settings_of(4, ((6, "relu"),), 3, precision="float64")
    examples = blobs(60 + rows, 4, 3, seed=2, precision="float64")
    member = member_of(settings, 60, rows, epochs=2)
    (result,) = train_stack(Stack(settings, [member], examples))
    named = ParameterLayout(settings.shape).named_arrays(result.parameters, result.statistics)
    X, y = examples.inputs[60:, :-1], examples.targets[60:]
    hidden = np.maximum(X @ named["weights_1"].T + named["biases_1"], 0.0)
    log_probabilities = log_softmax(hidden @ named["weights_2"].T + named["biases_2"], axis=1)
    loss = -log_probabilities[np.arange(rows), y].mean()
    assert result.history["validation_loss"][-1] == pytest.approx(loss, rel=1e-12)
    accuracy = float(np.mean(log_probabilities.argmax(axis=1) == y))
    assert result.history["validation_accuracy"][-1] == pytest.approx(accuracy, rel=1e-12)


SHAPES = {
    "wide": NetworkShape(37, (HiddenShape(133, "tanh"), HiddenShape(70, "gelu")), OutputShape(7)),
    "narrow": NetworkShape(2, (HiddenShape(3, "relu"),), OutputShape(2)),
    "regression": NetworkShape(64, (), OutputShape(10)),
    "normalized": NetworkShape(
        9,
        (HiddenShape(50, "selu", normalization="layer"), HiddenShape(50, "mish", normalization="batch")),
        OutputShape(3),
    ),
    "maxout": NetworkShape(13, (HiddenShape(21, "maxout", pieces=3),), OutputShape(2, kind="logistic")),
    "scaled": NetworkShape(
        20, (HiddenShape(64, "selu"),), OutputShape(3), stage=InputStageShape(scaled=True)
    ),
    "piecewise linear": NetworkShape(
        20,
        (HiddenShape(64, "mish"),),
        OutputShape(1, kind="squared"),
        stage=InputStageShape(NumericEmbeddingShape(7, 16, 4), scaled=True),
    ),
}


def make_network(shape: NetworkShape, dtype: str) -> Network:
    layout = ParameterLayout(shape)
    parameters = np.random.default_rng(0).normal(0.0, 0.3, (1, layout.size)).astype(dtype)
    hyperparameters = {name: np.full((1, len(shape.hidden)), 0.1) for name in LAYER_HYPERPARAMETERS}
    return Network(layout, parameters, layout.initial_statistics(1, np.dtype(dtype)), hyperparameters)


def scored(network: Network, X: FloatArray) -> FloatArray:
    scorer = RowScorer([network])
    scores = []
    for start in range(0, len(X), SCORING_BATCH):
        batch = X[start : start + SCORING_BATCH]
        scorer.inputs[: len(batch), :-1] = batch
        scores.append(scorer.scores(len(batch))[0])
    return np.concatenate(scores)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", SHAPES)
def test_a_row_scores_alike_in_any_company(name: str, dtype: str) -> None:
    network = make_network(SHAPES[name], dtype)
    rng = np.random.default_rng(1)
    X = rng.normal(size=(1100, SHAPES[name].inputs)).astype(dtype)
    together = scored(network, X)
    assert together.dtype == dtype
    for count in (1, 2, 16, 17, 30, 100, 511, 700):
        rows = rng.permutation(len(X))[:count]
        np.testing.assert_array_equal(scored(network, X[rows]), together[rows])


def test_scores_by_hand() -> None:
    """One relu unit: z = 2·relu(3x + 1) − 1 for the first class, and 0 for the second."""
    shape = NetworkShape(1, (HiddenShape(1, "relu"),), OutputShape(2))
    network = make_network(shape, "float64")
    network.parameters[0] = [3.0, 1.0, 2.0, -1.0, 0.0, 0.0]
    assert scored(network, np.array([[2.0], [-1.0]])).tolist() == [[13.0, 0.0], [-1.0, 0.0]]


def test_the_width_does_not_depend_on_the_weights() -> None:
    """It follows from the kernels, and some rows happen to have equal bits with different ones."""
    networks = [make_network(SHAPES["piecewise linear"], "float32") for _ in range(40)]
    for factor, network in enumerate(networks):
        network.parameters *= 1 + 0.05 * factor
    assert len({RowScorer([network])._width for network in networks}) == 1


def test_networks_of_one_shape_have_the_scores_that_each_has_alone() -> None:
    networks = [make_network(SHAPES["normalized"], "float32") for _ in range(3)]
    for factor, network in enumerate(networks):
        network.parameters *= factor + 1
    X = np.random.default_rng(1).normal(size=(20, 9)).astype(np.float32)
    scorer = RowScorer(networks)
    scorer.inputs[:20, :-1] = X
    found = scorer.scores(20)
    assert len(found) == len(scorer) == 3
    for network, one, scores in zip(networks, scorer.member_scorers(), found, strict=True):
        np.testing.assert_array_equal(scores, scored(network, X))
        one.inputs[:20, :-1] = X
        (own,) = one.scores(20)
        np.testing.assert_array_equal(scores, own)


@pytest.mark.parametrize("scaled", [True, False])
def test_networks_that_take_turns_read_the_inputs_that_each_has_alone(scaled: bool) -> None:
    """The input stage reads once for several networks, but some of these have no embedding."""
    stage = InputStageShape(NumericEmbeddingShape(7, 16, 4), scaled=scaled)
    shape = replace(SHAPES["piecewise linear"], stage=stage)
    segments = ParameterLayout(shape).stage
    assert segments is not None
    assert segments.mixing is not None
    networks = [make_network(shape, "float32") for _ in range(6)]
    for number, network in enumerate(networks):
        network.parameters *= number + 1
        if number in (0, 1, 4):
            segments.mixing.view(network.parameters)[...] = 0.0
    scorer, rng = RowScorer(networks), np.random.default_rng(1)
    for rows in (40, 40, 700):
        X = rng.normal(0.0, 6.0, (rows, shape.inputs)).astype(np.float32)[:SCORING_BATCH]
        scorer.inputs[: len(X), :-1] = X
        for network, scores in zip(networks, scorer.scores(len(X)), strict=True):
            np.testing.assert_array_equal(scores, scored(network, X))


def test_an_overflow_is_silent() -> None:
    network = make_network(NetworkShape(2, (HiddenShape(3, "relu"),), OutputShape(2)), "float32")
    network.parameters[0] = 1.0
    assert not np.isfinite(scored(network, np.full((1, 2), 3e38, np.float32))).all()


def wide_products_depend_on_the_place(monkeypatch: pytest.MonkeyPatch, widest: int) -> list[int]:
    """Fake products of more than `widest` rows whose bits differ in the last row.

    Returns a list to which each forward pass appends the number of rows that it computes.
    """
    product, computed = Network.forward, list[int]()

    def forward(network: Network, work: Workspace, *, read: bool) -> FloatArray:
        scores = product(network, work, read=read)
        computed.append(len(scores) * work.batch)
        if work.batch > widest:
            scores[..., -1:] = np.nextafter(scores[..., -1:], np.inf, dtype=scores.dtype)
        return scores

    monkeypatch.setattr(Network, "forward", forward)
    return computed


@pytest.mark.parametrize("widest", [1, 8, 16])
@pytest.mark.parametrize("name", SHAPES)
def test_a_kernel_for_which_places_differ_is_given_narrow_slices(
    monkeypatch: pytest.MonkeyPatch, name: str, widest: int
) -> None:
    rng = np.random.default_rng(1)
    X = rng.normal(size=(600, SHAPES[name].inputs))
    network = make_network(SHAPES[name], "float64")
    expected = scored(network, X)
    wide_products_depend_on_the_place(monkeypatch, widest)
    np.testing.assert_allclose(together := scored(network, X), expected, rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(scored(network, X[::-1])[::-1], together)
    for count in (1, 5, 17, 100):
        np.testing.assert_array_equal(scored(network, X[-count:]), together[-count:])


@pytest.mark.parametrize("widest", [1, 16, SCORING_BATCH])
def test_a_network_without_an_embedding_has_none_in_any_slice(
    monkeypatch: pytest.MonkeyPatch, widest: int
) -> None:
    layout = ParameterLayout(SHAPES["piecewise linear"])
    trained = make_network(SHAPES["piecewise linear"], "float64")
    assert layout.stage is not None
    assert layout.stage.mixing is not None
    layout.stage.mixing.view(trained.parameters)[...] = 0.0
    arrays = (trained.parameters, trained.statistics, trained.hyperparameters)
    plain = Network(layout, *arrays, plain=np.array([0]))
    X = np.random.default_rng(1).normal(size=(70, SHAPES["piecewise linear"].inputs))
    wide_products_depend_on_the_place(monkeypatch, widest)
    np.testing.assert_array_equal(scored(plain, X), scored(trained, X))


@pytest.mark.parametrize("widest", [1, 8, 16])
def test_a_few_rows_are_scored_in_a_few_slices(monkeypatch: pytest.MonkeyPatch, widest: int) -> None:
    computed = wide_products_depend_on_the_place(monkeypatch, widest)
    scorer = RowScorer([make_network(SHAPES["narrow"], "float64")])
    computed.clear()
    for rows in (1, 16, 17, 100, 512):
        scorer.scores(rows)
    assert computed == [16, 16, 32, 128, 512]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", SHAPES)
def test_who_asks_for_few_rows_again_and_again_gets_the_same_bits(name: str, dtype: str) -> None:
    networks = [make_network(SHAPES[name], dtype) for _ in range(3)]
    for factor, network in enumerate(networks):
        network.parameters *= factor + 1
    X = np.random.default_rng(1).normal(size=(40, SHAPES[name].inputs)).astype(dtype)
    scorer = RowScorer(networks)
    scorer.inputs[:40, :-1] = X
    together = scorer.scores(40)
    for start in (0, 1, 5, 16, 17, 24, 39):
        few = X[start : start + 16]
        scorer.inputs[: len(few), :-1] = few
        for scores, whole in zip(scorer.scores(len(few)), together, strict=True):
            np.testing.assert_array_equal(scores, whole[start : start + len(few)])


@pytest.mark.parametrize("alike", [True, False])
def test_narrow_batches_are_used_if_their_bits_are_those_of_whole_ones(
    monkeypatch: pytest.MonkeyPatch, *, alike: bool
) -> None:
    monkeypatch.setattr(RowScorer, "_places_are_alike", lambda scorer, width: True)
    computed: list[int] = []
    activations = Network.activations

    def counted(network: Network, work: Workspace, rngs: None = None, *, read: bool = True) -> FloatArray:
        computed.append(work.batch)
        result = activations(network, work, rngs, read=read)
        return result if alike or work.batch == SCORING_BATCH else np.nextafter(result, np.inf)

    monkeypatch.setattr(Network, "activations", counted)
    scorer = RowScorer([make_network(SHAPES["narrow"], "float64")] * 2)
    for _ in range(SMALL_BATCHES):
        scorer.scores(1)
    computed.clear()
    scorer.scores(16)
    assert computed == ([16] if alike else [SCORING_BATCH] * 2)
    computed.clear()
    scorer.scores(17)
    assert computed == [SCORING_BATCH] * 2
