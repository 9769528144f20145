"""Networks of one target each in one stack: `model.together: false`."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from fnnctl.config.schema.data import DataConfig
from fnnctl.config.schema.experiment import Experiment
from fnnctl.modelling.fit import Fit
from fnnctl.modelling.loading import split_data
from fnnctl.modelling.predictor import kind_weights, member_slices
from fnnctl.seeds import target_seed, twin_seed
from fnnctl.stacks.out_of_bag import scored_out_of_bag
from fnnctl.stacks.work import TrainedStack, train_fits
from fnnctl.tasks.joint.scores import JointScores
from fnnctl.training.pool import Examples
from tests.tasks.joint.test_task import NAMES, data

BAGS: dict[str, Any] = {
    "ensemble": {"members": 3, "bags": True, "plain_twins": True},
    "numeric_embedding": {"name": "piecewise_linear", "bins": 4, "edges": "target"},
}
SHARED: dict[str, Any] = {"ensemble": {"members": 2}}
INNER: dict[str, Any] = {"ensemble": {"members": 2, "share_weights": True}}
LBFGS: dict[str, Any] = {"optimizer": "lbfgs", "batch_size": None, "precision": "float64"}
STOPPING: dict[str, Any] = {"early_stopping": {"monitor": "validation_loss", "patience": 3}}


def fit(model: dict[str, Any], *, seed: int = 3, split: float = 0.2, **training: Any) -> Fit:
    settings = {"epochs": 12, "optimizer": {"learning_rate": 0.05}, "batch_size": 16, **training}
    settings = {name: value for name, value in settings.items() if value is not None}
    validation = 0.0 if "bags" in model.get("ensemble", {}) else split
    experiment = Experiment.model_validate(
        {
            "data": DataConfig.model_validate(
                {"source": "memory", "target": NAMES, "split": {"validation": validation, "seed": 3}}
            ),
            "model": {"hidden": [6], "together": False, **model},
            "training": settings,
            "seed": seed,
        }
    )
    return Fit.of(data(), experiment, split_data(data(), experiment))


@cache
def bagged() -> TrainedStack:
    return train_fits(data(), [fit(BAGS, **STOPPING)])


def test_the_networks_of_each_target_follow_one_another() -> None:
    own = fit(BAGS)
    assert own.settings.ensemble == 18
    members = own.members(data(), own.split(data()))
    assert [member.target for member in members] == [0] * 6 + [1] * 6 + [2] * 6
    assert [member.embedded for member in members] == [True, False] * 9
    slices = member_slices(own)
    assert [np.arange(18)[kind].tolist() for kind in slices[:3]] == [[0, 2, 4], [1, 3, 5], [6, 8, 10]]
    np.testing.assert_array_equal(
        kind_weights(own), [[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 1, 0], [0, 0, 1], [0, 0, 1]]
    )
    first, second = members[2].seed, members[8].seed
    assert (members[0].seed, second) == (own.seed, target_seed(first, 1))
    assert members[9].seed == twin_seed(second)
    assert len({member.seed for member in members}) == 18


@pytest.mark.parametrize(
    ("model", "training"),
    [(BAGS, STOPPING), (SHARED, STOPPING), ({}, {}), (INNER, {}), (SHARED, LBFGS)],
    ids=["bags", "members", "single", "inner members", "lbfgs"],
)
def test_the_bits_are_those_of_training_alone(model: dict[str, Any], training: dict[str, Any]) -> None:
    fits = [fit(model, seed=seed, **training) for seed in (3, 4)]
    together = train_fits(data(), fits)
    for k, own in enumerate(fits):
        alone = train_fits(data(), [own])
        for stacked, single in zip(together.final_weights(k), alone.final_weights(0), strict=True):
            assert stacked.tobytes() == single.tobytes()
        assert together.trained_fit(k).history == alone.trained_fit(0).history


@pytest.mark.parametrize("target", range(3), ids=NAMES)
def test_a_network_does_not_depend_on_the_other_targets(target: int) -> None:
    """Whatever they are, and whether they are missing: their weights, and what is known before training."""
    own = fit(BAGS)
    pool = own.examples(data())
    assert isinstance(pool, Examples)
    assert pool.factors is not None
    targets, factors = np.roll(pool.targets, 7, axis=0), np.roll(pool.factors, 5, axis=0)
    targets[:, target], factors[:, target] = pool.targets[:, target], pool.factors[:, target]
    changed = train_fits(
        data(), [own], pools=lambda _: replace(pool, targets=targets, factors=factors)
    ).final_weights(0)
    networks = slice(6 * target, 6 * target + 6)
    for before, after in zip(train_fits(data(), [own]).final_weights(0), changed, strict=True):
        assert before[networks].tobytes() == after[networks].tobytes()
        assert before.tobytes() != after.tobytes()


def test_outputs_for_other_targets_are_0() -> None:
    predictor = bagged().predictor(0, *bagged().final_weights(0))
    for number, part in enumerate(predictor.parts):
        part.inputs[:5, :-1] = np.random.default_rng(0).normal(size=(5, part.inputs.shape[1] - 1))
        for scores in part.scorer.scores(5):
            is_foreign = np.array([number // 2 != target for target in (0, 1, 1, 1, 2, 2)])
            assert not scores[:, is_foreign].any()
            assert scores[:, ~is_foreign].any()


def test_each_target_keeps_its_best_epoch() -> None:
    stack = train_fits(data(), [fit(BAGS, **{**STOPPING, "epochs": 40, "optimizer": {"learning_rate": 0.2}})])
    history = stack.trained_fit(0).history
    best: list[int | None] = []
    for target, name in enumerate(NAMES):
        losses = history[f"validation_targets.{name}.loss"]
        own = {member.best_epoch for member in stack.trained[6 * target : 6 * target + 6]}
        assert own == {int(np.argmin(losses)) + 1}
        best += own
    assert stack.trained_fit(0).best_epoch == sorted(filter(None, best))[1]
    assert len(set(best)) > 1


def test_the_record_has_the_losses_of_each_targets_own_networks() -> None:
    model = {"ensemble": {"members": 3, "bags": True}}
    stack = train_fits(data(), [fit(model)])
    _, _, scores = scored_out_of_bag(stack, 0)
    assert isinstance(scores, JointScores)
    last = {name: values[-1] for name, values in stack.trained_fit(0).history.items()}
    for target in scores.targets:
        loss = target.factor * target.part.loss * len(target.present) / len(scores.rows)
        assert last[f"validation_targets.{target.name}.loss"] == pytest.approx(loss, rel=1e-4)
    assert last["validation_loss"] == pytest.approx(scores.loss, rel=1e-4)
    trained = [last[f"train_targets.{name}.loss"] for name in NAMES]
    assert last["train_loss"] == pytest.approx(sum(trained), rel=1e-6)
    assert last["train_loss"] < 3.0
