from __future__ import annotations

from typing import Any

import numpy as np

from fnnctl.config.experiment import Experiment
from fnnctl.nn.shape import HiddenShape
from fnnctl.training.members import StoppingRule
from fnnctl.training.recipe import batch_size, member_of, network_shape, stack_settings


def experiment(**sections: Any) -> Experiment:
    return Experiment.model_validate({"data": {"source": "iris"}, **sections})


def test_layers_take_what_they_leave_out_from_the_model() -> None:
    given = experiment(
        model={
            "hidden": [8, {"units": 4, "activation": {"name": "prelu", "slope": 0.1, "shared": True}}],
            "activation": {"name": "elu", "alpha": 0.7},
        }
    )
    shape = network_shape(given, inputs=3, classes=("a", "b"))
    assert shape.hidden == (HiddenShape(8, "elu"), HiddenShape(4, "prelu", shared=True))
    assert shape.widths == (3, 8, 4, 2)
    member = member_of(given, seed=1, train_rows=np.arange(5), validation_rows=np.arange(0))
    assert member.layer_numbers["activation"] == (0.7, 0.1)
    assert member.initializers == ("he_uniform", "he_uniform", "glorot_uniform")


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


def test_numbers_of_optimizer_and_early_stopping() -> None:
    given = experiment(
        training={
            "optimizer": {"name": "nesterov", "learning_rate": 0.2, "momentum": 0.5},
            "early_stopping": {"monitor": "validation_f1_macro", "patience": 3, "tolerance": 0.01},
        }
    )
    member = member_of(given, seed=1, train_rows=np.arange(5), validation_rows=np.arange(0))
    assert member.optimizer_numbers == {"momentum": 0.5}
    assert member.learning_rate == 0.2
    assert member.stopping == StoppingRule("validation_f1_macro", 3, 0.01, restore_best=True)
    settings = stack_settings(
        given, network_shape(given, inputs=3, classes=("a", "b")), rows=50, weighted=False
    )
    assert (settings.optimizer, settings.batch_size) == ("nesterov", 50)


def test_batch_size() -> None:
    assert batch_size(experiment(), 1000) == 200
    assert batch_size(experiment(), 150) == 150
    assert batch_size(experiment(training={"batch_size": 64}), 1000) == 64
    assert batch_size(experiment(training={"batch_size": 64}), 10) == 10
