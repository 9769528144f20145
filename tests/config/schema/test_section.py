from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import ValidationError

from fnnctl.config.schema.activations import EluActivation, PlainActivation
from fnnctl.config.schema.ensemble import EnsembleConfig
from fnnctl.config.schema.experiment import Experiment, NotesConfig
from fnnctl.config.schema.layers import HiddenLayerConfig
from fnnctl.config.schema.model import ModelConfig
from fnnctl.config.schema.optimizers import AdamOptimizer, SgdOptimizer
from fnnctl.config.schema.section import Section, plain


def experiment(**sections: Any) -> Experiment:
    return Experiment.model_validate({"data": {"source": "iris"}, **sections})


def test_a_name_stands_for_a_choice_with_its_defaults() -> None:
    assert experiment(training={"optimizer": "sgd"}).training.optimizer == SgdOptimizer(name="sgd")
    assert experiment(model={"activation": "elu"}).model.activation == EluActivation(name="elu", alpha=1.0)


def test_a_number_of_units_stands_for_a_layer() -> None:
    layers = (HiddenLayerConfig(units=5), HiddenLayerConfig(units=3, activation=PlainActivation(name="tanh")))
    assert experiment(model={"hidden": [5, {"units": 3, "activation": "tanh"}]}).model.hidden == layers


def test_a_number_of_members_stands_for_an_ensemble() -> None:
    assert experiment(model={"ensemble": 5}).model.ensemble == EnsembleConfig(members=5)
    for wrong in (0, True, "5", 5.0):
        with pytest.raises(ValidationError):
            experiment(model={"ensemble": wrong})


def test_a_text_stands_for_notes() -> None:
    assert experiment().notes is None
    assert experiment(notes="For tests.\n\nOnly.").notes == NotesConfig(text="For tests.\n\nOnly.")
    assert experiment(notes={"limits": "none"}).notes == NotesConfig(limits="none")
    for wrong in (3, "", "a\x00", ["a"], {"limits": "x" * 10_001}):
        with pytest.raises(ValidationError):
            experiment(notes=wrong)


def test_an_optimizer_without_a_name_is_adam() -> None:
    assert experiment(training={"optimizer": {"beta1": 0.8}}).training.optimizer == AdamOptimizer(beta1=0.8)


@pytest.mark.parametrize(
    "training",
    [{"epochs": "5"}, {"epochs": 5.0}, {"epochs": True}, {"l2": "1"}, {"shuffle": 1}, {"optimizer": 3}],
)
def test_nothing_is_converted_silently(training: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        experiment(training=training)


def test_a_whole_number_may_stand_for_a_float() -> None:
    assert experiment(training={"l2": 1}).training.l2 == 1.0


def test_every_default_is_valid() -> None:
    """Defaults that are sections are made without validation."""

    def sections(kind: type[Section]) -> Iterator[type[Section]]:
        for child in kind.__subclasses__():
            yield from (child, *sections(child))

    defaults = [field.default for kind in sections(Section) for field in kind.model_fields.values()]
    defaults += ModelConfig.model_construct().hidden
    made = [default for default in defaults if isinstance(default, Section)]
    assert len(made) > 10
    for default in made:
        assert type(default).model_validate(plain(default)) == default


def test_an_experiment_is_a_value() -> None:
    assert hash(experiment(seed=3)) == hash(experiment(seed=3))
    with pytest.raises(ValidationError, match="frozen"):
        setattr(experiment(), "seed", 3)  # noqa: B010
