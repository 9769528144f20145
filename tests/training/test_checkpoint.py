"""A checkpoint restores the stack from which it was made, and refuses others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fnnctl.config.schema.stopping import ConvergenceConfig, EarlyStoppingConfig
from fnnctl.nn.shape import HiddenShape, NetworkShape, OutputShape
from fnnctl.store.weights import read_npz, to_npz
from fnnctl.training.checkpoint import Checkpoint, ForeignCheckpointError
from fnnctl.training.members import Member, StackSettings
from fnnctl.training.stack import Stack
from fnnctl.training.state import MissingArrayError, State, extract_part, merge_parts, select_members
from tests.training.recipes import blobs, member_of, settings_of

EXAMPLES = blobs(60, 4, 3)
SHAPE = NetworkShape(4, (HiddenShape(5, "relu", normalization="batch"),), OutputShape(3))


def of_adam(**changes: Any) -> StackSettings:
    return StackSettings(SHAPE, "adam", 16, lr_schedule="adaptive", averaging="ema", **changes)


def members(settings: StackSettings, count: int = 2, **changes: Any) -> list[Member]:
    values: dict[str, Any] = {
        "epochs": 20,
        "averaging_hyperparameters": {"decay": 0.9},
        "layer_hyperparameters": {"activation": (0.0,), "epsilon": (1e-5,), "momentum": (0.1,)},
        "schedule_hyperparameters": {"factor": 0.5, "patience": 2, "tolerance": 0.0, "minimum": 1e-6},
        "schedule_monitor": "train_loss",
        "stopping": EarlyStoppingConfig(monitor="validation_loss", patience=9),
        "convergence": ConvergenceConfig(tolerance=0.0, patience=9),
    }
    return [member_of(settings, 40, 20, seed=seed, **{**values, **changes}) for seed in range(count)]


def of_lbfgs() -> tuple[StackSettings, list[Member]]:
    settings = settings_of(4, ((5, "tanh"),), 3, optimizer="lbfgs", batch_size=40)
    numbers = {"gradient_tolerance": 0.0, "decrease_tolerance": 0.0, "max_evaluations": 20.0}
    return settings, members(settings, optimizer_hyperparameters=numbers)


def trained(settings: StackSettings, own: list[Member], epochs: int) -> Stack:
    stack = Stack(settings, own, EXAMPLES)
    for _ in range(epochs):
        stack.run_epoch(diagnose=True, should_stop=lambda: False)
    return stack


def through_a_file(arrays: State) -> State:
    return read_npz(to_npz(arrays), Path("checkpoint.npz"))


def bits(state: State) -> dict[str, tuple[Any, ...]]:
    return {name: (array.shape, array.dtype, array.tobytes()) for name, array in state.items()}


def test_a_stack_and_one_of_its_members_come_back_through_a_file_and_continue() -> None:
    """The first axis of every array is the member, so members can form a new stack."""
    settings = of_adam()
    own = members(settings, 3)
    stack = trained(settings, own, 3)
    chosen = stack.select(np.array([1]))
    again, alone = (
        Checkpoint.from_arrays(through_a_file(Checkpoint.of(part, seconds=1.5).arrays()), members_)
        for part, members_ in ((stack, own), (chosen, own[1:2]))
    )
    assert (again.epoch, again.seconds) == (3, 1.5)
    restored, single = again.stack(settings, own, EXAMPLES), alone.stack(settings, own[1:2], EXAMPLES)
    assert bits(restored.state) == bits(stack.state)
    for each in (stack, restored, single):
        each.run_epoch(diagnose=True, should_stop=lambda: False)
    assert bits(restored.state) == bits(stack.state)
    assert stack.network.parameters[1].tobytes() == single.network.parameters[0].tobytes()


def test_what_a_checkpoint_holds() -> None:
    """A change to this list requires a new FORMAT, so that older files are not misread."""
    settings = of_adam()
    arrays = Checkpoint.of(trained(settings, members(settings), 2), seconds=0.0).arrays()
    history = (
        "learning_rate train_loss train_accuracy validation_loss validation_accuracy "
        "validation_balanced_accuracy validation_f1_macro gradient_norm active_1 dead_1"
    )
    assert sorted(arrays) == sorted(
        [
            *("checkpoint.format", "checkpoint.epoch", "checkpoint.seconds", "members.seeds", "members.rows"),
            *("stack.network.parameters", "stack.network.statistics"),
            *(f"stack.learner.optimizer.{name}" for name in ("mean", "square", "steps")),
            *(f"stack.learner.schedule.{name}" for name in ("best", "waited", "lowered")),
            *(f"stack.learner.averaging.{name}" for name in ("parameters", "statistics", "count")),
            *(f"stack.stopping.{name}" for name in ("best", "best_epoch", "waited")),
            *("stack.stopping.parameters", "stack.stopping.statistics"),
            *("stack.convergence.least", "stack.convergence.failed"),
            *(f"stack.history.{name}" for name in history.split()),
        ]
    )
    assert int(arrays["checkpoint.format"]) == 1
    assert {len(array) for name, array in arrays.items() if not name.startswith("checkpoint.")} == {2}


def test_what_a_checkpoint_of_lbfgs_holds() -> None:
    settings, own = of_lbfgs()
    arrays = Checkpoint.of(trained(settings, own, 2), seconds=0.0).arrays()
    names = {name.removeprefix("stack.learner.") for name in arrays if name.startswith("stack.learner.")}
    assert names == {
        *("point", "value", "gradient", "pairs", "inverse"),
        *("products", "curvature", "scale", "taken", "status"),
    }


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_no_array_may_be_missing(optimizer: str) -> None:
    """Those that identify the members are not missing but foreign."""
    settings, own = of_lbfgs() if optimizer == "lbfgs" else (of_adam(), members(of_adam()))
    arrays = Checkpoint.of(trained(settings, own, 2), seconds=0.0).arrays()
    for name in arrays:
        if name != "checkpoint.format" and not name.startswith("members."):
            rest = {key: array for key, array in arrays.items() if key != name}
            with pytest.raises(MissingArrayError, match=f"^{name}$"):
                Checkpoint.from_arrays(rest, own).stack(settings, own, EXAMPLES).run_epoch(
                    diagnose=True, should_stop=lambda: False
                )


@pytest.mark.parametrize(
    "changes", [{"seed": 7}, {"train_rows": np.arange(1, 41)}, {"validation_rows": np.arange(40, 59)}]
)
def test_other_members_are_refused_and_more_epochs_are_the_same_member(changes: dict[str, Any]) -> None:
    """Folds of one configuration may share a seed, but their rows differ."""
    settings = of_adam()
    own = members(settings, 1)
    arrays = Checkpoint.of(trained(settings, own, 1), seconds=0.0).arrays()
    assert Checkpoint.from_arrays(arrays, members(settings, 1, epochs=99)).epoch == 1
    foreign = member_of(settings, 40, 20, **{"seed": 0, **changes})
    for wrong in ([foreign], [*own, foreign]):
        with pytest.raises(ForeignCheckpointError, match="another configuration or to other rows"):
            Checkpoint.from_arrays(arrays, wrong)
    for name in ("members.seeds", "members.rows"):
        with pytest.raises(ForeignCheckpointError, match="another configuration or to other rows"):
            Checkpoint.from_arrays({key: arrays[key] for key in arrays if key != name}, own)


@pytest.mark.parametrize(
    "arrays",
    [{}, {"weights_1": np.zeros(3)}, {"checkpoint.format": np.array(0)}, {"checkpoint.format": np.ones(2)}],
)
def test_arrays_of_something_else_are_refused(arrays: State) -> None:
    with pytest.raises(ForeignCheckpointError, match="this version of fnnctl"):
        Checkpoint.from_arrays(arrays, members(of_adam(), 1))


def test_parts_are_joined_and_separated_again() -> None:
    parts = {"optimizer": {"mean": np.zeros(1)}, "opt": {"mean": np.ones(1)}, "none": {}}
    whole = merge_parts(parts)
    assert sorted(whole) == ["opt.mean", "optimizer.mean"]
    assert {name: extract_part(whole, name) for name in parts} == parts
    nested = merge_parts({"learner": whole})
    assert extract_part(extract_part(nested, "learner"), "opt") == parts["opt"]


def test_selected_members_are_copies_of_the_rows_of_every_array() -> None:
    state = {"a": np.array([1, 2, 3]), "b": np.arange(6.0).reshape(3, 2), "empty": np.empty((3, 0))}
    chosen = select_members(state, np.array([2, 0]))
    chosen["a"][0] = 99
    assert state["a"].tolist() == [1, 2, 3]
    assert {name: array.tolist() for name, array in chosen.items()} == {
        "a": [99, 1], "b": [[4.0, 5.0], [0.0, 1.0]], "empty": [[], []],
    }  # fmt: skip
