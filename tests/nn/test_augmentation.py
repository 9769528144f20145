from __future__ import annotations

import numpy as np
import pytest

from fnnctl.nn.augmentation import add_noise, mix_up
from fnnctl.nn.member_generators import MemberGenerators
from fnnctl.nn.shape import CategoryStatisticsShape, InputStageShape, NetworkShape, OutputShape
from fnnctl.nn.workspace import Workspace

STATISTICS = InputStageShape(categories=CategoryStatisticsShape((5,), 2))
"""Of a column that has a code and two statistics."""


def rngs(*seeds: int) -> MemberGenerators:
    return MemberGenerators([np.random.default_rng(seed) for seed in seeds])


def workspace(
    members: int,
    batch: int,
    inputs: int,
    *,
    dtype: type[np.floating] = np.float64,
    mixup: bool = True,
    stage: InputStageShape | None = None,
) -> Workspace:
    """Row i is the i-th unit vector (if there are as many inputs as rows), and its label is i."""
    work = Workspace(
        NetworkShape(inputs, (), OutputShape(batch), stage=stage),
        members,
        batch,
        np.dtype(dtype),
        training=True,
        weighted=True,
        techniques={"mixup": np.ones(members)} if mixup else {},
    )
    work.inputs[...] = np.eye(batch, inputs + 1)
    work.inputs[..., -1] = 1.0
    work.targets.y[...] = np.arange(batch)
    for statistics in work.gathered_statistics:
        statistics[...] = np.random.default_rng(0).normal(size=statistics.shape)
    return work


def test_noise_has_each_members_deviation_and_leaves_the_ones() -> None:
    """Also in the statistics of categories."""
    work = workspace(3, 200, 300, stage=STATISTICS)
    (statistics,) = work.gathered_statistics
    before, statistics_before = work.inputs.copy(), statistics.copy()
    add_noise(work, np.array([0.0, 0.5, 2.0]), rngs(1, 2, 3))
    np.testing.assert_array_equal(work.inputs[..., -1], 1.0)
    np.testing.assert_array_equal(work.inputs[0], before[0])
    noise = (work.inputs - before)[1:, :, :-1]
    np.testing.assert_allclose(noise.std(axis=(1, 2)), [0.5, 2.0], rtol=0.02)
    assert np.abs(noise.mean(axis=(1, 2)) / [0.5, 2.0]).max() < 5 / np.sqrt(60_000)
    deviations = (statistics - statistics_before).std(axis=(1, 2))
    np.testing.assert_allclose(deviations, [0.0, 0.5, 2.0], rtol=0.2)


def test_a_member_is_changed_as_if_alone() -> None:
    for change in (add_noise, mix_up):
        together, alone = workspace(2, 6, 6, dtype=np.float32), workspace(1, 6, 6, dtype=np.float32)
        change(together, np.array([0.5, 2.0]), rngs(1, 2))
        change(alone, np.array([2.0]), rngs(2))
        assert together.inputs.dtype == np.float32
        np.testing.assert_array_equal(together.inputs[1], alone.inputs[0])


def test_mixup_mixes_inputs_statistics_labels_and_weights_alike() -> None:
    """Row i is the i-th unit vector, so its entries show what was mixed in, and with which share."""
    work = workspace(3, 30, 30, stage=STATISTICS)
    targets, (statistics,) = work.targets, work.gathered_statistics
    assert targets.weights is not None
    assert targets.partners is not None
    assert targets.share is not None
    weights, before = np.random.default_rng(0).uniform(0.0, 2.0, (3, 30)), statistics.copy()
    weights[:, :2] = 0.0
    targets.weights[...] = weights
    mix_up(work, np.array([0.2, 1.0, 4.0]), rngs(1, 2, 3))
    for k in range(3):
        partners, first = targets.partners[k], work.inputs[k, :, :-1].diagonal()
        share = first[targets.y[k] != partners][0]
        assert 0.0 < share < 1.0
        assert sorted(partners) == list(range(30))
        mixed_rows = share * np.eye(30) + (1 - share) * np.eye(30)[partners]
        np.testing.assert_allclose(work.inputs[k, :, :-1], mixed_rows, rtol=1e-14)
        mixed = share * weights[k] + (1 - share) * weights[k][partners]
        np.testing.assert_allclose(targets.weights[k], mixed, rtol=1e-14)
        # each label has the weight of its own row
        np.testing.assert_allclose(targets.share[k] * mixed, share * weights[k], rtol=1e-14)
        np.testing.assert_allclose(statistics[k], share * before[k] + (1 - share) * before[k][partners])
    np.testing.assert_array_equal(targets.y, np.tile(np.arange(30), (3, 1)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_ones_of_the_biases_stay_exactly_one(dtype: type[np.floating]) -> None:
    work, seeds = workspace(1, 3, 2, dtype=dtype), rngs(5)
    for _ in range(300):
        mix_up(work, np.array([0.4]), seeds)
        assert (work.inputs[..., -1] == 1.0).all()


@pytest.mark.parametrize("alpha", [0.2, 5.0])
def test_shares_are_from_the_beta_distribution(alpha: float) -> None:
    """Beta(α, α) has mean ½ and variance 1/(4(2α + 1))."""
    work, seeds, shares = workspace(1, 2, 2), rngs(6), []
    assert work.targets.weights is not None
    assert work.targets.share is not None
    for _ in range(4000):
        work.targets.weights[...] = 1.0
        mix_up(work, np.array([alpha]), seeds)
        shares.append(work.targets.share[0, 0])
    variance = 1 / (4 * (2 * alpha + 1))
    assert abs(np.mean(shares) - 0.5) < 5 * np.sqrt(variance / 4000)
    np.testing.assert_allclose(np.var(shares), variance, rtol=0.1)


def test_a_workspace_without_mixup_is_refused() -> None:
    with pytest.raises(ValueError, match="not made for mixup"):
        mix_up(workspace(1, 2, 2, mixup=False), np.array([1.0]), rngs(1))
