"""Only problems that a config has whatever its data are are reported before the data are read."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.config.paths import format_path, parse_path
from fnnctl.config.provenance import Values
from fnnctl.config.recipes import resolving
from fnnctl.config.recipes.resolving import EXTREMES, experiment_before_data, recipe_values, resolve
from fnnctl.config.recipes.written import NAME
from fnnctl.config.rules.experiments import experiment_of
from fnnctl.config.rules.plain_config import override
from fnnctl.config.rules.validation import InvalidConfigurationError
from fnnctl.config.schema.recipe_values import RecipeFacts
from fnnctl.config.schema.setting import Recipe
from tests.config.recipes.cases import CASES, facts_of

SOURCE: dict[str, Any] = {"data": {"source": "x.csv", "target": "y"}}
ADAMW: Values = {
    ("training", "optimizer", "name"): "adamw",
    ("training", "optimizer", "learning_rate"): 0.01,
}
"""What a recipe might say; the optimizer of `classic` has no weight decay."""
METRICS = {"classification": ("accuracy", "f1_macro", "log_loss"), "regression": ("r2", "rmse")}
FACTS = st.sampled_from(sorted(METRICS)).flatmap(
    lambda task: st.builds(
        RecipeFacts,
        task=st.just(task),
        rows=st.integers(2, 10**7),
        numeric=st.integers(0, 10**4),
        metric=st.sampled_from(METRICS[task]),
    )
)


def problems(config: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(InvalidConfigurationError) as caught:
        experiment_before_data(config)
    return {format_path(path): problem.message for path, problem in caught.value.by_path.items()}


@pytest.mark.parametrize(
    ("section", "settings"),
    [
        ("training", {"optimizer": {"weight_decay": 0.05}}),
        ("training", {"averaging": "swa"}),
    ],
)
@pytest.mark.parametrize("recipe", ["default", "fast"])
def test_what_is_right_beside_the_recipe_is_no_problem(
    monkeypatch: pytest.MonkeyPatch, section: str, settings: dict[str, Any], recipe: Recipe
) -> None:
    """The schema's defaults beside them would refuse each; in the end the value is the given one."""
    monkeypatch.setattr(
        resolving, "recipe_values", lambda name, facts: {**recipe_values(name, facts), **ADAMW}
    )
    config = {**SOURCE, "recipe": recipe, section: settings}
    with pytest.raises(InvalidConfigurationError):
        experiment_of(config)
    found = resolve(config, facts_of(), name=experiment_before_data(config).name)
    dumped = found.experiment.model_dump()[section]
    for key, value in settings.items():
        inside = value if isinstance(value, dict) else {"name": value}
        assert dumped[key] == value or dumped[key].items() >= inside.items()


def test_classic_is_judged_by_itself() -> None:
    found = problems({**SOURCE, "recipe": "classic", "training": {"optimizer": {"weight_decay": 0.05}}})
    assert found == {
        "training.optimizer.weight_decay": "adam has no weight_decay; adamw has; with adam, write training.l2"
    }


def test_all_certain_problems_are_reported_together() -> None:
    """Beside a setting that the recipe makes valid."""
    training = {"epchs": 3, "averaging": "swa", "l1": -1.0}
    found = problems({**SOURCE, "model": {"hiden": []}, "training": training})
    assert [*found] == ["model.hiden", "training.l1", "training.epchs"]


def test_an_unknown_setting_of_a_choice_is_wrong_whatever_the_recipe_chooses() -> None:
    """With the recipe's embedding, that of some tables, it would be called unknown, and with none missing."""
    found = problems({**SOURCE, "model": {"numeric_embedding": {"binz": 3}}})
    assert found == {"model.numeric_embedding.name": "missing: one of none, piecewise_linear"}


@pytest.mark.parametrize("recipe", ["defualt", None, ["fast"], 3])
def test_a_recipe_that_does_not_exist(recipe: Any) -> None:
    assert "recipe" in problems({**SOURCE, "recipe": recipe})


@pytest.mark.parametrize("section", ["training", "model"])
def test_an_empty_section_stays_a_problem(section: str) -> None:
    """The recipe does not fill it in."""
    assert problems({**SOURCE, section: None}) == {
        section: "is empty; add settings, or remove it to use the defaults"
    }


def test_a_message_that_depends_on_the_data_waits_for_them() -> None:
    """The epoch in it follows from the number of epochs, and so from the rows."""
    config = {**SOURCE, "training": {"averaging": "swa", "early_stopping": {"patience": 3}}}
    before = experiment_before_data(config)
    assert before.data.source == "x.csv"
    for rows, epoch in ((150, 16), (50_000, 12)):
        with pytest.raises(InvalidConfigurationError, match=f"starts averaging, after epoch {epoch};"):
            resolve(config, facts_of(rows=rows))


def test_a_problem_of_some_data_is_none_before_they_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolving, "recipe_values", lambda _, facts: ADAMW if facts.numeric == 0 else {})
    config = {**SOURCE, "training": {"optimizer": {"weight_decay": 0.05}}}
    experiment_before_data(config)
    assert resolve(config, facts_of(numeric=0)).experiment.training.optimizer.name == "adamw"
    with pytest.raises(InvalidConfigurationError, match="adam has no weight_decay"):
        resolve(config, facts_of(numeric=2))


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(
    "wrong",
    [
        ("training.lr_schedule", {"name": "constant", "warmup_epochs": 3}),
        ("training.optimizer.weight_decay", 0.1),
        ("model.ensemble", {"members": 1, "bags": True}),
    ],
)
def test_what_is_certain_is_wrong_for_all_data(case: str, wrong: tuple[str, Any]) -> None:
    setting, value = wrong
    config = override(SOURCE, parse_path(setting), value)
    before = problems(config)
    with pytest.raises(InvalidConfigurationError) as caught:
        resolve(config, CASES[case])
    assert {format_path(path): problem.message for path, problem in caught.value.by_path.items()} == before


@given(facts=FACTS, recipe=st.sampled_from(sorted(resolving.RECIPES)))
def test_every_value_that_depends_on_the_data_differs_between_the_extremes(
    facts: RecipeFacts, recipe: Recipe
) -> None:
    smallest, largest = (recipe_values(recipe, extreme) for extreme in EXTREMES)
    values = recipe_values(recipe, facts)
    for setting in {*values, *smallest, *largest}:  # some recipes leave out a setting for some data
        is_same = values.get(setting) == smallest.get(setting)
        # a hyperparameter of a choice, such as an embedding's edges, goes with the choice
        related = (setting, (*setting[:-1], NAME))
        assert is_same or any(smallest.get(path) != largest.get(path) for path in related), setting
