from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.nn.shape import (
    CategoryStatisticsShape,
    HiddenShape,
    InputStageShape,
    NetworkShape,
    NormalizationKind,
    OutputShape,
)
from fnnctl.nn.workspace import Workspace
from fnnctl.training.learners.batches import Batches, batch_bounds
from fnnctl.training.members import StackSettings
from fnnctl.training.pool import Examples
from tests.training.recipes import member_of

ROWS = 11
POOL = Examples(
    np.hstack([10.0 * np.arange(20.0)[:, None], np.arange(20.0)[:, None] ** 2, np.ones((20, 1))]),
    np.arange(20),
)
"""Row i of the pool is (10i, i²) with label i, so gathered values show their origin."""


def settings_of(
    batch_size: int, normalization: NormalizationKind | None = None, **changes: Any
) -> StackSettings:
    shape = NetworkShape(2, (HiddenShape(3, "tanh", normalization=normalization),), OutputShape(20))
    return StackSettings(shape, "sgd", batch_size, precision="float64", **changes)


def batches_of(settings: StackSettings, *members: dict[str, Any]) -> Batches:
    return Batches(settings, [member_of(settings, ROWS, **own) for own in members], POOL)


def features(batches: Batches, epoch: int) -> FloatArray:
    """The features of a whole epoch, (K, rows, 2)."""
    return np.concatenate([work.inputs[..., :-1].copy() for work in batches.of_epoch(epoch)], axis=1)


def labels(batches: Batches, epoch: int) -> IntArray:
    """The labels of a whole epoch, (K, rows), which belong to the features."""
    own = []
    for work in batches.of_epoch(epoch):
        own.append(work.targets.y.copy())
        np.testing.assert_array_equal(work.inputs, POOL.inputs[work.targets.y])
    return np.concatenate(own, axis=1)


@pytest.mark.parametrize(
    ("rows", "batch_size", "plain", "normalized"),
    [
        (10, 5, [(0, 5), (5, 10)], [(0, 5), (5, 10)]),
        (11, 5, [(0, 5), (5, 10), (10, 11)], [(0, 5), (5, 11)]),
        (12, 5, [(0, 5), (5, 10), (10, 12)], [(0, 5), (5, 10), (10, 12)]),
        (3, 2, [(0, 2), (2, 3)], [(0, 3)]),
        (4, 9, [(0, 4)], [(0, 4)]),
        (1, 1, [(0, 1)], [(0, 1)]),
    ],
)
def test_a_last_row_alone_joins_the_batch_before_it_for_batch_normalization(
    rows: int, batch_size: int, plain: list[tuple[int, int]], normalized: list[tuple[int, int]]
) -> None:
    assert batch_bounds(rows, settings_of(batch_size)) == plain
    assert batch_bounds(rows, settings_of(batch_size, "layer")) == plain
    assert batch_bounds(rows, settings_of(batch_size, "batch")) == normalized


def test_every_row_once_an_epoch_in_an_order_of_the_members_own() -> None:
    other = {"seed": 5, "train_rows": np.arange(5, 16)}
    batches = batches_of(settings_of(4), {"seed": 4}, other)
    first, second = labels(batches, 1), labels(batches, 2)
    for epoch in (first, second):
        assert sorted(epoch[0]) == list(range(11))
        assert sorted(epoch[1]) == list(range(5, 16))
    assert first[0].tolist() != second[0].tolist()
    assert first[0].tolist() != (first[1] - 5).tolist()
    np.testing.assert_array_equal(labels(batches, 1), first)
    alone = batches_of(settings_of(4), other)
    np.testing.assert_array_equal(labels(alone, 2)[0], second[1])


def test_unshuffled_rows_and_those_of_epoch_zero_are_in_their_first_order() -> None:
    rows = {"train_rows": np.arange(15, 4, -1)}
    unshuffled = batches_of(settings_of(4, shuffle=False), rows)
    shuffled = batches_of(settings_of(4), rows)
    for found in (labels(unshuffled, 1), labels(unshuffled, 7), labels(shuffled, 0)):
        assert found[0].tolist() == list(range(15, 4, -1))


def weights_of(work: Workspace) -> FloatArray:
    assert work.targets.weights is not None
    return work.targets.weights.copy()


@pytest.mark.parametrize("batch_size", [4, ROWS])
def test_weights_have_a_mean_of_one_and_follow_their_rows(batch_size: int) -> None:
    """Weights of 1 + the row's number, with mean 6; a member without weights has ones."""
    settings = settings_of(batch_size, weighted=True)
    batches = batches_of(settings, {"weights": 1.0 + np.arange(ROWS)}, {})
    for epoch in (1, 2):
        found = np.concatenate([weights_of(work) for work in batches.of_epoch(epoch)], axis=1)
        assert found.mean(axis=1) == pytest.approx([1.0, 1.0], rel=1e-15)
        np.testing.assert_allclose(found[0], (1.0 + labels(batches, epoch)[0]) / 6.0, rtol=1e-15)
        np.testing.assert_array_equal(found[1], 1.0)


def test_weights_mean_one_before_they_are_float32() -> None:
    settings = replace(settings_of(ROWS, weighted=True), precision="float32")
    examples = Examples(POOL.inputs.astype(np.float32), POOL.targets)
    batches = Batches(settings, [member_of(settings, ROWS, weights=np.full(ROWS, 1e-60))], examples)
    (work,) = batches.of_epoch(1)
    np.testing.assert_array_equal(weights_of(work), np.ones((1, ROWS), np.float32), strict=True)


@pytest.mark.parametrize("technique", ["input_noise", "mixup"])
@pytest.mark.parametrize("batch_size", [4, ROWS])
def test_noise_and_mixup_are_drawn_in_every_epoch(technique: str, batch_size: int) -> None:
    """Even if the rows form a single batch, which is otherwise gathered only once. Epoch 0 is plain."""
    settings = settings_of(batch_size, techniques=(technique,), shuffle=False)
    own = {"hyperparameters": {technique: 0.7}}
    batches, alone = (batches_of(settings, *({"seed": n, **own} for n in seeds)) for seeds in ((1, 2), (2,)))
    plain = POOL.inputs[:ROWS, :-1]
    inputs = {epoch: features(batches, epoch) for epoch in (1, 2, 3)}
    changes = [inputs[epoch][k] - plain for epoch in (1, 2, 3) for k in (0, 1)]
    assert all(np.abs(change).max() > 0.01 for change in changes)
    assert len({change.tobytes() for change in changes}) == 6
    np.testing.assert_array_equal(features(alone, 3)[0], inputs[3][1])
    np.testing.assert_array_equal(features(batches, 0), [plain] * 2)
    assert labels(batches, 0).tolist() == [[*range(ROWS)]] * 2


def test_batches_of_one_epoch_have_noise_of_their_own() -> None:
    settings = settings_of(4, techniques=("input_noise",), shuffle=False)
    (noisy,) = features(batches_of(settings, {"hyperparameters": {"input_noise": 1.0}}), 1)
    noise = noisy - POOL.inputs[:ROWS, :-1]
    assert np.abs(noise[:4] - noise[4:8]).min() > 1e-6


def test_smoothing_reaches_the_targets() -> None:
    settings = settings_of(4, techniques=("label_smoothing",))
    hyperparameters = [{"hyperparameters": {"label_smoothing": value}} for value in (0.1, 0.3)]
    for work in batches_of(settings, *hyperparameters).of_epoch(1):
        assert work.targets.smoothing is not None
        assert work.targets.smoothing.tolist() == [[0.1], [0.3]]


@pytest.mark.parametrize("batch_size", [4, 11])
def test_the_statistics_of_rows_come_with_them(batch_size: int) -> None:
    """Also in one batch, which is gathered once."""
    settings = settings_of(batch_size)
    stage = InputStageShape(categories=CategoryStatisticsShape((20,), 2))
    settings = replace(settings, shape=replace(settings.shape, stage=stage))
    members = [
        member_of(settings, ROWS, seed=seed, train_rows=np.arange(first, first + ROWS))
        for seed, first in ((0, 0), (1, 5))
    ]
    statistics = [np.column_stack([member.train_rows, -member.train_rows]) for member in members]
    batches = Batches(settings, members, POOL, statistics)
    for epoch in (0, 1, 2):
        for work in batches.of_epoch(epoch):
            (gathered,) = work.gathered_statistics
            np.testing.assert_array_equal(gathered, np.stack([work.targets.y, -work.targets.y], axis=-1))
