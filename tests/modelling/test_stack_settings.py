from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from fnnctl.config.paths import ConfigPath
from fnnctl.config.schema.ensemble import EnsembleConfig
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.model import ModelConfig
from fnnctl.config.schema.setting import setting_of
from fnnctl.config.schema.stopping import ConvergenceConfig, EarlyStoppingConfig
from fnnctl.config.schema.training import TrainingConfig
from fnnctl.data.fitting import FINE_BINS, NumberBins
from fnnctl.data.preprocessing import CategoryFeatures, NumberFeature, Preprocessor
from fnnctl.modelling.stack_settings import (
    as_ensemble,
    batch_size,
    input_stage,
    member_of,
    network_shape,
    number_bins,
    stack_settings,
)
from fnnctl.nn.optimizers.first_order import OPTIMIZERS
from fnnctl.nn.optimizers.lr_schedules import LR_SCHEDULES
from fnnctl.nn.shape import (
    CategoryStatisticsShape,
    HiddenShape,
    InputStageShape,
    NumericEmbeddingShape,
    OutputShape,
)
from fnnctl.tasks.classification.task import Classification
from fnnctl.training.members import Member, StackSettings
from tests.config.changes import changes

ADAPTIVE = {"name": "adaptive"}


def experiment(**sections: Any) -> Experiment:
    return Experiment.model_validate({"data": {"source": "iris"}, **sections})


def preprocessor(*, numbers: int = 0, categories: int = 0, coded: Sequence[int] = ()) -> Preprocessor:
    """One of so many numbers, of a column with so many categories, and of columns with codes for values."""
    return Preprocessor(
        tuple(NumberFeature(f"n{j}", 0.0, 0.0, 1.0, indicator=False) for j in range(numbers)),
        (
            CategoryFeatures("c", tuple(map(str, range(categories))), indicator=False),
            *(
                CategoryFeatures(f"k{j}", (), indicator=False, coded=tuple(map(str, range(values))))
                for j, values in enumerate(coded)
            ),
        ),
    )


def made(**sections: Any) -> tuple[StackSettings, Member]:
    """An experiment's settings and member, for 50 training rows of classes a and b."""
    given = experiment(**sections)
    output = Classification("y", ("a", "b")).output_decoder(given.model, np.array([0, 1])).output
    shape = network_shape(given, preprocessor(numbers=3), output)
    rows = np.arange(50)
    return (
        stack_settings(given, shape, rows=50, weighted=False),
        member_of(given, seed=1, train_rows=rows, validation_rows=rows[:0]),
    )


def test_layers_take_what_they_leave_out_from_the_model() -> None:
    given = experiment(
        model={
            "hidden": [8, {"units": 4, "activation": {"name": "prelu", "slope": 0.1, "shared": True}}],
            "activation": {"name": "elu", "alpha": 0.7},
        }
    )
    shape = network_shape(given, preprocessor(numbers=3), OutputShape(2, "softmax"))
    assert shape.hidden == (HiddenShape(8, "elu"), HiddenShape(4, "prelu", shared=True))
    assert shape.widths == (3, 8, 4, 2)
    member = member_of(given, seed=1, train_rows=np.arange(5), validation_rows=np.arange(0))
    assert member.layer_hyperparameters["activation"] == (0.7, 0.1)
    assert member.initializers == ("he_uniform", "he_uniform", "glorot_uniform")


@pytest.mark.parametrize(
    ("more", "sizes"), [({}, (5, 1)), ({"share_weights": True}, (1, 5)), ({"plain_twins": True}, (10, 1))]
)
def test_an_ensemble_is_several_members_or_one_with_inner_members(
    more: dict[str, bool], sizes: tuple[int, int]
) -> None:
    ensemble = EnsembleConfig.model_validate({"members": 5, **more})
    settings, _ = made(model={"ensemble": ensemble.model_dump()})
    assert (settings.ensemble, settings.shape.inner_members) == sizes
    alone, _ = made()
    assert as_ensemble(alone, ensemble) == settings
    assert as_ensemble(settings, EnsembleConfig()) == alone


def test_initialization_of_model_and_layer() -> None:
    given = experiment(
        model={
            "hidden": [8, {"units": 4, "initialization": "he_normal"}],
            "activation": "tanh",
            "initialization": "glorot_normal",
        }
    )
    member = member_of(given, seed=1, train_rows=np.arange(5), validation_rows=np.arange(0))
    assert member.initializers == ("glorot_normal", "he_normal", "glorot_normal")


def test_first_biases() -> None:
    assert made()[1].initial_biases == "zero"
    assert made(model={"initial_biases": "uniform"})[1].initial_biases == "uniform"


def test_the_parametrization() -> None:
    assert made()[0].parametrization == "standard"
    assert made(training={"parametrization": "neural_tangent"})[0].parametrization == "neural_tangent"


def test_rules_that_only_choose_the_epoch() -> None:
    _, member = made(training={"early_stopping": {"patience": None}})
    assert member.stopping == EarlyStoppingConfig(monitor="validation_loss", patience=None)


@pytest.mark.parametrize("section", ["early_stopping", "lr_schedule"])
def test_what_is_monitored_is_recorded(section: str) -> None:
    rule = {"monitor": "validation_calibrated_loss", **({} if section == "early_stopping" else ADAPTIVE)}
    assert made(training={section: rule})[0].calibrated
    assert not made(training={section: {**rule, "monitor": "validation_loss"}})[0].calibrated


def test_hyperparameters_of_optimizer_and_early_stopping() -> None:
    given = experiment(
        training={
            "optimizer": {"name": "nesterov", "learning_rate": 0.2, "momentum": 0.5},
            "early_stopping": {"monitor": "validation_f1_macro", "patience": 3, "tolerance": 0.01},
        }
    )
    member = member_of(given, seed=1, train_rows=np.arange(5), validation_rows=np.arange(0))
    assert member.optimizer_hyperparameters == {"momentum": 0.5}
    assert member.learning_rate == 0.2
    assert member.stopping == EarlyStoppingConfig(
        monitor="validation_f1_macro", patience=3, tolerance=0.01, restore_best=True
    )
    shape = network_shape(given, preprocessor(numbers=3), OutputShape(2, "softmax"))
    settings = stack_settings(given, shape, rows=50, weighted=False)
    assert (settings.optimizer, settings.batch_size) == ("nesterov", 50)


def test_batch_size() -> None:
    assert batch_size(experiment(), 1000) == 200
    assert batch_size(experiment(), 150) == 150
    assert batch_size(experiment(training={"batch_size": 64}), 1000) == 64
    assert batch_size(experiment(training={"batch_size": 64}), 10) == 10


def test_normalization_and_dropout_of_model_and_layers() -> None:
    settings, member = made(
        model={
            "hidden": [
                8,
                {"units": 8, "normalization": {"name": "batch", "momentum": 0.2, "epsilon": 0.01}},
                {"units": 8, "normalization": "none", "dropout": 0.0},
                {"units": 8, "activation": "selu", "dropout": 0.1},
            ],
            "activation": {"name": "maxout", "pieces": 3},
            "normalization": {"name": "layer", "epsilon": 0.001},
            "dropout": 0.4,
        }
    )
    assert settings.shape.hidden == (
        HiddenShape(8, "maxout", pieces=3, normalization="layer", dropout=True),
        HiddenShape(8, "maxout", pieces=3, normalization="batch", dropout=True),
        HiddenShape(8, "maxout", pieces=3),
        HiddenShape(8, "selu", normalization="layer", dropout=True),
    )
    assert member.layer_hyperparameters == {
        "activation": (0.0, 0.0, 0.0, 0.0),
        "dropout": (0.4, 0.4, 0.0, 0.1),
        "epsilon": (0.001, 0.01, 0.0, 0.001),
        "momentum": (0.0, 0.2, 0.0, 0.0),
    }
    assert member.initializers == ("lecun_normal",) * 4 + ("glorot_uniform",)


def test_only_layers_as_wide_as_the_one_before_are_residual() -> None:
    """The first layer's inputs are features, even if there are as many of them as units."""
    settings, _ = made(model={"hidden": [3, 3, 5, 5, 5], "residual": True})
    assert [layer.residual for layer in settings.shape.hidden] == [False, True, False, True, True]


@pytest.mark.parametrize("of_model", [True, False])
def test_a_layer_may_have_its_own_residual_connection(*, of_model: bool) -> None:
    own = [
        5,
        {"units": 5, "residual": True},
        {"units": 5, "residual": False},
        5,
        {"units": 4, "residual": True},
    ]
    settings, _ = made(model={"hidden": own, "residual": of_model})
    assert [layer.residual for layer in settings.shape.hidden] == [False, True, False, of_model, False]


@pytest.mark.parametrize(("positive", "index"), [(None, 1), ("a", 0), ("b", 1)])
def test_the_positive_class_of_a_logistic_output(positive: str | None, index: int) -> None:
    settings, _ = made(model={"output": {"name": "logistic", "positive_class": positive}})
    assert (settings.shape.output.kind, settings.shape.output.positive) == ("logistic", index)
    assert settings.shape.widths == (3, 100, 1)


def test_hyperparameters_of_activations() -> None:
    hidden = [
        {"units": 2, "activation": activation}
        for activation in (
            {"name": "leaky_relu", "slope": 0.2}, {"name": "prelu", "slope": -0.3},
            {"name": "elu", "alpha": 2.0}, {"name": "swish", "beta": 1.5}, "mish",
        )
    ]  # fmt: skip
    assert made(model={"hidden": hidden})[1].layer_hyperparameters["activation"] == (0.2, -0.3, 2.0, 1.5, 0.0)


TECHNIQUES = [name for name, info in TrainingConfig.model_fields.items() if setting_of(info).is_technique]


@pytest.mark.parametrize("name", TECHNIQUES)
def test_techniques_are_off_until_they_are_given(name: str) -> None:
    settings, member = made()
    assert (settings.techniques, member.hyperparameters) == ((), {})
    settings, member = made(training={name: 0.4})
    assert (settings.techniques, member.hyperparameters) == ((name,), {name: 0.4})


@pytest.mark.parametrize(
    ("given", "kind", "hyperparameter", "value"),
    [
        ({"name": "ema", "decay": 0.95}, "ema", "decay", 0.95),
        ({"name": "swa", "start": 0.5}, "swa", "start", 0.5),
    ],
)
def test_averaging(given: dict[str, Any], kind: str, hyperparameter: str, value: float) -> None:
    settings, member = made(training={"averaging": given})
    assert settings.averaging == kind
    assert member.averaging_hyperparameters == {hyperparameter: value}


def test_schedule_convergence_and_the_rest_of_training() -> None:
    schedule = {
        "name": "adaptive", "monitor": "validation_accuracy", "factor": 0.3, "patience": 4,
        "tolerance": 0.02, "minimum": 0.001,
    }  # fmt: skip
    settings, member = made(
        training={
            "epochs": 17, "batch_size": 8, "shuffle": False, "l2": 0.3, "precision": "float64",
            "lr_schedule": schedule, "early_stopping": None,
            "convergence": {"tolerance": 0.05, "patience": 7},
        }
    )  # fmt: skip
    assert (settings.lr_schedule, settings.batch_size, settings.shuffle) == ("adaptive", 8, False)
    assert settings.precision == "float64"
    assert (member.epochs, member.l2, member.stopping) == (17, 0.3, None)
    assert member.schedule_hyperparameters == {
        "factor": 0.3,
        "patience": 4,
        "tolerance": 0.02,
        "minimum": 0.001,
    }
    assert member.schedule_monitor == "validation_accuracy"
    assert member.convergence == ConvergenceConfig(tolerance=0.05, patience=7)


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_every_optimizer_gets_its_hyperparameters(name: str) -> None:
    settings, member = made(training={"optimizer": {"name": name, "learning_rate": 0.123}})
    assert settings.optimizer == name
    assert member.learning_rate == 0.123
    assert set(member.optimizer_hyperparameters) == set(OPTIMIZERS[name].hyperparameter_names)


def test_lbfgs_takes_all_rows_in_float64() -> None:
    hyperparameters = {"max_evaluations": 9, "gradient_tolerance": 0.01, "decrease_tolerance": 0.002}
    settings, member = made(training={"optimizer": {"name": "lbfgs", "memory": 7, **hyperparameters}})
    assert (settings.optimizer, settings.memory, settings.batch_size) == ("lbfgs", 7, 50)
    assert settings.precision == "float64"
    assert member.optimizer_hyperparameters == hyperparameters


@pytest.mark.parametrize("name", sorted(LR_SCHEDULES))
def test_every_schedule_gets_its_hyperparameters(name: str) -> None:
    settings, member = made(training={"lr_schedule": name})
    assert settings.lr_schedule == name
    assert set(member.schedule_hyperparameters) == set(LR_SCHEDULES[name].hyperparameter_names)
    assert (member.schedule_monitor is not None) == (name == "adaptive")


ELSEWHERE = {"class_weights", "time_limit", "threads", "max_rows"}
"""The training settings that the engine does not get as a value of the stack or its member."""


@pytest.mark.parametrize(
    ("path", "first", "second"),
    [case for case in changes(TrainingConfig) if case[0][0] not in ELSEWHERE],
    ids=lambda value: ".".join(map(str, value)) if isinstance(value, tuple) else str(value),
)
def test_every_training_setting_reaches_the_engine(path: ConfigPath, first: Any, second: Any) -> None:
    assert repr(made(training=first)) != repr(made(training=second)), "nothing reads the setting"


def model(**settings: Any) -> ModelConfig:
    return ModelConfig.model_validate(settings)


@pytest.mark.parametrize(
    ("settings", "stage"),
    [
        ({}, None),
        ({"scaling_layer": True}, InputStageShape(scaled=True)),
        (
            {"numeric_embedding": "piecewise_linear"},
            InputStageShape(NumericEmbeddingShape(3, bins=16, size=4)),
        ),
        (
            {"numeric_embedding": {"name": "piecewise_linear", "bins": 7, "size": 3}, "scaling_layer": True},
            InputStageShape(NumericEmbeddingShape(3, bins=7, size=3), scaled=True),
        ),
    ],
)
def test_the_stage_of_a_model(settings: dict[str, Any], stage: InputStageShape | None) -> None:
    assert input_stage(model(**settings), preprocessor(numbers=3), OutputShape(2)) == stage


def test_numbers_are_binned() -> None:
    assert number_bins(model()) is None
    embedding = {"name": "piecewise_linear", "bins": 7}
    assert number_bins(model(numeric_embedding=embedding)) == NumberBins(7)
    assert number_bins(model(numeric_embedding={**embedding, "edges": "target"})) == FINE_BINS


def test_what_has_no_features_is_left_out() -> None:
    settings = model(numeric_embedding="piecewise_linear", scaling_layer=True)
    assert input_stage(settings, preprocessor(categories=5), OutputShape(2)) == InputStageShape(scaled=True)
    assert input_stage(settings, preprocessor(), OutputShape(2)) is None


@pytest.mark.parametrize(("outputs", "size"), [(1, 2), (2, 2), (3, 4)])
def test_columns_with_codes_have_statistics_of_the_target_and_the_number_of_rows(
    outputs: int, size: int
) -> None:
    """Of a number and of two classes one, of more classes one each; "any other value" has a code, too."""
    stage = input_stage(model(), preprocessor(numbers=2, coded=(4, 2)), OutputShape(outputs))
    assert stage == InputStageShape(categories=CategoryStatisticsShape((5, 3), size))
