"""Forward passes of tiny networks, computed by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fnnctl.arrays import FloatArray
from fnnctl.nn.member_generators import MemberGenerators
from fnnctl.nn.network import LAYER_HYPERPARAMETERS, Network
from fnnctl.nn.parameters import ParameterLayout
from fnnctl.nn.shape import HiddenShape, NetworkShape, NormalizationKind, OutputShape
from fnnctl.nn.workspace import Workspace


def make_network(
    shape: NetworkShape,
    rows: list[list[float]],
    statistics: list[list[float]] | None = None,
    **hyperparameters: Any,
) -> Network:
    """Members with these parameters; `hyperparameters` are (K, layers), and 0 if they are not given."""
    layers = len(shape.hidden)
    return Network(
        ParameterLayout(shape),
        np.array(rows),
        np.array(statistics or [[]] * len(rows), np.float64),
        {
            name: np.array(hyperparameters.get(name, [[0.0] * layers] * len(rows)))
            for name in LAYER_HYPERPARAMETERS
        },
    )


def scores(
    network: Network,
    inputs: list[list[float]],
    *,
    training: bool = False,
    rngs: MemberGenerators | None = None,
) -> FloatArray:
    """(K, scores, batch), every member given the same rows."""
    members = len(network.parameters)
    work = Workspace(network.layout.shape, members, len(inputs), np.dtype(np.float64), training=training)
    work.inputs[...] = np.hstack([np.array(inputs), np.ones((len(inputs), 1))])
    return network.forward(work, rngs).copy()


def test_two_layers_by_hand() -> None:
    """z¹ = (x₁ − x₂ + 1, 2x₂ − 3), relu, z² = (a₁ + a₂, −a₁ + ½, a₂ − 1).

    x = (2, 1): z¹ = (2, −1), a = (2, 0), z² = (2, −1.5, −1). x = (0, 4): z¹ = (−3, 5), a = (0, 5),
    z² = (5, 0.5, 4).
    """
    shape = NetworkShape(2, (HiddenShape(2, "relu"),), OutputShape(3))
    row = [1.0, -1.0, 1.0, 0.0, 2.0, -3.0, 1.0, 1.0, 0.0, -1.0, 0.0, 0.5, 0.0, 1.0, -1.0]
    z = scores(make_network(shape, [row]), [[2.0, 1.0], [0.0, 4.0]])
    assert z[0].T.tolist() == [[2.0, -1.5, -1.0], [5.0, 0.5, 4.0]]


def test_softmax_regression_and_a_logistic_output() -> None:
    assert scores(
        make_network(NetworkShape(1, (), OutputShape(2)), [[2.0, 1.0, -3.0, 0.5]]), [[4.0]]
    ).tolist() == [[[9.0], [-11.5]]]
    logistic = make_network(NetworkShape(1, (), OutputShape(2, "logistic")), [[2.0, 1.0], [-1.0, 0.0]])
    assert scores(logistic, [[4.0]]).tolist() == [[[9.0]], [[-4.0]]]


def test_members_have_slopes_of_their_own() -> None:
    """leaky_relu of −2 with γ of 0.5 and of 0.25; w = 1, b = 0, scores a and 2a + 1."""
    shape = NetworkShape(1, (HiddenShape(1, "leaky_relu"),), OutputShape(2))
    row = [1.0, 0.0, 1.0, 0.0, 2.0, 1.0]
    z = scores(make_network(shape, [row, row], activation=[[0.5], [0.25]]), [[-2.0]])
    assert z[..., 0].tolist() == [[-1.0, -1.0], [-0.5, 0.0]]


def test_maxout_by_hand() -> None:
    """Two units of two pieces: first pieces x and −x, second 2x − 3 and 1; scores a₁ and a₂.

    x = 1: max(1, −1), max(−1, 1); x = 5: max(5, 7), max(−5, 1); x = −2: max(−2, −7), max(2, 1).
    """
    shape = NetworkShape(1, (HiddenShape(2, "maxout", pieces=2),), OutputShape(2))
    row = [1.0, 0.0, -1.0, 0.0, 2.0, -3.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0]
    for training in (True, False):
        z = scores(make_network(shape, [row]), [[1.0], [5.0], [-2.0]], training=training)
        assert z[0].T.tolist() == [[1.0, 1.0], [7.0, 1.0], [-2.0, 2.0]]


def test_a_residual_layer_adds_its_inputs() -> None:
    """a¹ = x + 1, a² = relu(−a¹ + 3) + a¹, scores a² and −a². x = 1: 1 + 2; x = 4: 0 + 5."""
    shape = NetworkShape(
        1, (HiddenShape(1, "identity"), HiddenShape(1, "relu", residual=True)), OutputShape(2)
    )
    z = scores(make_network(shape, [[1.0, 1.0, -1.0, 3.0, 1.0, 0.0, -1.0, 0.0]]), [[1.0], [4.0]])
    assert z[0].T.tolist() == [[3.0, -3.0], [5.0, -5.0]]


def test_scores_within_limits_by_hand() -> None:
    """Scores 2x + 1 and −x of x = 3 and −3, each member with limits of its own; infinity stays."""
    network = limited_network([[-1.0, 5.0], [-np.inf, 2.5]])
    z = network.within_limits(scores(network, [[3.0], [-3.0], [np.inf]]))
    assert z[:, 0].tolist() == [[5.0, -1.0, np.inf], [-3.0, 2.5, -np.inf]]


def test_inner_members_have_the_limits_of_their_network() -> None:
    network = limited_network([[-1.0, 5.0], [-2.0, 2.0]])
    z = network.within_limits(np.full((6, 1, 1), 9.0))
    assert z[:, 0, 0].tolist() == [5.0, 5.0, 5.0, 2.0, 2.0, 2.0]


def test_scores_without_limits_are_not_copied() -> None:
    z = np.zeros((2, 1, 3))
    assert make_network(NetworkShape(1, (), OutputShape(1)), [[2.0, 1.0], [-1.0, 0.0]]).within_limits(z) is z


def limited_network(limits: list[list[float]]) -> Network:
    """Two linear networks of one input, 2x + 1 and −x, with these limits."""
    free = make_network(NetworkShape(1, (), OutputShape(1, "squared")), [[2.0, 1.0], [-1.0, 0.0]])
    parts = free.layout, free.parameters, free.statistics, free.hyperparameters
    return Network(*parts, np.array(limits))


def normalized(kind: Any, statistics: list[float]) -> Network:
    """Weights 1 and 3 without biases, gains 2 and 4, shifts 10 and 20, ε = 0; scores the two units."""
    shape = NetworkShape(1, (HiddenShape(2, "identity", normalization=kind),), OutputShape(2))
    row = [1.0, 3.0, 2.0, 4.0, 10.0, 20.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0]
    return make_network(shape, [row], [statistics], momentum=[[0.5]])


def test_batch_normalization_by_hand() -> None:
    """x = 1, 3: both units have x̂ = ∓1, so 10 ∓ 2 and 20 ∓ 4; running means 2 and 6, variances 2 and 18.

    Evaluated, x = 2 + √2 gives x̂ = 1 for both.
    """
    network = normalized("batch", [0.0, 0.0, 1.0, 1.0, 0.0])
    assert scores(network, [[1.0], [3.0]], training=True)[0].T.tolist() == [[8.0, 16.0], [12.0, 24.0]]
    np.testing.assert_allclose(network.statistics, [[2.0, 6.0, 2.0, 18.0, 1.0]], rtol=1e-14)
    z = scores(network, [[2.0 + np.sqrt(2.0)], [2.0]])
    np.testing.assert_allclose(z[0].T, [[12.0, 24.0], [10.0, 20.0]], rtol=1e-14)


def test_layer_normalization_by_hand() -> None:
    """The pre-activations x and 3x have x̂ = ∓1 for x > 0 and ±1 for x < 0: 10 ∓ 2 and 20 ± 4."""
    for training in (True, False):
        z = scores(normalized("layer", []), [[5.0], [-0.5]], training=training)
        np.testing.assert_allclose(z[0].T, [[8.0, 24.0], [12.0, 16.0]], rtol=1e-12)


def dropping(rate: float) -> Network:
    """a¹ = x (dropped) + nothing, a² = dropped 7x plus a¹; scores a² and 0."""
    shape = NetworkShape(
        1,
        (HiddenShape(1, "identity"), HiddenShape(1, "identity", dropout=True, residual=True)),
        OutputShape(2),
    )
    return make_network(shape, [[1.0, 0.0, 7.0, 0.0, 1.0, 0.0, 0.0, 0.0]], dropout=[[0.0, rate]])


def test_dropout_is_drawn_before_the_inputs_are_added() -> None:
    """With q = ½, a² is x + 14x or x + 0: the inputs are never dropped."""
    rngs = MemberGenerators([np.random.default_rng(0)])
    z = scores(dropping(0.5), [[1.0]] * 200, training=True, rngs=rngs)[0, 0]
    assert set(z) == {1.0, 15.0}
    assert 60 < np.count_nonzero(z == 1.0) < 140


@pytest.mark.parametrize(("training", "draws"), [(True, False), (False, False), (False, True)])
def test_nothing_is_dropped_without_draws_or_in_an_evaluation(training: bool, draws: bool) -> None:
    rngs = MemberGenerators([np.random.default_rng(0)]) if draws else None
    z = scores(dropping(0.5), [[1.0], [2.0]], training=training, rngs=rngs)
    assert z[0, 0].tolist() == [8.0, 16.0]


def shared(kind: NormalizationKind | None = None, **arrays: list[Any]) -> Network:
    """Two inner members; each scores its two hidden units."""
    shape = NetworkShape(
        2, (HiddenShape(2, "identity", normalization=kind),), OutputShape(2), inner_members=2
    )
    outputs = {"weights_2": [np.eye(2)] * 2, "biases_2": [[0.0, 0.0]] * 2}
    named = {name: np.array(array, np.float64) for name, array in (arrays | outputs).items()}
    layout = ParameterLayout(shape)
    statistics = layout.initial_statistics(1, np.dtype(np.float64))
    parts = layout.named_arrays(np.zeros(layout.size), statistics[0]) | named
    row, _ = layout.rows_of({name: np.array(array) for name, array in parts.items()})
    return make_network(shape, [row.tolist()], statistics.tolist(), momentum=[[0.5]])


def test_inner_members_by_hand() -> None:
    """x = (1, 2), W = ((1, 2), (3, 4)), r = (1, 1) and (−1, 2), s = (1, 1) and (2, 10).

    Wx = (5, 11), and b = (0, 100); of the second W(−1, 4) = (7, 13), which gives (14, 130), and b = (−4, 0).
    """
    network = shared(
        weights_1=[[1, 2], [3, 4]],
        input_factors_1=[[1, 1], [-1, 2]],
        output_factors_1=[[1, 1], [2, 10]],
        biases_1=[[0, 100], [-4, 0]],
    )
    work = Workspace(network.layout.shape, 1, 1, np.dtype(np.float64), training=False)
    work.inputs[...] = [1.0, 2.0, 1.0]
    network.forward(work)
    assert work.member_scores()[..., 0].tolist() == [[5.0, 111.0], [10.0, 130.0]]


def test_inner_members_are_normalized_together_by_hand() -> None:
    """A unit is x and 3x: 1, 3 and 3, 9 with mean 4 and variance 9."""
    network = shared(
        "batch",
        weights_1=[[1, 0], [0, 1]],
        input_factors_1=[[1, 1], [1, 1]],
        output_factors_1=[[1, 1], [3, 3]],
        gains_1=[3, 3],
        biases_1=[5, 5],
    )
    work = Workspace(network.layout.shape, 1, 2, np.dtype(np.float64), training=True)
    work.inputs[...] = [[1.0, 1.0, 1.0], [3.0, 3.0, 1.0]]
    network.forward(work)
    assert work.member_scores()[:, 0].tolist() == [[2.0, 4.0], [4.0, 10.0]]
