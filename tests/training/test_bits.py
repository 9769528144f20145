"""A member has the bits of solo training, whatever its neighbours, and whoever of them leaves early."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fnnctl.arrays import FloatArray
from fnnctl.nn.activations import ACTIVATIONS
from fnnctl.nn.optimizers import OPTIMIZERS
from fnnctl.training.members import Member, StackSettings, StoppingRule
from fnnctl.training.trainer import TrainedMember, train_stack
from tests.training.recipes import blobs, member_of, settings_of


def bits(values: FloatArray) -> bytes:
    """The bytes, a NaN's sign left out: it says nothing, and processors set it as they like."""
    return np.where(np.isnan(values), np.nan, values).tobytes()


def assert_same_bits(alone: TrainedMember, stacked: TrainedMember) -> None:
    assert bits(alone.parameters) == bits(stacked.parameters)
    assert repr(alone.history) == repr(stacked.history)
    assert (alone.outcome, alone.epochs, alone.best_epoch) == (
        stacked.outcome,
        stacked.epochs,
        stacked.best_epoch,
    )


@st.composite
def stacks(draw: st.DrawFn) -> tuple[StackSettings, list[Member], int]:
    hidden = draw(st.lists(st.tuples(st.integers(1, 20), st.sampled_from(sorted(ACTIVATIONS))), max_size=3))
    classes = draw(st.integers(2, 7))
    shape = settings_of(
        draw(st.integers(1, 12)),
        tuple(hidden),
        classes,
        optimizer=draw(st.sampled_from(sorted(OPTIMIZERS))),
        batch_size=draw(st.integers(1, 50)),
        precision=draw(st.sampled_from(["float32", "float64"])),
    )
    rows, validation = draw(st.integers(classes, 60)), draw(st.integers(1, 30))
    pool_size = rows + validation + 20
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    members = []
    for seed in range(draw(st.integers(2, 6))):
        chosen = rng.permutation(pool_size)
        members.append(
            member_of(
                shape,
                rows,
                seed=seed,
                epochs=draw(st.integers(1, 6)),
                learning_rate=draw(st.sampled_from([1e-3, 0.1, 1e30])),
                l2=draw(st.sampled_from([0.0, 1e-3, 0.5])),
                activation_numbers=tuple(rng.uniform(0.0, 0.9, len(hidden))),
                train_rows=chosen[:rows],
                validation_rows=chosen[rows : rows + validation],
                stopping=draw(
                    st.none() | st.builds(StoppingRule, st.just("validation_accuracy"), st.integers(1, 3))
                ),
            )
        )
    return shape, members, pool_size


@settings(max_examples=60, deadline=None)
@given(stacks())
def test_alone_or_in_a_stack(case: tuple[StackSettings, list[Member], int]) -> None:
    shape, members, pool_size = case
    examples = blobs(pool_size, shape.shape.inputs, shape.shape.classes, precision=shape.precision)
    together = train_stack(shape, members, examples, watch=True)
    for member, stacked in zip(members, together, strict=True):
        (alone,) = train_stack(shape, [member], examples, watch=True)
        assert_same_bits(alone, stacked)


def test_watching_changes_no_bit() -> None:
    shape = settings_of(5, ((30, "relu"), (20, "hard_logistic")), 3)
    examples = blobs(80, 5, 3)
    member = member_of(shape, 60, 20)
    (plain,) = train_stack(shape, [member], examples)
    (watched,) = train_stack(shape, [member], examples, watch=True)
    assert plain.parameters.tobytes() == watched.parameters.tobytes()


def test_seeds_differ() -> None:
    shape = settings_of(5, ((8, "relu"),), 3)
    first, second = train_stack(
        shape, [member_of(shape, 60, seed=0), member_of(shape, 60, seed=1)], blobs(60, 5, 3)
    )
    assert not np.array_equal(first.parameters, second.parameters)
