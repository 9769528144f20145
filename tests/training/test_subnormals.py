"""No training computes with subnormal numbers, which many processors need a hundred times as long for."""

from __future__ import annotations

from typing import Any

import pytest

from fnnctl.training.learners.descent import Descent
from fnnctl.training.stack import Stack
from fnnctl.training.trainer import train_stack
from tests.training.recipes import OPTIMIZER_NUMBERS, blobs, member_of, settings_of
from tests.training.subnormals import Counted, StepCounts, allocating_counted

RELU = ((24, "relu"), (24, "relu"))
FAST = {**OPTIMIZER_NUMBERS, "beta2": 0.95}
CONFIGS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "dead units and a penalty": (
        {"hidden": RELU, "parametrization": "neural_tangent", "lr_schedule": "cosine"},
        {
            "learning_rate": 0.3,
            "optimizer_hyperparameters": FAST,
            "schedule_hyperparameters": {"warmup_epochs": 0.0, "last": 0.0},
        },
    ),
    "velocity of dead units": ({"hidden": RELU, "optimizer": "momentum"}, {"learning_rate": 0.5, "l2": 0.0}),
    "rmsprop": ({"hidden": RELU, "optimizer": "rmsprop"}, {"learning_rate": 0.05}),
    "nadam": ({"hidden": RELU, "optimizer": "nadam"}, {"learning_rate": 0.3, "l2": 0.01}),
    "decoupled decay": (
        {"hidden": RELU, "optimizer": "adamw"},
        {"learning_rate": 0.3, "l2": 0.0, "optimizer_hyperparameters": {**FAST, "weight_decay": 1.0}},
    ),
    "certain classes": ({"hidden": ((24, "relu"),)}, {"learning_rate": 2.0, "l2": 0.0}),
    "mish": ({"hidden": ((24, "mish"), (24, "mish"))}, {"learning_rate": 1.0}),
    "averaged weights": (
        {"hidden": RELU, "averaging": "ema"},
        {"learning_rate": 0.3, "averaging_hyperparameters": {"decay": 0.5}},
    ),
    "mixup": ({"hidden": RELU, "techniques": ("mixup",)}, {"hyperparameters": {"mixup": 0.005}}),
    "saturated layers": ({"hidden": ((8, "logistic"),) * 5}, {"learning_rate": 0.15}),
    "float64": (
        {"hidden": RELU, "precision": "float64", "optimizer": "momentum"},
        {"learning_rate": 0.5, "l2": 0.0, "optimizer_hyperparameters": {"momentum": 0.5}},
    ),
}


def counts_of_steps(monkeypatch: pytest.MonkeyPatch, name: str) -> list[StepCounts]:
    """What enters and leaves the operations of every eighth step."""
    settings, changes = CONFIGS[name]
    pool = blobs(96, 6, 3, precision=settings.get("precision", "float32"))
    pool.inputs[:, 3] = 0.0
    shape = settings_of(6, settings["hidden"], 3, **{k: v for k, v in settings.items() if k != "hidden"})
    member = member_of(shape, 96, **{"epochs": 200, **changes})
    counts: list[StepCounts] = []
    step = Descent._step

    def counted_step(self: Descent, *arguments: Any) -> None:
        step(self, *arguments)
        number = int(self._optimizer.state["steps"][0, 0])
        Counted.counts = None
        if number % 8 == 7:
            Counted.counts = StepCounts()
            counts.append(Counted.counts)

    monkeypatch.setattr(Descent, "_step", counted_step)
    monkeypatch.setattr(Counted, "counts", None)
    with allocating_counted():
        stack = Stack(shape, [member], pool)
        train_stack(stack)
    return counts


@pytest.mark.parametrize("name", CONFIGS)
def test_steps_have_hardly_any_subnormal_numbers(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    counts = counts_of_steps(monkeypatch, name)
    assert max(count.subnormal_in_products / count.products for count in counts) < 0.001
    assert sum(count.subnormal for count in counts) < 0.0005 * sum(count.all for count in counts)


def test_what_is_saved_has_none_even_after_lbfgs() -> None:
    """In memory its point, gradient and pairs must agree."""
    settings = settings_of(6, RELU, 3, optimizer="lbfgs", batch_size=96)
    numbers = {"max_evaluations": 20, "gradient_tolerance": 1e-5, "decrease_tolerance": 0.0}
    member = member_of(settings, 96, optimizer_hyperparameters=OPTIMIZER_NUMBERS | numbers)
    stack = Stack(settings, [member], blobs(96, 6, 3))
    stack.network.parameters[0, :5] = 1e-40
    assert stack.final_weights(0)["parameters"][:5].tolist() == [0.0] * 5
    assert stack.network.parameters[0, 0] != 0.0
