"""A member has the same bits as if trained alone, even if other members leave early."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import assume, given
from hypothesis import strategies as st

from fnnctl.config.schema.setting import setting_of
from fnnctl.config.schema.stopping import ConvergenceConfig, EarlyStoppingConfig
from fnnctl.config.schema.training import TrainingConfig
from fnnctl.executors.protocols import Progress
from fnnctl.executors.registry import ExecutorKind, make_executor
from fnnctl.executors.work import run_work
from fnnctl.nn.layers.activations import ACTIVATIONS
from fnnctl.nn.losses.real_values import REAL_VALUE_LOSSES
from fnnctl.nn.losses.registry import LOSSES
from fnnctl.nn.optimizers.first_order import OPTIMIZERS
from fnnctl.nn.optimizers.lr_schedules import LR_SCHEDULES
from fnnctl.nn.shape import HiddenShape, NetworkShape, OutputShape
from fnnctl.stacks.planning import group_into_stacks
from fnnctl.training.history import Record
from fnnctl.training.members import Member, StackSettings
from fnnctl.training.pool import Examples
from fnnctl.training.stack import Stack
from fnnctl.training.state import State, select_members
from fnnctl.training.trainer import Outcome, TrainedMember, train_stack
from tests.nn.gradients import draw_stage_features, outputs_for
from tests.nn.stages import input_stages
from tests.training.recipes import blobs, member_of, settings_of


def bits(values: npt.NDArray[Any]) -> bytes:
    """The bytes without the sign of NaN, which has no meaning and depends on the processor."""
    return np.where(np.isnan(values), np.nan, values).tobytes()


def assert_same_bits(alone: TrainedMember, stacked: TrainedMember) -> None:
    assert bits(alone.parameters) == bits(stacked.parameters)
    assert bits(alone.statistics) == bits(stacked.statistics)
    assert repr(alone.history) == repr(stacked.history)
    assert (alone.outcome, alone.epochs, alone.best_epoch) == (
        stacked.outcome,
        stacked.epochs,
        stacked.best_epoch,
    )


TECHNIQUES = [name for name, info in TrainingConfig.model_fields.items() if setting_of(info).is_technique]
RANGES = {
    "l1": (0, 0.01), "clip_value": (0.01, 1), "clip_norm": (0.1, 2), "max_norm": (0.3, 3), "mixup": (0.1, 1),
}  # fmt: skip
"""Those of hyperparameters that are not from 0 to 0.5."""


@st.composite
def hidden_layers(draw: st.DrawFn, inputs: int, widest: int) -> tuple[HiddenShape, ...]:
    """Up to three layers of any kind."""
    layers: list[HiddenShape] = []
    for _ in range(draw(st.integers(0, 3))):
        before = layers[-1].units if layers else inputs
        residual, activation = draw(st.booleans()), draw(st.sampled_from(sorted(ACTIVATIONS)))
        layer: dict[str, Any] = {
            "units": before if residual else draw(st.integers(1, widest)),
            "activation": activation,
            "shared": draw(st.booleans()),
            "pieces": 2 if activation == "maxout" else 1,
            "normalization": draw(st.sampled_from([None, None, "batch", "layer"])),
            "dropout": draw(st.booleans()),
            "residual": residual,
        }
        layers.append(HiddenShape(**layer))
    return tuple(layers)


@st.composite
def stack_settings(draw: st.DrawFn, classes: int) -> StackSettings:
    """Any shape, optimizer, schedule, averaging and techniques; one in four is wide."""
    widest, features, most = draw(st.sampled_from([(20, 12, 50)] * 3 + [(130, 60, 150)]))
    inputs = draw(st.integers(1, features))
    stage = draw(input_stages(inputs, classes))
    output = draw(st.sampled_from([name for name in LOSSES if outputs_for(name, max(classes, 2)) == classes]))
    techniques = [name for name in TECHNIQUES if classes > 1 or name != "label_smoothing"]
    return StackSettings(
        NetworkShape(
            inputs,
            draw(hidden_layers(stage.outputs(inputs) if stage else inputs, widest)),
            OutputShape(classes, output, draw(st.integers(0, 1))),
            stage=stage,
        ),
        optimizer=draw(st.sampled_from(sorted(OPTIMIZERS))),
        batch_size=draw(st.integers(2, most)),
        shuffle=draw(st.booleans()),
        precision=draw(st.sampled_from(["float32", "float64"])),
        weighted=draw(st.booleans()),
        techniques=tuple(name for name in techniques if draw(st.booleans())),
        lr_schedule=draw(st.sampled_from(sorted(LR_SCHEDULES))),
        averaging=draw(st.sampled_from([None, "ema", "swa"])),
        parametrization=draw(st.sampled_from(["standard", "neural_tangent"])),
    )


@st.composite
def stacks(draw: st.DrawFn) -> tuple[StackSettings, list[Member], int]:
    """Members that differ in all hyperparameters, in seed, rows, length and stopping."""
    classes = draw(st.sampled_from([1, 2, 2, 3, 5, 7]))
    shape = draw(stack_settings(classes))
    metric = "r2" if classes == 1 else "accuracy"
    layers = len(shape.shape.hidden)
    rows, validation = draw(st.integers(max(classes, 3), 170)), draw(st.integers(1, 30))
    pool_size = rows + validation + 20
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))

    def between(low: float, high: float) -> float:
        return float(rng.uniform(low, high))

    members = []
    for seed in range(draw(st.integers(2, 5))):
        chosen = rng.permutation(pool_size)
        members.append(
            member_of(
                shape,
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
                    "beta2": between(0.5, 0.999), "epsilon": between(1e-8, 1e-3),
                    "weight_decay": between(0, 0.1),
                },
                schedule_hyperparameters={
                    "factor": between(0.1, 0.9), "every": int(rng.integers(1, 4)), "power": between(0, 1),
                    "patience": int(rng.integers(1, 3)), "tolerance": between(0, 0.1), "minimum": 1e-5,
                    "warmup_epochs": int(rng.integers(0, 3)), "last": between(0, 0.1), "first": 0.04,
                    "warmup": between(0.1, 0.5),
                },
                schedule_monitor=draw(st.sampled_from(["train_loss", f"validation_{metric}"])),
                weights=rng.uniform(0.0, 2.0, rows) + 0.01,
                train_rows=chosen[:rows],
                validation_rows=chosen[rows : rows + validation],
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
                    st.none()
                    | st.builds(ConvergenceConfig, tolerance=st.just(0.01), patience=st.integers(1, 3))
                ),
                limits=draw(st.none() | st.just((-0.7, between(0, 1)))) if classes == 1 else None,
            )
        )  # fmt: skip
    return shape, members, pool_size


def examples_of(settings: StackSettings, rows: int) -> Examples:
    """Rows around one centre per class, or with real targets."""
    shape = settings.shape
    if shape.output.kind not in REAL_VALUE_LOSSES:
        examples = blobs(rows, shape.inputs, shape.output.size, precision=settings.precision)
        draw_stage_features(shape, examples.inputs, np.random.default_rng(2))
        return examples
    examples = blobs(rows, shape.inputs, 5, precision=settings.precision)
    draw_stage_features(shape, examples.inputs, np.random.default_rng(2))
    noise = np.random.default_rng(1).normal(size=rows)
    targets = (examples.targets - 2.0 + noise) / 2.0
    return Examples(examples.inputs, targets.astype(settings.dtype))


@given(stacks())
def test_alone_or_in_a_stack(case: tuple[StackSettings, list[Member], int]) -> None:
    shape, members, pool_size = case
    examples = examples_of(shape, pool_size)
    together = train_stack(Stack(shape, members, examples), diagnose=True)
    for member, stacked in zip(members, together, strict=True):
        (alone,) = train_stack(Stack(shape, [member], examples), diagnose=True)
        assert_same_bits(alone, stacked)


def train_cut(
    progress: Progress, case: tuple[StackSettings, list[Member], Examples], cut: list[int]
) -> list[TrainedMember]:
    shape, members, examples = case
    return train_stack(Stack(shape, [members[index] for index in cut], examples))


@given(
    stacks(),
    st.integers(1, 5),
    st.sampled_from([("serial", 1), ("threads", 2), ("threads", 4), ("processes", 2)]),
)
def test_any_grouping_and_any_number_of_workers(
    case: tuple[StackSettings, list[Member], int], most: int, who: tuple[ExecutorKind, int]
) -> None:
    shape, members, pool_size = case
    examples = examples_of(shape, pool_size)
    jobs = [(shape, each.train_rows.size, each.validation_rows.size) for each in members]
    cuts = group_into_stacks(jobs, most=most)
    kind, workers = who
    with make_executor(kind, workers=workers, poll=lambda done: False) as executor:
        shared = executor.share((shape, members, examples))
        done = dict(run_work(executor, train_cut, ((shared, cut) for cut in cuts)))
    trained = {
        index: each for cut, results in done.items() for index, each in zip(cuts[cut], results, strict=True)
    }
    for index, member in enumerate(members):
        (alone,) = train_stack(Stack(shape, [member], examples))
        assert_same_bits(alone, trained[index])


def states_of(
    shape: StackSettings, members: list[Member], examples: Examples
) -> dict[tuple[int, int], State]:
    """The content of each member's checkpoint after each epoch, by seed and epoch."""
    states: dict[tuple[int, int], State] = {}

    def keep(stack: Stack, record: Record) -> None:
        for k, member in enumerate(stack.members):
            states[member.seed, stack.epoch] = select_members(stack.state, np.array([k]))

    train_stack(Stack(shape, members, examples), diagnose=True, on_epoch=keep)
    return states


@given(stacks())
def test_what_a_checkpoint_holds_of_a_member_is_its_own(
    case: tuple[StackSettings, list[Member], int],
) -> None:
    """So a checkpoint has the same digest in any stack, and can be stacked again with any others."""
    shape, members, pool_size = case
    examples = examples_of(shape, pool_size)
    together = states_of(shape, members, examples)
    for member in members:
        for key, alone in states_of(shape, [member], examples).items():
            stacked = together[key]
            assert alone.keys() == stacked.keys()
            for name, array in alone.items():
                assert (array.shape, array.dtype) == (stacked[name].shape, stacked[name].dtype), name
                assert bits(array) == bits(stacked[name]), name


@given(stacks(), st.integers(0, 4))
def test_continuing_from_a_saved_state(case: tuple[StackSettings, list[Member], int], cut: int) -> None:
    """Training to an epoch and then continuing from its state equals training without a pause."""
    shape, members, pool_size = case
    examples = examples_of(shape, pool_size)
    kept: dict[int, dict[str, npt.NDArray[Any]]] = {}

    def keep(stack: Stack, record: Record) -> None:
        kept.setdefault(stack.epoch, {name: array.copy() for name, array in stack.state.items()})

    (whole,) = train_stack(Stack(shape, members[:1], examples), diagnose=True, on_epoch=keep)
    assume(whole.epochs > 1)
    cut = 1 + cut % (whole.epochs - 1)
    stack = Stack(shape, members[:1], examples, epoch=cut, state=kept[cut])
    (resumed,) = train_stack(stack, diagnose=True)
    assert_same_bits(whole, resumed)


def test_diagnostics_change_no_bits() -> None:
    shape = settings_of(5, ((30, "relu"), (20, "hard_logistic")), 3)
    examples = blobs(80, 5, 3)
    member = member_of(shape, 60, 20)
    (plain,) = train_stack(Stack(shape, [member], examples))
    (watched,) = train_stack(Stack(shape, [member], examples), diagnose=True)
    assert plain.parameters.tobytes() == watched.parameters.tobytes()


def test_seeds_differ() -> None:
    shape = settings_of(5, ((8, "relu"),), 3)
    first, second = train_stack(
        Stack(shape, [member_of(shape, 60, seed=0), member_of(shape, 60, seed=1)], blobs(60, 5, 3))
    )
    assert not np.array_equal(first.parameters, second.parameters)


def test_a_member_that_diverges_in_the_midst_of_a_long_epoch_disturbs_nobody() -> None:
    """An epoch is cut short if all members have diverged, but not if one has not."""
    examples = blobs(500, 4, 3, precision="float32")
    shape = settings_of(4, ((5, "relu"),), 3, batch_size=2)
    calm = member_of(shape, 500, seed=1, learning_rate=1e-3)
    wild = member_of(shape, 500, seed=2, learning_rate=1e30)
    together = train_stack(Stack(shape, [calm, wild], examples))
    for member, beside in zip((calm, wild), together, strict=True):
        (alone,) = train_stack(Stack(shape, [member], examples))
        assert_same_bits(alone, beside)
    assert [each.outcome for each in together] == [Outcome.COMPLETED, Outcome.DIVERGED]
