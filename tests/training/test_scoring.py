"""Scores of more rows than one forward pass takes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

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
    "piecewise linear": NetworkShape(
        20,
        (HiddenShape(64, "mish"),),
        OutputShape(1, kind="squared"),
        stage=InputStageShape(NumericEmbeddingShape(7, 16, 4), scaled=True),
    ),
}


def networks_of(shape: NetworkShape, dtype: str, count: int = 1) -> list[Network]:
    """Networks whose weights differ by factors 1, 2, …"""
    layout = ParameterLayout(shape)
    parameters = np.random.default_rng(0).normal(0.0, 0.3, (1, layout.size)).astype(dtype)
    hyperparameters = {name: np.full((1, len(shape.hidden)), 0.1) for name in LAYER_HYPERPARAMETERS}
    statistics = layout.initial_statistics(1, np.dtype(dtype))
    return [
        Network(layout, parameters * factor, statistics, hyperparameters) for factor in range(1, count + 1)
    ]


def rows_for(shape: NetworkShape, count: int, dtype: str) -> FloatArray:
    return np.random.default_rng(1).normal(0.0, 3.0, (count, shape.inputs)).astype(dtype)


def scored(network: Network, X: FloatArray, size: int = SCORING_BATCH) -> FloatArray:
    """The scores of the rows, `size` of them at a time."""
    scorer, scores = RowScorer([network]), []
    for start in range(0, len(X), size):
        batch = X[start : start + size]
        scorer.inputs[: len(batch), :-1] = batch
        scores.append(scorer.scores(len(batch))[0])
    return np.concatenate(scores)


def test_scores_by_hand() -> None:
    """z = 2·relu(3x + 1) − 1 for the first class, and −z for the second; an overflow is silent."""
    shape = NetworkShape(1, (HiddenShape(1, "relu"),), OutputShape(2))
    (network,) = networks_of(shape, "float64")
    network.parameters[0] = [3.0, 1.0, 2.0, -1.0, -2.0, 1.0]
    X = np.array([[2.0], [-1.0], [1e308]])
    assert scored(network, X).tolist() == [[13.0, -13.0], [-1.0, 1.0], [np.inf, -np.inf]]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", SHAPES)
def test_a_row_scores_alike_in_any_company(name: str, dtype: str) -> None:
    """Of other rows, also if few are asked for again and again, and of other networks."""
    networks = networks_of(SHAPES[name], dtype, 3)
    X = rows_for(SHAPES[name], 600, dtype)
    scorer, together = RowScorer(networks), [scored(network, X) for network in networks]
    assert {scores.dtype for scores in together} == {np.dtype(dtype)}
    order = np.random.default_rng(2).permutation(len(X))
    for count in (1, 2, 17, 100):
        np.testing.assert_array_equal(scored(networks[0], X[order[:count]]), together[0][order[:count]])
    np.testing.assert_array_equal(scored(networks[0], X, 16), together[0])
    for rows in (slice(40, 80), slice(0, 16), slice(5, 21), slice(39, 40)):
        few = X[rows]
        scorer.inputs[: len(few), :-1] = few
        for scores, whole in zip(scorer.scores(len(few)), together, strict=True):
            np.testing.assert_array_equal(scores, whole[rows])
    for own, whole in zip(scorer.member_scorers(), together, strict=True):
        own.inputs[:20, :-1] = X[:20]
        np.testing.assert_array_equal(own.scores(20)[0], whole[:20])


def mixing_of(network: Network) -> FloatArray:
    stage = network.layout.stage
    assert stage is not None
    assert stage.mixing is not None
    return stage.mixing.view(network.parameters)


@pytest.mark.parametrize("scaled", [True, False])
def test_networks_that_take_turns_read_the_inputs_that_each_has_alone(scaled: bool) -> None:
    """The input stage reads once for several networks, but some of these have no embedding."""
    stage = InputStageShape(NumericEmbeddingShape(7, 16, 4), scaled=scaled)
    networks = networks_of(replace(SHAPES["piecewise linear"], stage=stage), "float32", 6)
    for number in (0, 1, 4):
        mixing_of(networks[number])[...] = 0.0
    scorer = RowScorer(networks)
    for rows in (40, 40, SCORING_BATCH):
        X = rows_for(SHAPES["piecewise linear"], rows, "float32")
        scorer.inputs[:rows, :-1] = X
        for network, scores in zip(networks, scorer.scores(rows), strict=True):
            np.testing.assert_array_equal(scores, scored(network, X))


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
@pytest.mark.parametrize("name", ["wide", "piecewise linear"])
def test_a_kernel_for_which_places_differ_is_given_narrow_slices(
    monkeypatch: pytest.MonkeyPatch, name: str, widest: int
) -> None:
    X, (network,) = rows_for(SHAPES[name], 600, "float64"), networks_of(SHAPES[name], "float64")
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
    (network,) = networks_of(SHAPES["piecewise linear"], "float64")
    mixing_of(network)[...] = 0.0
    arrays = (network.parameters, network.statistics, network.hyperparameters)
    plain = Network(network.layout, *arrays, plain=np.array([0]))
    X = rows_for(SHAPES["piecewise linear"], 70, "float64")
    wide_products_depend_on_the_place(monkeypatch, widest)
    np.testing.assert_array_equal(scored(plain, X), scored(network, X))


@pytest.mark.parametrize("widest", [1, 8, 16])
def test_a_few_rows_are_scored_in_a_few_slices(monkeypatch: pytest.MonkeyPatch, widest: int) -> None:
    computed = wide_products_depend_on_the_place(monkeypatch, widest)
    scorer = RowScorer(networks_of(SHAPES["narrow"], "float64"))
    computed.clear()
    for rows in (1, 16, 17, 100, 512):
        scorer.scores(rows)
    assert computed == [16, 16, 32, 128, 512]


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
    scorer = RowScorer(networks_of(SHAPES["narrow"], "float64", 2))
    for _ in range(SMALL_BATCHES):
        scorer.scores(1)
    for rows, expected in ((16, [16] if alike else [SCORING_BATCH] * 2), (17, [SCORING_BATCH] * 2)):
        computed.clear()
        scorer.scores(rows)
        assert computed == expected
