"""The contract of all activations: whatever has a record runs through it without being told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fnnctl.arrays import FloatArray
from fnnctl.config.rules.validation import validated
from fnnctl.config.schema.activations import ACTIVATION_RECORDS, Activation
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.forms import names_of, sections_of
from fnnctl.config.schema.lookups import forms_at
from fnnctl.data.preprocessing import Preprocessor
from fnnctl.export.onnx.activations import ACTIVATION_OPERATORS
from fnnctl.modelling.stack_settings import member_of, network_shape
from fnnctl.nn.layers.activations import ACTIVATIONS, ActivationBuffers, Bits
from fnnctl.nn.layers.initializers import INITIALIZERS
from fnnctl.nn.shape import HiddenShape, NetworkShape, OutputShape
from tests.contracts.trained import assert_exported_by_record, assert_repeated_by_its_model
from tests.export.onnx.random_models import NEEDS_ONNX
from tests.nn.gradients import PARAMETER, case_away_from_kinks, pieces_of
from tests.program import Program, read_json

pytestmark = pytest.mark.usefixtures("no_figures")

NAMES = sorted(ACTIVATION_RECORDS)
OF_ONE_VARIABLE = [name for name in NAMES if not ACTIVATIONS[name].has_pieces]
CONFIG = """\
recipe: classic
data: {{source: iris}}
model: {{hidden: [6, 6], activation: {activation}, residual: true}}
training: {{epochs: {epochs}, precision: {precision}, optimizer: {{learning_rate: 0.01}}}}
"""


def experiment_with(activation: Any) -> Experiment:
    return validated({"data": {"source": "iris"}, "model": {"hidden": [4], "activation": activation}})


def engine_form(activation: Any) -> tuple[Any, ...]:
    """What the engine is given of a layer with this activation."""
    experiment = experiment_with(activation)
    shape = network_shape(experiment, Preprocessor((), ()), OutputShape(2, "softmax"))
    rows = np.arange(2)
    member = member_of(experiment, seed=0, train_rows=rows, validation_rows=rows)
    return shape.hidden[0], member.layer_hyperparameters["activation"], member.initializers


def default_of(name: str) -> Activation:
    return experiment_with(name).model.activation


def applied(name: str, x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The values at x, (n,), and the slopes: error terms of 1 passed backward."""
    z, delta = x.reshape(1, 1, -1).copy(), np.ones((1, 1, len(x)), x.dtype)
    slope, spare = np.empty_like(z), np.empty_like(z)
    bits = Bits.of(z, slope, delta)
    buffers = ActivationBuffers(np.empty(z.shape, bool), slope, spare, np.zeros_like(z), True, bits)
    f = ACTIVATIONS[name](np.full((1, 1, 1), PARAMETER, x.dtype))
    f.apply(z, buffers)
    return z.ravel(), f.backward(delta, buffers).ravel()


class TestTables:
    def test_the_config_has_an_activation_for_each_record(self) -> None:
        sections = sections_of(forms_at(("model", "activation"), {}))
        assert {name for section in sections for name in names_of(section)} == {*NAMES}

    def test_the_engine_has_a_formula_for_each_record(self) -> None:
        assert ACTIVATIONS.keys() == ACTIVATION_RECORDS.keys()

    def test_each_record_has_operators_unless_it_cannot_be_exported(self) -> None:
        exported = {name for name, record in ACTIVATION_RECORDS.items() if record.exported}
        assert {*ACTIVATION_OPERATORS} == exported


@pytest.mark.parametrize("name", NAMES)
class TestRecord:
    def test_automatic_weights_are_those_of_the_record(self, name: str) -> None:
        assert ACTIVATION_RECORDS[name].initialization in INITIALIZERS
        assert engine_form(name)[2] == (ACTIVATION_RECORDS[name].initialization, "glorot_uniform")

    def test_each_of_its_settings_reaches_the_engine(self, name: str) -> None:
        default = default_of(name)
        settings = {key: value for key, value in default if key != "name"}
        assert engine_form({"name": name, **settings}) == engine_form(name)
        for key, value in settings.items():
            changed = value / 2 if isinstance(value, float) else type(value)(value + 1)
            assert engine_form({"name": name, key: changed}) != engine_form(name), key

    def test_its_parameter_is_that_of_the_function(self, name: str) -> None:
        default, setting = default_of(name), ACTIVATION_RECORDS[name].parameter
        assert default.parameter == (0.0 if setting is None else getattr(default, setting))

    def test_the_engine_agrees_with_it_on_pieces(self, name: str) -> None:
        assert (default_of(name).functions_per_unit > 1) == ACTIVATIONS[name].has_pieces


@pytest.mark.parametrize("name", OF_ONE_VARIABLE)
class TestFunction:
    def test_the_slope_is_that_of_the_values(self, name: str) -> None:
        """At random points: the probability that one of them is at a kink is 0."""
        x, step = np.random.default_rng(0).normal(0.0, 3.0, 400), 1e-5
        numeric = (applied(name, x + step)[0] - applied(name, x - step)[0]) / (2 * step)
        np.testing.assert_allclose(applied(name, x)[1], numeric, atol=1e-7)

    def test_a_slope_that_can_be_tiny_is_known_to_saturate(self, name: str) -> None:
        """Training then keeps error terms from becoming subnormal."""
        slopes = np.abs(applied(name, np.linspace(-300.0, 300.0, 1000))[1])
        assert ACTIVATIONS[name].saturates == bool(((slopes > 0.0) & (slopes < 1e-9)).any())


@pytest.mark.parametrize("name", NAMES)
class TestTraining:
    def test_the_gradient_of_a_network_is_that_of_its_loss(self, name: str) -> None:
        layers = tuple(HiddenShape(units, name, pieces=pieces_of(name)) for units in (5, 4))
        case_away_from_kinks(NetworkShape(3, layers, OutputShape(3))).assert_gradient_agrees()

    def test_a_saved_model_predicts_what_was_predicted_after_training(
        self, name: str, program: Program, tmp_path: Path
    ) -> None:
        (tmp_path / "x.yaml").write_text(CONFIG.format(activation=name, epochs=1, precision="float32"))
        run = assert_repeated_by_its_model(program, "x.yaml")
        assert {layer["activation"] for layer in read_json(run / "model.json")["hidden"]} == {name}


@pytest.mark.extra
@NEEDS_ONNX
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_it_is_exported_unless_the_record_says_that_it_cannot_be(
    name: str, precision: str, program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x.yaml").write_text(CONFIG.format(activation=name, epochs=3, precision=precision))
    assert program("train", "x.yaml", "--quiet").code == 0
    assert_exported_by_record(
        program, monkeypatch, ACTIVATION_RECORDS, name, "activation", most_difference=1e-5
    )
