"""Random stacks for the tests of bits: plain networks, networks with inner members, and ensembles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import numpy as np
from hypothesis import strategies as st

from fnnctl.arrays import FloatArray
from fnnctl.config.schema.losses import LOSS_RECORDS
from fnnctl.config.schema.setting import setting_of
from fnnctl.config.schema.stopping import ConvergenceConfig, EarlyStoppingConfig
from fnnctl.config.schema.training import TrainingConfig
from fnnctl.nn.losses.registry import LOSSES, REAL_VALUE_LOSSES
from fnnctl.nn.optimizers.first_order import OPTIMIZERS
from fnnctl.nn.optimizers.lr_schedules import LR_SCHEDULES
from fnnctl.nn.shape import NetworkShape, OutputShape
from fnnctl.tasks.epoch_metrics import epoch_metrics
from fnnctl.training.members import Member, StackSettings
from fnnctl.training.pool import Examples
from fnnctl.training.stack import Stack
from fnnctl.training.trainer import TrainedMember, train_stack
from tests.nn.gradients import draw_stage_features, output_of, outputs_for
from tests.nn.stages import hidden_layers, input_stages
from tests.training.recipes import blobs, member_of

Kind = Literal["plain", "inner members", "ensemble"]
TECHNIQUES = [name for name, info in TrainingConfig.model_fields.items() if setting_of(info).is_technique]
RANGES: Final = {
    "l1": (0, 0.01), "clip_value": (0.01, 1), "clip_norm": (0.1, 2), "max_norm": (0.3, 3), "mixup": (0.1, 1),
}  # fmt: skip
"""Those of hyperparameters that are not from 0 to 0.5."""


@dataclass(frozen=True)
class Case:
    """Groups of members: those of an ensemble, or one each."""

    settings: StackSettings
    groups: list[list[Member]]
    pool_size: int

    def stack(self, chosen: Sequence[int], **state: Any) -> Stack:
        """A stack of the groups with these numbers."""
        members = [member for number in chosen for member in self.groups[number]]
        return Stack(self.settings, members, examples_of(self.settings, self.pool_size), **state)

    def trained(self, *chosen: int, **options: Any) -> list[TrainedMember]:
        """The members of these groups, or of all if there are none, which were trained together."""
        return train_stack(self.stack(chosen or range(len(self.groups))), **options)


@st.composite
def stacks(draw: st.DrawFn, kind: Kind) -> Case:
    """Members that differ in all hyperparameters, in seed, rows, length and stopping."""
    classes = draw(st.sampled_from([1, 2, 2, 3, 5, 7]))
    joint = draw(st.integers(0, 2)) == 0
    settings = draw(_settings(classes, joint_output(draw(st.integers(0, 99))) if joint else None))
    rows, validation = draw(st.integers(max(classes, 3), 170)), draw(st.integers(1, 30))
    pool_size = rows + validation + 20
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    most = 5 if kind == "plain" else 3
    members = [
        draw(_members(settings, rng.permutation(pool_size), rows, validation, rng, seed))
        for seed in range(draw(st.integers(2, most)))
    ]
    if kind == "inner members":
        shape = replace(settings.shape, inner_members=draw(st.integers(2, 9)))
        settings = replace(settings, shape=shape)
    if kind != "ensemble":
        return Case(settings, [[member] for member in members], pool_size)
    size, bags = draw(st.integers(2, 9)), draw(st.booleans())
    groups = [
        [_of_ensemble(member, number, pool_size if bags else None) for number in range(size)]
        for member in members
    ]
    return Case(replace(settings, ensemble=size, bags=bags), groups, pool_size)


@st.composite
def _settings(draw: st.DrawFn, classes: int, joint: OutputShape | None) -> StackSettings:
    """Any shape, optimizer, schedule, averaging and techniques; one in four is wide.

    With a `joint` output there are several targets.
    """
    widest, features, most = draw(st.sampled_from([(20, 12, 50)] * 3 + [(130, 60, 150)]))
    inputs = draw(st.integers(1, features))
    stage = draw(input_stages(inputs, classes))
    if joint is not None and stage is not None and stage.categories is not None:
        size = 1 + sum(outcomes_of(part) for part in joint.parts)
        stage = replace(stage, categories=replace(stage.categories, size=size))
    first = stage.outputs(inputs) if stage else inputs
    output = draw(st.sampled_from([name for name in LOSSES if outputs_for(name, max(classes, 2)) == classes]))
    techniques = [name for name in TECHNIQUES if classes > 1 or name != "label_smoothing"]
    if joint is not None:
        techniques = [name for name in techniques if name not in ("label_smoothing", "mixup")]
    return StackSettings(
        NetworkShape(
            inputs,
            draw(hidden_layers(first, widest=widest, most=3)),
            joint or output_of(output, classes, positive=draw(st.integers(0, 1))),
            stage=stage,
        ),
        optimizer=draw(st.sampled_from(sorted(OPTIMIZERS))),
        batch_size=draw(st.integers(2, most)),
        shuffle=draw(st.booleans()),
        precision=draw(st.sampled_from(["float32", "float64"])),
        weighted=joint is not None or draw(st.booleans()),
        techniques=tuple(name for name in techniques if draw(st.booleans())),
        lr_schedule=draw(st.sampled_from(sorted(LR_SCHEDULES))),
        averaging=draw(st.sampled_from([None, "ema", "swa"])),
        parametrization=draw(st.sampled_from(["standard", "neural_tangent"])),
    )


@st.composite
def _members(
    draw: st.DrawFn,
    settings: StackSettings,
    order: np.ndarray,
    rows: int,
    validation: int,
    rng: np.random.Generator,
    seed: int,
) -> Member:
    def between(low: float, high: float) -> float:
        return float(rng.uniform(low, high))

    is_regression = settings.shape.output.kind in REAL_VALUE_LOSSES
    layers = len(settings.shape.hidden)
    metric = epoch_metrics(settings.shape).training_columns[1].removeprefix("train_")
    if settings.shape.output.parts:
        metric = "loss"
    return member_of(
        settings,
        rows,
        seed=seed,
        epochs=draw(st.integers(1, 6)),
        initial_biases=draw(st.sampled_from(["zero", "uniform"])),
        learning_rate=draw(st.sampled_from([1e-3, 0.03, 0.1, 1e30])),
        l2=draw(st.sampled_from([0.0, 1e-3, 0.5])),
        horizon=draw(st.integers(6, 9)),
        hyperparameters={name: between(*RANGES.get(name, (0, 0.5))) for name in TECHNIQUES},
        averaging_hyperparameters={"decay": between(0.5, 0.99), "start": between(0, 0.9)},
        layer_hyperparameters={
            "activation": tuple(rng.uniform(0.0, 0.9, layers)),
            "dropout": tuple(rng.uniform(0.0, 0.7, layers)),
            "epsilon": tuple(rng.uniform(1e-5, 1e-2, layers)),
            "momentum": tuple(rng.uniform(0.01, 0.9, layers)),
        },
        optimizer_hyperparameters={
            "momentum": between(0, 0.99), "decay": between(0.5, 0.99), "beta1": between(0, 0.99),
            "beta2": between(0.5, 0.999), "epsilon": between(1e-8, 1e-3), "weight_decay": between(0, 0.1),
        },
        schedule_hyperparameters={
            "factor": between(0.1, 0.9), "every": int(rng.integers(1, 4)), "power": between(0, 1),
            "patience": int(rng.integers(1, 3)), "tolerance": between(0, 0.1), "minimum": 1e-5,
            "warmup_epochs": int(rng.integers(0, 3)), "last": between(0, 0.1), "first": 0.04,
            "warmup": between(0.1, 0.5),
        },
        schedule_monitor=draw(st.sampled_from(["train_loss", f"validation_{metric}"])),
        weights=rng.uniform(0.0, 2.0, rows) + 0.01,
        train_rows=order[:rows],
        validation_rows=order[rows : rows + validation],
        stopping=draw(
            st.none()
            | st.builds(
                EarlyStoppingConfig,
                monitor=st.just(f"validation_{metric}"),
                patience=st.none() | st.integers(1, 3),
                restore_best=st.booleans(),
            )
        ),
        convergence=draw(
            st.none() | st.builds(ConvergenceConfig, tolerance=st.just(0.01), patience=st.integers(1, 3))
        ),
        limits=draw(st.none() | st.just((-0.7, between(0, 1)))) if is_regression else None,
    )  # fmt: skip


def _of_ensemble(member: Member, number: int, pool_size: int | None) -> Member:
    """A member's `number`-th copy with another seed and, with bags, other rows."""
    member = replace(member, seed=1000 * member.seed + number)
    if pool_size is None:
        return member
    train, validation = ((rows + number) % pool_size for rows in (member.train_rows, member.validation_rows))
    return replace(member, train_rows=train, validation_rows=validation)


def examples_of(settings: StackSettings, rows: int) -> Examples:
    """Rows around one centre per class, or with real targets; of several targets some are missing."""
    shape = settings.shape
    if shape.output.parts:
        alone = [replace(settings, shape=replace(shape, output=part)) for part in shape.output.parts]
        of_parts = [examples_of(part, rows) for part in alone]
        targets = np.stack([examples.targets for examples in of_parts], axis=1).astype(settings.dtype)
        present = np.random.default_rng(3).uniform(size=targets.shape) < 0.8
        return Examples(of_parts[0].inputs, targets, np.where(present, 1.5, 0.0).astype(settings.dtype))
    is_real = shape.output.kind in REAL_VALUE_LOSSES
    examples = blobs(rows, shape.inputs, 5 if is_real else shape.output.size, precision=settings.precision)
    draw_stage_features(shape, examples.inputs, np.random.default_rng(2))
    if not is_real:
        return examples
    noise = np.random.default_rng(1).normal(size=rows)
    targets = in_range(shape.output.kind, (examples.targets - 2.0 + noise) / 2.0)
    return Examples(examples.inputs, targets.astype(settings.dtype))


def joint_output(seed: int) -> OutputShape:
    """Two or three parts with any outputs."""
    rng = np.random.default_rng(seed)
    names = rng.choice(sorted(LOSSES), rng.integers(2, 4), replace=False).tolist()
    parts = [replace(output_of(name, 3), target=f"target {name}") for name in names]
    return OutputShape.of_parts(tuple(parts))


def outcomes_of(part: OutputShape) -> int:
    """The columns of `training.joint_targets` of one target."""
    return part.size if part.kind in ("softmax", "ordinal") and part.size > 2 else 1


def in_range(output: str, numbers: FloatArray) -> FloatArray:
    """Targets that the output may have, from numbers around 0."""
    match LOSS_RECORDS[output].targets:
        case "counts":
            return np.round(np.exp(numbers))
        case "not_negative":
            return np.maximum(numbers, 0.0)
        case "positive":
            return np.exp(numbers)
    return numbers
