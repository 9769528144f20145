"""Networks with limits train as those without, and are validated by their outputs within the limits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from fnnctl.arrays import FloatArray
from fnnctl.nn.losses.real_values import REAL_VALUE_LOSSES
from fnnctl.nn.network import Network, inner_members
from fnnctl.nn.shape import OutputShape
from fnnctl.training.members import Member, StackSettings
from fnnctl.training.scoring import RowScorer, Scorer
from fnnctl.training.stack import Stack
from fnnctl.training.trainer import train_stack
from tests.nn.gradients import real_losses
from tests.training.random_stacks import examples_of
from tests.training.recipes import member_of, settings_of

ROWS, VALIDATION = 30, 12
LIMITS = [(-0.2, 0.2), (-0.1, 0.3), (0.0, 0.25)]


def case_of(output: str = "squared", **changes: Any) -> tuple[StackSettings, list[Member]]:
    """Three members with limits of their own, within which many outputs are not."""
    inner = changes.pop("inner", 1)
    settings = settings_of(4, ((9, "relu"),), 1, precision="float64", **changes)
    shape = replace(settings.shape, output=OutputShape(1, output, loss_parameter=0.2), inner_members=inner)
    members = [
        member_of(
            settings,
            ROWS,
            VALIDATION,
            seed=seed,
            epochs=4,
            limits=limits,
            averaging_hyperparameters={"decay": 0.5},
        )
        for seed, limits in enumerate(LIMITS)
    ]
    return replace(settings, shape=shape), members


KINDS: dict[str, dict[str, Any]] = {
    "alone": {},
    "ensemble": {"ensemble": 3},
    "bags": {"ensemble": 3, "bags": True},
    "inner": {"inner": 3},
    "ema": {"averaging": "ema"},
}


def free_scores(stack: Stack, k: int, rows: Any) -> FloatArray:
    """The outputs of member k without limits, (inner members, n)."""
    alone = stack.select(np.array([k])).evaluated
    free = Network(alone.layout, alone.parameters, alone.statistics, alone.hyperparameters)
    return np.array([Scorer(each, stack.pool).scores(rows[None])[0, :, 0] for each in inner_members(free)])


@pytest.mark.parametrize("output", sorted(REAL_VALUE_LOSSES))
@pytest.mark.parametrize("kind", KINDS)
def test_validation_is_of_each_networks_outputs_within_its_limits(output: str, kind: str) -> None:
    """Of their mean in an ensemble; with bags each row has one network."""
    settings, members = case_of(output, **KINDS[kind])
    if kind == "bags":
        parts = np.split(members[0].validation_rows, 3)
        members = [replace(each, validation_rows=own) for each, own in zip(members, parts, strict=True)]
    stack = Stack(settings, members, examples_of(settings, ROWS + VALIDATION))
    record = stack.run_epoch(diagnose=False, should_stop=lambda: False)
    assert record is not None
    estimates, targets = [], [stack.pool.targets[member.validation_rows] for member in members]
    for k, (member, limits) in enumerate(zip(members, LIMITS, strict=True)):
        free = free_scores(stack, k, member.validation_rows)
        clipped = np.clip(free, *limits)
        assert (free != clipped).any(axis=1).all()
        estimates.append(clipped.mean(axis=0))
    if kind == "ensemble":
        estimates = [np.mean(estimates, axis=0)] * 3
    if kind == "bags":
        estimates, targets = [np.concatenate(estimates)] * 3, [np.concatenate(targets)] * 3
    for k, (own, y) in enumerate(zip(estimates, targets, strict=True)):
        loss = real_losses(output, own - y, 0.2).mean()
        assert record["validation_loss"][k] == pytest.approx(loss, rel=1e-12)
        r2 = 1 - ((own - y) ** 2).sum() / ((y - y.mean()) ** 2).sum()
        assert record["validation_r2"][k] == pytest.approx(r2, rel=1e-12)


@pytest.mark.parametrize("inner", [1, 3])
def test_rows_have_the_same_outputs_from_every_scorer(inner: int) -> None:
    """The whole stack, and each network alone, as `predict` and `evaluate` score."""
    settings, members = case_of(inner=inner)
    stack = Stack(settings, members, examples_of(settings, ROWS + VALIDATION))
    rows = np.arange(ROWS + VALIDATION)
    together = Scorer(stack.evaluated, stack.pool).scores(np.tile(rows, (3, 1))).reshape(3, inner, -1)
    for k, limits in enumerate(LIMITS):
        scorer = RowScorer(inner_members(stack.select(np.array([k])).evaluated))
        stack.pool.gather(rows[None], scorer.inputs[None, : len(rows)])
        alone = [each[:, 0] for each in scorer.scores(len(rows))]
        expected = np.clip(free_scores(stack, k, rows), *limits)
        np.testing.assert_allclose(alone, expected, rtol=1e-12)
        np.testing.assert_allclose(together[k], expected, rtol=1e-12)


def test_training_is_the_same_to_the_bit_with_and_without_limits() -> None:
    """Members without limits may stand beside others."""
    settings, members = case_of("huber")
    examples = examples_of(settings, ROWS + VALIDATION)
    limited, free, mixed = (
        train_stack(
            Stack(
                settings,
                [replace(member, limits=own) for member, own in zip(members, limits, strict=True)],
                examples,
            )
        )
        for limits in (LIMITS, [None] * 3, [LIMITS[0], None, None])
    )
    for k in range(3):
        assert limited[k].parameters.tobytes() == free[k].parameters.tobytes()
        assert limited[k].history["train_loss"] == free[k].history["train_loss"]
        assert limited[k].history["validation_loss"] != free[k].history["validation_loss"]
        assert mixed[k].history == (free[k] if k else limited[k]).history
