from __future__ import annotations

import math

import numpy as np
import pytest

from fnnctl.arrays import FloatArray
from fnnctl.nn.optimizers.lr_schedules import LR_SCHEDULES, LrSchedule


def schedule_of(
    name: str,
    hyperparameters: dict[str, list[float]],
    *,
    rate: list[float] | None = None,
    horizon: float = 10.0,
) -> LrSchedule:
    members = len(next(iter(hyperparameters.values()), [0.0])) if rate is None else len(rate)
    return LR_SCHEDULES[name](
        {key: np.array(values) for key, values in hyperparameters.items()},
        np.array([0.5] * members if rate is None else rate),
        np.full(members, horizon),
    )


def over(schedule: LrSchedule, epochs: int, steps: int = 1) -> FloatArray:
    """The rates of all steps, (epochs·steps, K)."""
    return np.concatenate([schedule.rates(epoch, steps) for epoch in range(1, epochs + 1)])


@pytest.mark.parametrize(
    ("name", "hyperparameters", "expected"),
    [
        ("constant", {}, [0.5, 0.5, 0.5, 0.5, 0.5]),
        ("step", {"factor": [0.1], "every": [2]}, [0.5, 0.5, 0.05, 0.05, 0.005]),
        ("exponential", {"factor": [0.5]}, [0.5, 0.25, 0.125, 0.0625, 0.03125]),
        ("inverse_scaling", {"power": [0.5]}, [0.5 / math.sqrt(epoch) for epoch in (1, 2, 3, 4, 5)]),
        ("inverse_scaling", {"power": [0.0]}, [0.5] * 5),
    ],
)
def test_rates_by_epoch(name: str, hyperparameters: dict[str, list[float]], expected: list[float]) -> None:
    """All steps of an epoch have the same rate."""
    rates = over(schedule_of(name, hyperparameters), 5, steps=3)
    np.testing.assert_allclose(rates[:, 0], np.repeat(expected, 3), rtol=1e-14)


W = math.sqrt(0.5)


@pytest.mark.parametrize(
    ("warmup", "last", "by_hand"),
    [
        # ½(1 + cos πs/8) between 1 and 0.1 after s steps
        (0, 0.1, [0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi * s / 8)) for s in range(8)] + [0.1] * 4),
        # two warm-up epochs, then the wave over the other four steps
        (2, 0, [0.25, 0.5, 0.75, 1.0, 1.0, 0.5 * (1 + W), 0.5, 0.5 * (1 - W)] + [0.0] * 4),
    ],
)
def test_cosine_by_hand(warmup: int, last: float, by_hand: list[float]) -> None:
    """Six epochs of two steps; the last rate stays beyond the horizon of four."""
    numbers = {"warmup_epochs": [float(warmup)], "last": [last]}
    rates = over(schedule_of("cosine", numbers, rate=[1.0], horizon=4), 6, 2)
    np.testing.assert_allclose(rates[:, 0], by_hand, rtol=1e-14, atol=1e-16)


def test_one_cycle_at_its_first_top_and_last_step() -> None:
    """50 steps, of which 0.3 rise: the maximum is at the 15th step, because the first is step 0."""
    hyperparameters = {"warmup": [0.3], "first": [0.04], "last": [0.002]}
    rates = over(schedule_of("one_cycle", hyperparameters, horizon=10), 10, 5)[:, 0]
    np.testing.assert_allclose(rates[[0, 14, 49]], [0.02, 0.5, 0.001], rtol=1e-12)
    assert rates.argmax() == 14
    assert (np.diff(rates[:15]) > 0).all()
    assert (np.diff(rates[14:]) < 0).all()
    # half way up: (0.02 + 0.5)/2 after 7 of 14 steps; one fifth down: 7 of 35
    assert rates[7] == pytest.approx(0.26, rel=1e-14)
    assert rates[21] == pytest.approx(0.001 + 0.499 * 0.5 * (1 + math.cos(math.pi / 5)), rel=1e-14)


def test_one_cycle_of_a_few_steps_is_finite_and_ends_low() -> None:
    hyperparameters = {"warmup": [0.3, 0.9], "first": [0.04, 0.04], "last": [0.0, 0.0]}
    for horizon in (1, 2, 3, 4):
        rates = over(schedule_of("one_cycle", hyperparameters, horizon=horizon), horizon)
        assert np.isfinite(rates).all()
        assert 0.0 <= rates.min() <= rates.max() <= 0.5
        np.testing.assert_allclose(rates[-1], 0.0 if horizon > 1 else rates[0], atol=1e-12)


ADAPTIVE: dict[str, list[float]] = {"factor": [0.5], "patience": [2], "tolerance": [0.1], "minimum": [0.0]}


def rates_while(schedule: LrSchedule, values: list[float]) -> list[float]:
    """The rate of the next epoch after each value."""
    rates = []
    for epoch, value in enumerate(values, start=2):
        schedule.observe(np.array([value]))
        rates.append(float(schedule.rates(epoch, 1)[0, 0]))
    return rates


@pytest.mark.parametrize(
    ("numbers", "values", "rates"),
    [
        # 2.95 and 2.92 are not better than 3 by 0.1; 2.8 is; 2.75 twice is not, nor is 2.75 twice again
        (
            {},
            [3.0, 2.95, 2.92, 2.8, 2.75, 2.75, 2.75, 2.75],
            [0.5, 0.5, 0.25, 0.25, 0.25, 0.125, 0.125, 0.0625],
        ),
        # compared with the last best one: 3.0 → 2.94 → 2.88 is an improvement in two epochs
        ({}, [3.0, 2.94, 2.88, 2.82, 2.76], [0.5] * 5),
        ({"patience": [1], "minimum": [0.2]}, [1.0] * 4, [0.5, 0.25, 0.2, 0.2]),
        # a minimum above the rate does not raise it
        ({"patience": [1], "minimum": [7.0]}, [1.0] * 3, [0.5] * 3),
        # NaN is no improvement
        ({"patience": [1]}, [1.0, math.nan, 0.5], [0.5, 0.25, 0.25]),
    ],
)
def test_adaptive_by_hand(numbers: dict[str, list[float]], values: list[float], rates: list[float]) -> None:
    """Lowered after `patience` epochs in a row without an improvement; it goes on from its state."""
    assert rates_while(schedule_of("adaptive", ADAPTIVE | numbers), values) == rates
    for cut in range(1, len(values)):
        before, after = (schedule_of("adaptive", ADAPTIVE | numbers) for _ in range(2))
        rates_while(before, values[:cut])
        after.state = {name: array.copy() for name, array in before.state.items()}
        assert rates_while(after, values[cut:]) == rates[cut:]


@pytest.mark.parametrize("name", sorted(set(LR_SCHEDULES) - {"adaptive"}))
def test_the_others_remember_nothing(name: str) -> None:
    """The rates of any epoch can be computed without those before it."""
    hyperparameters: dict[str, list[float]] = {
        "factor": [0.5], "every": [2], "power": [0.5], "warmup_epochs": [2], "warmup": [0.4], "first": [0.1],
        "last": [0.05],
    }  # fmt: skip
    whole = over(schedule_of(name, hyperparameters), 10, 3)
    np.testing.assert_array_equal(schedule_of(name, hyperparameters).rates(7, 3), whole[18:21])
    assert schedule_of(name, hyperparameters).state == {}


@pytest.mark.parametrize("name", sorted(LR_SCHEDULES))
def test_three_hundred_members_have_the_bits_of_one(name: str) -> None:
    rng = np.random.default_rng(1)
    hyperparameters = {
        key: rng.uniform(0.1, 0.9, 300) for key in ("factor", "power", "warmup", "first", "last")
    } | {
        "every": np.full(300, 1.0), "warmup_epochs": rng.integers(0, 3, 300), "patience": np.full(300, 1.0),
        "tolerance": np.zeros(300), "minimum": np.zeros(300),
    }  # fmt: skip
    rates, horizons = rng.uniform(0.001, 1.0, 300), rng.integers(3, 9, 300).astype(float)

    def run(members: slice) -> FloatArray:
        own = {key: values[members] for key, values in hyperparameters.items()}
        schedule = LR_SCHEDULES[name](own, rates[members], horizons[members])
        seen = []
        for epoch in range(1, 6):
            seen.append(schedule.rates(epoch, 3))
            schedule.observe(np.ones(len(rates[members])))
        return np.concatenate(seen)

    alone = np.concatenate([run(slice(k, k + 1)) for k in range(300)], axis=1)
    np.testing.assert_array_equal(run(slice(None)), alone)
