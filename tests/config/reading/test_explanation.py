from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fnnctl.config.reading.explanation import explained
from fnnctl.config.reading.loading import LoadedConfig
from fnnctl.config.rules.recipes import expansion as module
from tests.config.rules.recipes.cases import facts_of

VALUES: dict[str, Any] = {
    "model.hidden": [5, 5],
    "training.optimizer": {"name": "adamw", "learning_rate": 0.01},
    "training.lr_schedule": "cosine",
    "training.early_stopping": None,
    "model.dropout": 0.25,
    "model.ensemble": 3,
}
Explain = Callable[..., dict[str, tuple[Any, str]]]


@pytest.fixture
def explain(load: Callable[..., LoadedConfig], monkeypatch: pytest.MonkeyPatch) -> Explain:
    """Explain a text with a recipe of its own; the batch size is as if it came from the data."""
    monkeypatch.setitem(module.RECIPES, "default", lambda facts: VALUES)

    def value_and_origin(text: str, *overrides: str, **options: Any) -> dict[str, tuple[Any, str]]:
        loaded = load(text, *overrides, **options)
        expansion = module.expanded(loaded.config, loaded.experiment, facts_of())
        training = expansion.experiment.training
        if training.batch_size == "auto":
            training = training.model_copy(update={"batch_size": 98})
        complete = expansion.experiment.model_copy(update={"training": training})
        rows = explained(complete, expansion, loaded.locations)
        assert len({row.path for row in rows}) == len(rows)
        return {row.path: (row.value, row.origin.replace("experiment.yaml", "FILE")) for row in rows}

    return value_and_origin


def test_every_kind_of_origin(explain: Explain) -> None:
    found = explain(
        "recipe: default\ndata: {source: iris}\ntraining:\n  optimizer: lbfgs\n  l1: 0\n",
        "training.precision=float64",
        seed=3,
    )
    assert found["seed"] == (3, "--seed")
    assert found["recipe"] == ("default", "FILE:1")
    assert found["data.source"] == ("iris", "FILE:2")
    assert found["data.scaling"] == ("standardize", "schema default")
    assert found["model.hidden"] == ([5, 5], "recipe default")
    assert found["training.optimizer"] == ("lbfgs", "FILE:4")
    assert found["training.epochs"] == (200, "classic: training.optimizer is set")
    assert found["training.l1"] == (0.0, "FILE:5")
    assert found["model.dropout"] == (0.0, "classic: training.l1 is set")
    assert found["training.precision"] == ("float64", "--set")
    assert found["training.early_stopping"] == (None, "recipe default")
    assert "training.optimizer.memory" not in found
    assert "training.threads" not in found


def test_a_value_that_was_not_taken_has_the_reason(explain: Explain) -> None:
    found = explain("recipe: default\ndata: {source: iris}\ntraining: {optimizer: lbfgs}\n")
    assert found["model.dropout"] == (0.0, "classic: cannot be used with lbfgs")


def test_hyperparameters_have_lines_where_they_are_given_or_the_recipes(explain: Explain) -> None:
    text = "recipe: default\ndata: {source: iris}\n"
    found = explain(text)
    assert found["training.optimizer"] == ("adamw", "recipe default")
    assert found["training.optimizer.learning_rate"] == (0.01, "recipe default")
    assert found["training.lr_schedule"] == ("cosine", "recipe default")
    assert "training.optimizer.beta1" not in found
    found = explain(text + "training:\n  optimizer:\n    name: adamw\n    beta1: 0.8\n")
    assert found["training.optimizer.beta1"] == (0.8, "FILE:6")
    assert "training.optimizer.learning_rate" not in found
    assert found["model.dropout"] == (0.25, "recipe default")


def test_what_follows_from_the_data(explain: Explain) -> None:
    assert explain("data: {source: iris}\nrecipe: classic\n")["training.batch_size"] == (98, "data")
    found = explain("data: {source: iris}\nrecipe: classic\ntraining: {batch_size: auto}\n")
    assert found["training.batch_size"] == (98, "FILE:3, from the data")


def test_searched_settings_come_last_with_their_domains(explain: Explain) -> None:
    found = explain(
        "recipe: default\ndata: {source: iris}\nsearch:\n  space:\n"
        "    training.optimizer.name: {choice: [adam, sgd]}\n    model.activation: {choice: [relu, selu]}\n"
    )
    assert [*found][-2:] == ["training.optimizer.name", "model.activation"]
    assert found["model.activation"] == ({"choice": ["relu", "selu"]}, "FILE:6, searched")
    assert found["model.hidden"] == ([100], "classic: model.activation is searched")
    assert "training.optimizer" not in found
    assert not any(path.startswith("search") for path in found)


def test_layers_are_as_short_as_they_can_be(explain: Explain) -> None:
    found = explain("data: {source: iris}\nmodel: {hidden: [5, {units: 4, activation: selu}]}\n")
    assert found["model.hidden"] == ([5, {"units": 4, "activation": {"name": "selu"}}], "FILE:2")
