from __future__ import annotations

import numpy as np

from fnnctl.config.schema.stopping import ConvergenceConfig, EarlyStoppingConfig
from fnnctl.nn.shape import HiddenShape, NetworkShape, OutputShape
from fnnctl.training.members import StackSettings
from fnnctl.training.stack import Stack
from fnnctl.training.state import extract_part, merge_parts, select_members
from tests.training.recipes import blobs, member_of


def test_members_are_rows_of_every_array() -> None:
    state = {"a": np.array([1, 2, 3]), "b": np.arange(6.0).reshape(3, 2), "empty": np.empty((3, 0))}
    chosen = select_members(state, np.array([2, 0]))
    assert {name: array.tolist() for name, array in chosen.items()} == {
        "a": [3, 1], "b": [[4.0, 5.0], [0.0, 1.0]], "empty": [[], []],
    }  # fmt: skip
    chosen["a"][0] = 99
    assert state["a"].tolist() == [1, 2, 3]


def test_parts_are_joined_and_found_again() -> None:
    parts = {"optimizer": {"mean": np.zeros(1)}, "opt": {"mean": np.ones(1)}, "none": {}}
    whole = merge_parts(parts)
    assert sorted(whole) == ["opt.mean", "optimizer.mean"]
    assert extract_part(whole, "opt") == {"mean": np.ones(1)}
    assert extract_part(whole, "optimizer") == {"mean": np.zeros(1)}
    assert extract_part(whole, "none") == {}


def test_parts_of_parts() -> None:
    whole = merge_parts({"learner": merge_parts({"optimizer": {"mean": np.ones(1)}})})
    assert list(whole) == ["learner.optimizer.mean"]
    assert list(extract_part(extract_part(whole, "learner"), "optimizer")) == ["mean"]


def test_a_stack_remembers_these_arrays_and_their_first_axis_is_the_member() -> None:
    """New training state must be added to this list, and so to every checkpoint."""
    hidden = (HiddenShape(4, "relu", normalization="batch"),)
    settings = StackSettings(
        NetworkShape(3, hidden, OutputShape(2)), "nadam", 10, lr_schedule="adaptive", averaging="ema"
    )
    schedule = {"factor": 0.5, "patience": 1, "tolerance": 0.0, "minimum": 0.0}
    members = [
        member_of(
            settings, 20, 5, seed=seed, averaging_hyperparameters={"decay": 0.9},
            schedule_hyperparameters=schedule, schedule_monitor="train_loss",
            stopping=EarlyStoppingConfig(monitor="validation_loss", patience=3),
            convergence=ConvergenceConfig(tolerance=0.1, patience=3),
        )
        for seed in range(3)
    ]  # fmt: skip
    stack = Stack(settings, members, blobs(25, 3, 2))
    stack.run_epoch(diagnose=True, should_stop=lambda: False)
    state = stack.state
    assert {array.shape[0] for array in state.values()} == {3}
    names = {
        "network.parameters", "network.statistics",
        "learner.optimizer.mean", "learner.optimizer.square", "learner.optimizer.product",
        "learner.optimizer.steps",
        "learner.schedule.best", "learner.schedule.waited", "learner.schedule.lowered",
        "learner.averaging.parameters", "learner.averaging.statistics", "learner.averaging.count",
        "stopping.best", "stopping.best_epoch", "stopping.waited", "stopping.parameters",
        "stopping.statistics",
        "convergence.least", "convergence.failed",
    }  # fmt: skip
    assert {name for name in state if not name.startswith("history.")} == names
    assert all(state[name].shape == (3, 1) for name in state if name.startswith("history."))
    assert "history.gradient_norm" in state
