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
from fnnctl.config.schema.stopping import ConvergenceConfig
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


def test_activations_and_initial_weights_of_model_and_layers() -> None:
    """A layer takes from the model what it leaves out; without one, weights follow from activations."""
    hidden = [
        8,
        {"units": 4, "activation": {"name": "prelu", "slope": -0.1, "shared": True}},
        {"units": 3, "activation": {"name": "leaky_relu", "slope": 0.2}, "initialization": "he_normal"},
        {"units": 3, "activation": {"name": "swish", "beta": 1.5}},
        {"units": 2, "activation": "mish"},
    ]
    own = {"hidden": hidden, "activation": {"name": "elu", "alpha": 0.7}}
    settings, member = made(model=own)
    assert settings.shape.hidden[:2] == (HiddenShape(8, "elu"), HiddenShape(4, "prelu", shared=True))
    assert settings.shape.widths == (3, 8, 4, 3, 3, 2, 2)
    assert member.layer_hyperparameters["activation"] == (0.7, -0.1, 0.2, 1.5, 0.0)
    assert member.initializers == (
        "he_uniform",
        "he_uniform",
        "he_normal",
        "he_uniform",
        "he_uniform",
        "glorot_uniform",
    )
    given = made(model={**own, "initialization": "orthogonal"})[1].initializers
    assert given == ("orthogonal", "orthogonal", "he_normal", *["orthogonal"] * 3)


@pytest.mark.parametrize("of_model", [True, False])
def test_only_layers_as_wide_as_the_one_before_are_residual(of_model: bool) -> None:
    """The first layer's inputs are features, even if there are as many of them as units."""
    own = [{"units": units, "residual": residual} for units, residual in ((5, True), (5, False), (4, True))]
    settings, _ = made(model={"hidden": [3, 3, 5, *own], "residual": of_model})
    expected = [False, of_model, False, True, False, False]
    assert [layer.residual for layer in settings.shape.hidden] == expected


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


@pytest.mark.parametrize(("positive", "index"), [(None, 1), ("a", 0), ("b", 1)])
def test_the_positive_class_of_a_logistic_output(positive: str | None, index: int) -> None:
    settings, _ = made(model={"output": {"name": "logistic", "positive_class": positive}})
    assert (settings.shape.output.kind, settings.shape.output.positive) == ("logistic", index)
    assert settings.shape.widths == (3, 100, 1)


def test_batch_size() -> None:
    given = [experiment(), experiment(training={"batch_size": 64})]
    assert [batch_size(each, rows) for each in given for rows in (1000, 10)] == [200, 10, 64, 10]


SECTIONS = [
    *(("optimizer", "optimizer_hyperparameters", name) for name in [*sorted(OPTIMIZERS), "lbfgs"]),
    *(("lr_schedule", "schedule_hyperparameters", name) for name in sorted(LR_SCHEDULES)),
    *(("averaging", "averaging_hyperparameters", name) for name in ("ema", "swa")),
]
NO_HYPERPARAMETERS = {"name", "learning_rate", "memory", "monitor"}


@pytest.mark.parametrize(("section", "of_member", "name"), SECTIONS)
def test_the_settings_of_a_section_are_hyperparameters(section: str, of_member: str, name: str) -> None:
    given = getattr(experiment(training={section: name}).training, section).model_dump()
    settings, member = made(training={section: name})
    assert getattr(settings, section) == name
    expected = {key: value for key, value in given.items() if key not in NO_HYPERPARAMETERS}
    assert getattr(member, of_member) == expected


def test_other_settings_are_values_of_the_stack_or_its_member() -> None:
    schedule = {"name": "adaptive", "monitor": "validation_accuracy"}
    convergence = {"tolerance": 0.05, "patience": 7}
    settings, member = made(
        training={
            "epochs": 17, "batch_size": 8, "shuffle": False, "l2": 0.3, "precision": "float64",
            "early_stopping": None, "lr_schedule": schedule, "convergence": convergence,
            "optimizer": {"name": "adam", "learning_rate": 0.2}, "parametrization": "neural_tangent",
        },
        model={"initial_biases": "uniform"},
    )  # fmt: skip
    assert (settings.batch_size, settings.shuffle, settings.precision) == (8, False, "float64")
    assert (settings.parametrization, member.initial_biases) == ("neural_tangent", "uniform")
    assert (member.epochs, member.l2, member.learning_rate, member.stopping) == (17, 0.3, 0.2, None)
    assert member.schedule_monitor == "validation_accuracy"
    assert member.convergence == ConvergenceConfig.model_validate(convergence)
    settings, member = made()
    assert (settings.parametrization, member.initial_biases) == ("standard", "zero")
    assert member.schedule_monitor is None


@pytest.mark.parametrize("patience", [None, 3])
@pytest.mark.parametrize("section", ["early_stopping", "lr_schedule"])
def test_what_is_monitored_is_recorded(section: str, patience: int | None) -> None:
    rule = {"patience": patience} if section == "early_stopping" else {"name": "adaptive"}
    for monitor, calibrated in (("validation_calibrated_loss", True), ("validation_loss", False)):
        settings, member = made(training={section: {**rule, "monitor": monitor}})
        assert settings.calibrated is calibrated
        assert monitor in (member.schedule_monitor, member.stopping and member.stopping.monitor)


def test_lbfgs_takes_all_rows_in_float64() -> None:
    settings, _ = made(training={"optimizer": {"name": "lbfgs", "memory": 7}})
    assert (settings.memory, settings.batch_size, settings.precision) == (7, 50, "float64")


TECHNIQUES = [name for name, info in TrainingConfig.model_fields.items() if setting_of(info).is_technique]


@pytest.mark.parametrize("name", TECHNIQUES)
def test_techniques_are_off_until_they_are_given(name: str) -> None:
    settings, member = made()
    assert (settings.techniques, member.hyperparameters) == ((), {})
    settings, member = made(training={name: 0.4})
    assert (settings.techniques, member.hyperparameters) == ((name,), {name: 0.4})


ELSEWHERE = {"class_weights", "target_weights", "time_limit", "threads", "max_rows", "warm_start"}
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


PIECEWISE = {"name": "piecewise_linear", "bins": 7, "size": 3}
BOTH = {"numeric_embedding": PIECEWISE, "scaling_layer": True}
SCALED = InputStageShape(scaled=True)


@pytest.mark.parametrize(
    ("settings", "columns", "stage"),
    [
        ({}, {"numbers": 3}, None),
        ({"scaling_layer": True}, {"numbers": 3}, SCALED),
        ({"numeric_embedding": PIECEWISE}, {"numbers": 3}, InputStageShape(NumericEmbeddingShape(3, 7, 3))),
        (BOTH, {"numbers": 3}, InputStageShape(NumericEmbeddingShape(3, 7, 3), scaled=True)),
        # what has no features is left out
        (BOTH, {"categories": 5}, SCALED),
        (BOTH, {}, None),
    ],
)
def test_the_stage_of_a_model(
    settings: dict[str, Any], columns: dict[str, Any], stage: InputStageShape | None
) -> None:
    assert input_stage(model(**settings), preprocessor(**columns), OutputShape(2)) == stage


def test_numbers_are_binned() -> None:
    assert number_bins(model()) is None
    assert number_bins(model(numeric_embedding=PIECEWISE)) == NumberBins(7)
    assert number_bins(model(numeric_embedding={**PIECEWISE, "edges": "target"})) == FINE_BINS


@pytest.mark.parametrize(("outputs", "size"), [(1, 2), (2, 2), (3, 4)])
def test_columns_with_codes_have_statistics_of_the_target_and_the_number_of_rows(
    outputs: int, size: int
) -> None:
    """Of a number and of two classes one, of more classes one each; "any other value" has a code, too."""
    stage = input_stage(model(), preprocessor(numbers=2, coded=(4, 2)), OutputShape(outputs))
    assert stage == InputStageShape(categories=CategoryStatisticsShape((5, 3), size))


def test_columns_with_codes_have_one_statistic_of_a_number_whose_quantiles_are_estimated() -> None:
    output = OutputShape(3, "quantile", levels=(0.1, 0.5, 0.9))
    stage = input_stage(model(), preprocessor(coded=(4,)), output)
    assert stage == InputStageShape(categories=CategoryStatisticsShape((5,), 2))
