"""L-BFGS: a member has the same bits as alone, in any stack, restored, or after others have left."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.nn.optimizers.lbfgs import Lbfgs
from tests.nn.objectives import Function, Numbers, numbers_of, quadratic, rosenbrock, stacked


def select(lbfgs: Lbfgs, members: IntArray) -> Lbfgs:
    """The same optimizer, in the same state, for some of the members."""
    return Lbfgs(
        {name: values[members] for name, values in lbfgs.hyperparameters.items()},
        {name: array[members] for name, array in lbfgs.state.items()},
    )


def assert_same(one: Lbfgs, other: Lbfgs) -> None:
    for name, array in one.state.items():
        np.testing.assert_array_equal(array, other.state[name], strict=True, err_msg=name)


def saved_and_loaded(lbfgs: Lbfgs) -> Lbfgs:
    file = io.BytesIO()
    arrays: dict[str, Any] = lbfgs.state
    np.savez(file, **arrays)
    file.seek(0)
    with np.load(file, allow_pickle=False) as state:
        return Lbfgs(lbfgs.hyperparameters, dict(state))


@given(
    seed=st.integers(0, 2**32 - 1),
    members=st.integers(1, 6),
    size=st.integers(1, 40),
    memory=st.integers(1, 6),
    dtype=st.sampled_from([np.float32, np.float64]),
    leave_at=st.integers(0, 12),
    bad_after=st.none() | st.integers(0, 15),
)
def test_a_member_has_the_bits_that_it_has_alone(
    seed: int,
    members: int,
    size: int,
    memory: int,
    dtype: type[np.floating[Any]],
    leave_at: int,
    bad_after: int | None,
) -> None:
    """Also beside a member that becomes NaN, saved and restored, and after others have left."""
    rng = np.random.default_rng(seed)
    roots = rng.normal(size=(members, size, size)) * 10.0 ** rng.uniform(-3, 3, size=(members, 1, 1))
    matrices = (roots @ roots.transpose(0, 2, 1) / size).astype(dtype)
    centres, starts = rng.normal(size=(2, members, size)).astype(dtype)
    hyperparameters: Numbers = {
        "gradient_tolerance": 10.0 ** rng.uniform(-9, 1, members),
        "decrease_tolerance": rng.choice([0.0, 1e-9, 1e-3], members),
        "max_evaluations": rng.integers(1, 21, members),
    }

    def functions() -> list[Function]:
        made = [quadratic(matrix, centre) for matrix, centre in zip(matrices, centres, strict=True)]
        if members > 1:
            made[0] = quadratic(matrices[0], centres[0], bad_after)
        return made

    chosen = np.arange(members)
    made = functions()
    stack = Lbfgs.start(hyperparameters, starts, stacked(made), memory)
    for iteration in range(20):
        if iteration == leave_at:
            chosen = chosen[rng.permutation(members)[: max(1, members - 1)]]
            stack = saved_and_loaded(select(stack, chosen))
            made = [made[k] for k in chosen]
        calls: list[FloatArray] = []
        stack.iterate(stacked(made, calls))
        assert len(calls) <= hyperparameters["max_evaluations"].max()
    for place, k in enumerate(chosen):
        if members > 1 and k == 0 and bad_after is not None:
            continue
        calls, one = [], np.array([k])
        evaluate = stacked([functions()[k]], calls)
        alone = Lbfgs.start(
            {name: number[one] for name, number in hyperparameters.items()}, starts[one], evaluate, memory
        )
        for _ in range(20):
            asked = len(calls)
            alone.iterate(evaluate)
            assert len(calls) - asked <= hyperparameters["max_evaluations"][k]
        assert_same(select(stack, np.array([place])), alone)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_bits_of_many_parameters(dtype: type[np.floating[Any]]) -> None:
    """Long rows, which start at odd addresses and which the BLAS processes in blocks."""
    starts = np.random.default_rng(5).normal(size=(3, 5003)).astype(dtype)
    together = Lbfgs.start(numbers_of(3), starts, stacked([rosenbrock] * 3))
    for _ in range(20):
        together.iterate(stacked([rosenbrock] * 3))
    for k in range(3):
        alone = Lbfgs.start(numbers_of(), starts[k : k + 1], stacked([rosenbrock]))
        for _ in range(20):
            alone.iterate(stacked([rosenbrock]))
        assert_same(select(together, np.array([k])), alone)
    assert together.state["taken"].min() > 10
    assert together.state["point"].dtype == dtype
