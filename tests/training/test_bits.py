"""A member has the same bits as if trained alone, even if other members leave early."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fnnctl.executors.protocols import Progress
from fnnctl.executors.registry import ExecutorKind, make_executor
from fnnctl.executors.work import run_work
from fnnctl.stacks.planning import group_into_stacks
from fnnctl.training.history import Record
from fnnctl.training.stack import Stack
from fnnctl.training.state import State, select_members
from fnnctl.training.trainer import TrainedMember, train_stack
from tests.training.random_stacks import Case, Kind, stacks
from tests.training.recipes import blobs, member_of, settings_of

of_every_kind = pytest.mark.parametrize("kind", ["plain", "inner members", "ensemble"])


def bits(values: npt.NDArray[Any]) -> bytes:
    """The bytes without the sign of NaN, which has no meaning and depends on the processor."""
    return np.where(np.isnan(values), np.nan, values).tobytes()


def assert_same_bits(expected: list[TrainedMember], trained: list[TrainedMember]) -> None:
    for one, member in zip(expected, trained, strict=True):
        assert bits(one.parameters) == bits(member.parameters)
        assert bits(one.statistics) == bits(member.statistics)
        assert repr(one.history) == repr(member.history)
        ends = [(each.outcome, each.epochs, each.best_epoch) for each in (one, member)]
        assert ends[0] == ends[1]


@of_every_kind
@given(data=st.data())
def test_alone_or_in_a_stack(data: st.DataObject, kind: Kind) -> None:
    """The members of an ensemble end together."""
    case = data.draw(stacks(kind))
    together, size = case.trained(diagnose=True), case.settings.ensemble
    for number in range(len(case.groups)):
        alone = case.trained(number, diagnose=True)
        assert_same_bits(alone, together[number * size : (number + 1) * size])
        assert len({(each.outcome, each.epochs, each.best_epoch) for each in alone}) == 1


def train_cut(progress: Progress, case: Case, cut: list[int]) -> list[TrainedMember]:
    return case.trained(*cut)


@given(
    stacks("plain"),
    st.integers(1, 5),
    st.sampled_from([("serial", 1), *[("threads", 2), ("threads", 4)] * 3, ("processes", 2)]),
)
def test_any_grouping_and_any_number_of_workers(
    case: Case, most: int, executor_of: tuple[ExecutorKind, int]
) -> None:
    sizes = [(group[0].train_rows.size, group[0].validation_rows.size) for group in case.groups]
    cuts = group_into_stacks(sizes, most=most)
    kind, workers = executor_of
    with make_executor(kind, workers=workers, poll=lambda done: False) as executor:
        shared = executor.share(case)
        done = dict(run_work(executor, train_cut, ((shared, cut) for cut in cuts)))
    for cut, results in done.items():
        for number, trained in zip(cuts[cut], results, strict=True):
            assert_same_bits(case.trained(number), [trained])


def states_of(case: Case, *chosen: int) -> dict[tuple[int, int], State]:
    """The content of each member's checkpoint after each epoch, by seed and epoch."""
    states: dict[tuple[int, int], State] = {}

    def keep(stack: Stack, record: Record) -> None:
        for k, member in enumerate(stack.members):
            states[member.seed, stack.epoch] = select_members(stack.state, np.array([k]))

    case.trained(*chosen, diagnose=True, on_epoch=keep)
    return states


@given(stacks("plain"))
def test_what_a_checkpoint_holds_of_a_member_is_its_own(case: Case) -> None:
    """So a checkpoint has the same digest in any stack, and can be stacked again with any others."""
    together = states_of(case)
    for number in range(len(case.groups)):
        for key, alone in states_of(case, number).items():
            stacked = together[key]
            assert alone.keys() == stacked.keys()
            for name, array in alone.items():
                assert (array.shape, array.dtype) == (stacked[name].shape, stacked[name].dtype), name
                assert bits(array) == bits(stacked[name]), name


@of_every_kind
@given(data=st.data(), cut=st.integers(0, 4))
def test_continuing_from_a_saved_state(data: st.DataObject, kind: Kind, cut: int) -> None:
    """Training to an epoch and then continuing from its state equals training without a pause."""
    case, kept = data.draw(stacks(kind)), dict[int, State]()

    def keep(stack: Stack, record: Record) -> None:
        kept.setdefault(stack.epoch, {name: array.copy() for name, array in stack.state.items()})

    whole = case.trained(0, diagnose=True, on_epoch=keep)
    assume(whole[0].epochs > 1)
    epoch = 1 + cut % (whole[0].epochs - 1)
    resumed = train_stack(case.stack([0], epoch=epoch, state=kept[epoch]), diagnose=True)
    assert_same_bits(whole, resumed)


def test_diagnostics_change_no_bits() -> None:
    settings = settings_of(5, ((30, "relu"), (20, "hard_logistic")), 3)
    stack, watched = (Stack(settings, [member_of(settings, 60, 20)], blobs(80, 5, 3)) for _ in range(2))
    (plain,), (diagnosed,) = train_stack(stack), train_stack(watched, diagnose=True)
    assert plain.parameters.tobytes() == diagnosed.parameters.tobytes()
