"""Convergence of the training loss: by hand, and against MLPClassifier's number of epochs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier

from fnnctl.config.schema.stopping import ConvergenceConfig
from fnnctl.training.early_stopping import Convergence
from fnnctl.training.stack import Stack
from fnnctl.training.trainer import Outcome, train_stack
from tests.training.recipes import blobs, member_of, settings_of
from tests.training.scikit_learn import first_weights, fitted


def after(convergence: Convergence, *losses: float) -> list[bool]:
    """Which members have converged after an epoch with these losses."""
    convergence.update({"train_loss": np.array(losses)})
    return [bool(ended) for ended in convergence.converged]


@pytest.mark.parametrize(
    ("tolerance", "patience", "losses"),
    [
        # 3.6 fails, but is the new minimum; 3.2 is only 0.4 below it and fails, too; 2.7 is not above
        # 3.2 − 0.5; 2.6, 2.5 and 2.4 fail
        (0.5, 2, [4.0, 3.6, 3.2, 2.7, 2.6, 2.5, 2.4]),
        (1e-9, 1, [1.0] * 3),
    ],
)
def test_the_failure_after_the_patience_ends_training(
    tolerance: float, patience: int, losses: list[float]
) -> None:
    """It goes on from its state."""
    rule = ConvergenceConfig(tolerance=tolerance, patience=patience)
    for cut in range(len(losses)):
        before = Convergence([rule], None)
        assert [after(before, loss) for loss in losses[:cut]] == [[False]] * cut
        resumed = Convergence([rule], {name: array.copy() for name, array in before.state.items()})
        assert [after(resumed, loss)[0] for loss in losses[cut:]] == [False] * (len(losses) - cut - 1) + [
            True
        ]


def test_an_equal_loss_is_no_failure_without_a_tolerance() -> None:
    convergence = Convergence([ConvergenceConfig(tolerance=0.0, patience=1)], None)
    assert [after(convergence, 1.0) for _ in range(4)] == [[False]] * 4


def test_members_have_rules_of_their_own_or_none() -> None:
    rules = [ConvergenceConfig(tolerance=0.1, patience=1), None, ConvergenceConfig(tolerance=0.1, patience=3)]
    convergence = Convergence(rules, None)
    seen = [after(convergence, 1.0, 1.0, 1.0) for _ in range(5)]
    assert seen == [[False] * 3, [False] * 3, [True, False, False], [True, False, False], [True, False, True]]


def test_a_nan_is_not_the_least_loss_of_a_member_for_its_neighbour() -> None:
    convergence = Convergence([ConvergenceConfig(tolerance=0.1, patience=1)] * 2, None)
    seen = [after(convergence, *losses)[1] for losses in ([1.0, 1.0], [math.nan, 0.5], [math.nan, 0.45])]
    assert seen == [False, False, False]
    assert after(convergence, math.nan, 0.41) == [False, True]


@pytest.mark.parametrize(
    ("rate", "tolerance", "patience"),
    [(0.05, 0.003, 3), (0.3, 1e-2, 2), (1.0, 1e-3, 3)],
)
def test_as_many_epochs_as_mlp_classifier(rate: float, tolerance: float, patience: int) -> None:
    """From its own initial weights, with small steps and with steps so large that the loss often rises."""
    examples = blobs(60, 2, 4, seed=6, precision="float64")
    solver: dict[str, Any] = {"solver": "sgd", "momentum": 0.0, "learning_rate_init": rate, "alpha": 0.0}
    model = MLPClassifier(
        (7,), batch_size=20, shuffle=False, random_state=5, max_iter=3000,
        tol=tolerance, n_iter_no_change=patience, **solver,
    )  # fmt: skip
    settings = settings_of(
        2, ((7, "relu"),), 4, optimizer="sgd", batch_size=20, precision="float64", shuffle=False
    )
    rule = ConvergenceConfig(tolerance=tolerance, patience=patience)
    member = member_of(settings, 60, learning_rate=rate, l2=0.0, epochs=3000, convergence=rule)
    stack = Stack(settings, [member], examples)
    stack.network.parameters[0] = first_weights(model, examples)
    (trained,) = train_stack(stack)
    theirs = fitted(model, examples)
    assert trained.outcome is Outcome.CONVERGED
    assert trained.epochs == theirs.n_iter_ < 3000
    np.testing.assert_allclose(trained.history["train_loss"], theirs.loss_curve_, rtol=1e-7)
    rises = np.count_nonzero(np.diff(theirs.loss_curve_) > 0)
    assert (rises > 10) == (rate == 1.0)


def test_the_last_epoch_is_not_called_convergence_before_it() -> None:
    settings = settings_of(4, ((5, "tanh"),), 3)
    # no epoch improves by this much, but the first cannot fail
    rule = ConvergenceConfig(tolerance=1e6, patience=3)
    examples = blobs(40, 4, 3)
    for epochs, outcome in ((4, Outcome.COMPLETED), (5, Outcome.CONVERGED), (9, Outcome.CONVERGED)):
        (trained,) = train_stack(
            Stack(settings, [member_of(settings, 40, epochs=epochs, convergence=rule)], examples)
        )
        assert (trained.outcome, trained.epochs) == (outcome, min(epochs, 5))
