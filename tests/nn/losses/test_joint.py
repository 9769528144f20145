"""The loss of several targets against those of its parts alone, and against central differences."""

from __future__ import annotations

import numpy as np
import pytest

from fnnctl.arrays import FloatArray
from fnnctl.nn.losses.base import Loss, Targets
from fnnctl.nn.losses.joint import JointLoss, loss_class, target_type
from fnnctl.nn.losses.registry import loss_of
from fnnctl.nn.shape import HiddenShape, NetworkShape, OutputShape
from tests.nn.gradients import case_away_from_kinks, output_of

FLOAT64 = np.dtype(np.float64)
PARTS = tuple(
    output_of(name) for name in ("squared", "softmax", "poisson", "ordinal", "logistic", "quantile")
)
"""Of 1, 3, 1, 2, 1 and 4 scores."""
FIRST = [0, 1, 4, 5, 7, 8, 12]
"""The first score of each part, and the end."""
MEMBERS, BATCH = 3, 5


def drawn() -> tuple[FloatArray, Targets]:
    """Scores, and targets whose factor is 0 in places."""
    rng = np.random.default_rng(1)
    z = rng.normal(size=(MEMBERS, FIRST[-1], BATCH))
    y = rng.integers(0, 2, (MEMBERS, BATCH, len(PARTS))).astype(np.float64)
    return z, Targets(y, rng.uniform(0, 2, y.shape) * (rng.uniform(size=y.shape) < 0.7))


def alone(z: FloatArray, targets: Targets, number: int) -> tuple[Loss, FloatArray, Targets]:
    """The loss of one part with its scores and targets."""
    kind = loss_of(PARTS[number].kind)
    y = targets.y[..., number].astype(target_type(PARTS[number], FLOAT64))
    weights = None if targets.weights is None else targets.weights[..., number]
    scores = z[:, FIRST[number] : FIRST[number + 1]].copy()
    return kind(PARTS[number], MEMBERS, BATCH, FLOAT64), scores, Targets(y, weights)


def test_training_sums_the_losses_of_the_parts() -> None:
    z, targets = drawn()
    loss = JointLoss(OutputShape.of_parts(PARTS), MEMBERS, BATCH, FLOAT64)
    loss.set_targets(targets)
    terms = z.copy()
    loss.error_terms(terms)
    totals = loss.totals()
    for number in range(len(PARTS)):
        own, scores, of_part = alone(z, targets, number)
        own.set_targets(of_part)
        own.error_terms(scores)
        np.testing.assert_array_equal(terms[:, FIRST[number] : FIRST[number + 1]], scores)
        np.testing.assert_array_equal(totals[1 + number], own.totals()[0])
    np.testing.assert_allclose(totals[0], totals[1:].sum(axis=0), rtol=1e-14)
    assert not loss.totals().any()


@pytest.mark.parametrize("size", [None, 3])
def test_evaluation_gives_the_losses_times_their_factors(size: int | None) -> None:
    z, targets = drawn()
    loss = JointLoss(OutputShape.of_parts(PARTS), MEMBERS, BATCH, FLOAT64)
    if size is None:
        losses, predictions = loss.evaluate(z.copy(), targets)
    else:
        targets = targets.of_ensembles(size)
        losses, predictions = loss.evaluate_ensembles(z.copy(), targets, size)
    assert targets.weights is not None
    for number in range(len(PARTS)):
        own, scores, of_part = alone(z, targets, number)
        plain = Targets(of_part.y)
        expected = (
            own.evaluate(scores, plain) if size is None else own.evaluate_ensembles(scores, plain, size)
        )
        np.testing.assert_array_equal(losses[..., number], expected[0] * targets.weights[..., number])
        np.testing.assert_array_equal(predictions[..., number], expected[1])


def test_outputs_are_those_of_the_parts_in_turn() -> None:
    z, targets = drawn()
    outputs = JointLoss(OutputShape.of_parts(PARTS), MEMBERS, BATCH, FLOAT64).outputs(z)
    first = 0
    for number, part in enumerate(PARTS):
        own, scores, _ = alone(z, targets, number)
        np.testing.assert_array_equal(outputs[:, first : first + part.size], own.outputs(scores))
        first += part.size
    assert first == outputs.shape[1] == OutputShape.of_parts(PARTS).size


def test_a_target_with_the_factor_0_changes_nothing() -> None:
    z, targets = drawn()
    changed = Targets(np.where(targets.weights == 0.0, 1.0 - targets.y, targets.y), targets.weights)
    results = []
    for drawn_targets in (targets, changed):
        loss = JointLoss(OutputShape.of_parts(PARTS), MEMBERS, BATCH, FLOAT64)
        loss.set_targets(drawn_targets)
        terms = z.copy()
        loss.error_terms(terms)
        results.append((terms, loss.totals()))
    for before, after in zip(*results, strict=True):
        np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("inner", [1, 3])
@pytest.mark.parametrize("technique", [(), ("weighted", "l1")])
def test_gradients_agree_with_central_differences(inner: int, technique: tuple[str, ...]) -> None:
    hidden = (HiddenShape(5, "tanh"), HiddenShape(4, "softplus"))
    shape = NetworkShape(3, hidden, OutputShape.of_parts(PARTS), inner_members=inner)
    assert shape.scores == FIRST[-1]
    assert loss_class(shape.output) is JointLoss
    case_away_from_kinks(shape, technique).assert_gradient_agrees()
