"""What the record says of the validation part: of averages, bags, inner members and outputs within limits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.special import softmax

from fnnctl.arrays import FloatArray
from fnnctl.config.schema.losses import LOSS_RECORDS
from fnnctl.nn.losses.real_values import ERROR_LOSSES
from fnnctl.nn.losses.registry import LOSSES, REAL_VALUE_LOSSES
from fnnctl.nn.network import Network, inner_members
from fnnctl.training.members import Member, StackSettings
from fnnctl.training.scoring import RowScorer, Scorer
from fnnctl.training.stack import Stack
from fnnctl.training.trainer import train_stack
from tests.nn.gradients import estimated_index, output_of, outputs_for, outputs_of, real_losses, scores_of
from tests.training.random_stacks import examples_of
from tests.training.recipes import member_of, settings_of

ROWS, VALIDATION = 30, 600
"""More validation rows than are scored at once."""
LIMITS = [(-0.2, 0.2), (-0.1, 0.3), (0.0, 0.25)]
KINDS: dict[str, dict[str, Any]] = {
    "alone": {},
    "ensemble": {"ensemble": 3},
    "bags": {"ensemble": 3, "bags": True},
    "inner members": {"inner": 3},
    "ensemble of inner members": {"ensemble": 3, "inner": 2},
    "averaged weights": {"averaging": "ema"},
}


def case_of(output: str, *, inner: int = 1, **changes: Any) -> tuple[StackSettings, list[Member]]:
    """Three members; those of single values have limits of their own, within which many outputs are not."""
    classes = outputs_for(output)
    settings = settings_of(4, ((9, "relu"),), classes, precision="float64", **changes)
    shape = replace(settings.shape, output=output_of(output), inner_members=inner)
    settings = replace(settings, shape=shape)
    members = [
        member_of(
            settings,
            ROWS,
            VALIDATION,
            seed=seed,
            epochs=4,
            limits=limits if output in ERROR_LOSSES else None,
            averaging_hyperparameters={"decay": 0.5},
        )
        for seed, limits in enumerate(LIMITS)
    ]
    return settings, members


def free_scores(stack: Stack, k: int, rows: Any) -> FloatArray:
    """The outputs of member k without limits, (inner members, n, outputs)."""
    alone = stack.select(np.array([k])).evaluated
    free = Network(alone.layout, alone.parameters, alone.statistics, alone.hyperparameters)
    return np.array([Scorer(each, stack.pool).scores(rows[None])[0] for each in inner_members(free)])


@pytest.mark.parametrize("output", sorted(LOSSES))
@pytest.mark.parametrize("kind", KINDS)
def test_the_record_is_about_the_mean_of_all_networks(output: str, kind: str) -> None:
    """Each within its limits; with bags each row has one network."""
    settings, members = case_of(output, **KINDS[kind])
    if kind == "bags":
        parts = np.split(members[0].validation_rows, 3)
        members = [replace(each, validation_rows=own) for each, own in zip(members, parts, strict=True)]
    stack = Stack(settings, members, examples_of(settings, ROWS + VALIDATION))
    record = stack.run_epoch(diagnose=False, should_stop=lambda: False)
    assert record is not None
    estimates, targets = [], [stack.pool.targets[member.validation_rows] for member in members]
    for k, member in enumerate(members):
        scores = free_scores(stack, k, member.validation_rows)
        if output not in REAL_VALUE_LOSSES:
            estimates.append(softmax(scores, axis=2).mean(axis=0))
        elif member.limits is None:
            estimates.append(scores.mean(axis=0))
        else:
            values = np.clip(scores_of(output, scores), *member.limits)
            estimates.append(outputs_of(output, values).mean(axis=0))
            assert (values != scores_of(output, scores)).any()
    if kind.startswith("ensemble"):
        estimates = [np.mean(estimates, axis=0)] * 3
    if kind == "bags":
        estimates, targets = [np.concatenate(estimates)] * 3, [np.concatenate(targets)] * 3
    for k, (own, y) in enumerate(zip(estimates, targets, strict=True)):
        if output in REAL_VALUE_LOSSES:
            last = settings.shape.output
            losses = real_losses(last, own.T, y)
            loss, name = losses.mean(), "validation_r2"
            metric = 1 - np.square(own[:, estimated_index(last)] - y).mean() / y.var()
            if LOSS_RECORDS[output].scores == "logarithm":
                of_mean = real_losses(last, np.full((1, len(y)), y.mean()), y)
                name, metric = "validation_d2", 1 - losses.sum() / of_mean.sum()
        else:
            loss, name = -np.log(own[np.arange(len(y)), y]).mean(), "validation_accuracy"
            metric = (own.argmax(axis=1) == y).mean()
        assert record["validation_loss"][k] == pytest.approx(loss, rel=1e-10)
        assert record[name][k] == pytest.approx(metric, rel=1e-10)


@pytest.mark.parametrize("inner", [1, 3])
def test_rows_have_the_same_outputs_from_every_scorer(inner: int) -> None:
    """The whole stack, and each network alone, as `predict` and `evaluate` score."""
    settings, members = case_of("squared", inner=inner)
    stack = Stack(settings, members, examples_of(settings, ROWS + VALIDATION))
    rows = np.arange(ROWS)
    together = Scorer(stack.evaluated, stack.pool).scores(np.tile(rows, (3, 1))).reshape(3, inner, ROWS, 1)
    for k, limits in enumerate(LIMITS):
        scorer = RowScorer(inner_members(stack.select(np.array([k])).evaluated))
        stack.pool.gather(rows[None], scorer.inputs[None, : len(rows)])
        expected = np.clip(free_scores(stack, k, rows), *limits)
        np.testing.assert_allclose([*scorer.scores(len(rows))], expected, rtol=1e-12)
        np.testing.assert_allclose(together[k], expected, rtol=1e-12)


def test_training_is_the_same_to_the_bit_with_and_without_limits() -> None:
    """Members without limits may stand beside others."""
    settings, members = case_of("huber")
    examples = examples_of(settings, ROWS + VALIDATION)
    free_members = [replace(member, limits=None) for member in members]
    limited, free, mixed = (
        train_stack(Stack(settings, own, examples))
        for own in (members, free_members, [members[0], *free_members[1:]])
    )
    for k in range(3):
        assert limited[k].parameters.tobytes() == free[k].parameters.tobytes()
        assert limited[k].history["train_loss"] == free[k].history["train_loss"]
        assert limited[k].history["validation_loss"] != free[k].history["validation_loss"]
        assert mixed[k].history == (free[k] if k else limited[k]).history
