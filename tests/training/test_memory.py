from __future__ import annotations

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from fnnctl.config.schema.stopping import EarlyStoppingConfig
from fnnctl.nn.shape import InputStageShape
from fnnctl.training.members import Member, StackSettings
from fnnctl.training.memory import training_bytes
from fnnctl.training.pool import Examples
from fnnctl.training.stack import Stack
from fnnctl.training.trainer import train_stack
from tests.nn.gradients import draw_stage_features
from tests.nn.stages import INPUTS, STAGES
from tests.training.recipes import blobs, member_of, settings_of


def peak_of(settings: StackSettings, members: list[Member], examples: Examples) -> int:
    """The bytes that a training takes, with its rows."""
    tracemalloc.start()
    train_stack(Stack(settings, members, examples))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak + examples.inputs.nbytes


@pytest.mark.parametrize(
    ("hidden", "optimizer", "parametrization", "inner"),
    [
        (((700, "relu"), (700, "relu")), "adam", "neural_tangent", 1),
        (((2000, "prelu"),), "sgd", "standard", 1),
        (((300, "relu"), (300, "gelu")), "adam", "standard", 8),
    ],
)
def test_the_estimate_is_near_what_is_taken(
    hidden: tuple[tuple[int, str], ...], optimizer: str, parametrization: str, inner: int
) -> None:
    settings = settings_of(
        50, hidden, 5, optimizer=optimizer, batch_size=200, parametrization=parametrization
    )
    settings = replace(settings, shape=replace(settings.shape, inner_members=inner))
    rule = EarlyStoppingConfig(monitor="validation_loss", patience=5)
    member = member_of(settings, 1000, 500, epochs=1, stopping=rule)
    estimate = training_bytes(settings, rows=1500)
    assert 0.8 * estimate < peak_of(settings, [member], blobs(1500, 50, 5)) < 1.2 * estimate


@pytest.mark.parametrize("inner", [1, 2])
@pytest.mark.parametrize("stage", STAGES, ids=repr)
def test_the_estimate_of_an_input_stage(stage: InputStageShape, inner: int) -> None:
    plain = settings_of(INPUTS, ((5, "relu"),), 3, batch_size=5000)
    plain = replace(plain, shape=replace(plain.shape, inner_members=inner))
    settings = replace(plain, shape=replace(plain.shape, stage=stage))
    examples, members = blobs(5000, INPUTS, 3), [member_of(settings, 5000, epochs=2)]
    draw_stage_features(settings.shape, examples.inputs, np.random.default_rng(0))
    without, peak = (peak_of(each, members, examples) for each in (plain, settings))
    estimates = [training_bytes(each, rows=5000) for each in (plain, settings)]
    assert 0.8 * (estimates[1] - estimates[0]) < peak - without < 1.2 * (estimates[1] - estimates[0])


@pytest.mark.parametrize(("size", "inner"), [(3, 1), (1, 4)])
def test_the_estimate_of_the_loss_of_calibrated_probabilities(size: int, inner: int) -> None:
    """Nearly all rows are validation rows."""
    settings = settings_of(4, ((5, "relu"),), 30, batch_size=100)
    shape = replace(settings.shape, inner_members=inner)
    settings = replace(settings, shape=shape, ensemble=size, calibrated=True)
    members = [member_of(settings, 100, 20_000, epochs=1)] * size
    estimate = training_bytes(settings, rows=20_100)
    assert 0.8 * estimate < peak_of(settings, members, blobs(20_100, 4, 30)) < 1.2 * estimate


def test_members_add_up() -> None:
    settings = settings_of(10, ((50, "relu"),), 3)
    one, eight = (training_bytes(replace(settings, ensemble=size), rows=10) for size in (1, 8))
    assert one < eight < 8 * one < np.inf
