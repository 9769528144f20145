from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fnnctl.config.recipes.resolving import RECIPES, experiment_before_data, recipe_values, resolve
from fnnctl.config.schema.recipe_values import (
    FAST_MEMBERS,
    LARGE,
    MANY_ROWS,
    MEMBERS,
    MEMBERS_LARGE,
    WIDEST,
    WIDEST_LARGE,
    RecipeFacts,
)
from fnnctl.config.schema.setting import Recipe
from tests.config.recipes.cases import CASES, facts_of

LABEL_SMOOTHING = ("training", "label_smoothing")


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("recipe", RECIPES)
def test_all_values_make_sense_together(recipe: Recipe, case: str) -> None:
    """With nothing given, every value is valid and taken."""
    complete = resolve({"recipe": recipe, "data": {"source": "table.csv", "target": "y"}}, CASES[case])
    assert complete.provenance.omitted == {}
    assert complete.provenance.applied == recipe_values(recipe, CASES[case])


@pytest.mark.parametrize("recipe", RECIPES)
def test_targets_are_smoothed_only_for_the_sake_of_predicted_classes(recipe: Recipe) -> None:
    smoothed = {
        metric: recipe_values(recipe, facts_of(metric=metric)).get(LABEL_SMOOTHING, 0)
        for metric in ("accuracy", "f1_macro", "log_loss", "roc_auc_macro")
    }
    assert smoothed["accuracy"] == smoothed["f1_macro"]
    assert smoothed["log_loss"] == smoothed["roc_auc_macro"] == 0
    assert not recipe_values(recipe, CASES["numbers"]).get(LABEL_SMOOTHING, 0)


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("facts", [facts_of(output="ordinal"), facts_of(metric="log_loss"), CASES["numbers"]])
def test_no_smoothing_is_a_value_of_the_recipes(recipe: Recipe, facts: RecipeFacts) -> None:
    """It does not follow the default of the setting."""
    assert recipe_values(recipe, facts)[LABEL_SMOOTHING] == 0.0


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize(
    ("changes", "rate", "factor"),
    [
        ({}, 0.04, 1),
        ({"task": "regression"}, 0.1, 1),
        ({"task": "regression", "output": "gamma"}, 0.01, 2),
        ({"task": "regression", "output": "quantile"}, 0.025, 1),
        ({"is_warm_started": True}, 0.012, 1),
        ({"task": "regression", "is_warm_started": True}, 0.03, 1),
    ],
)
def test_the_rate_is_the_one_that_was_best_for_the_output(
    recipe: Recipe, changes: dict[str, Any], rate: float, factor: int
) -> None:
    """A lower one for amounts takes twice the epochs; weights that are trained on get 0.3 of it."""
    values = recipe_values(recipe, facts_of(may_have_twins=False, **changes))
    assert values["training", "optimizer", "learning_rate"] == pytest.approx(rate)
    assert values["training", "epochs"] == factor * 32


@pytest.mark.parametrize(("rows", "twins", "epochs"), [(MANY_ROWS - 1, True, 22), (MANY_ROWS, False, 20)])
def test_a_table_of_many_rows_has_no_twins(rows: int, twins: bool, epochs: int) -> None:
    recipe = recipe_values("default", facts_of(rows=rows))
    ensemble = {path[-1]: value for path, value in recipe.items() if path[:-1] == ("model", "ensemble")}
    assert ensemble == {"members": MEMBERS, "bags": True, "plain_twins": twins}
    assert recipe["training", "epochs"] == epochs


@pytest.mark.parametrize(
    ("rows", "members", "width"), [(LARGE, MEMBERS, WIDEST), (LARGE + 1, MEMBERS_LARGE, WIDEST_LARGE)]
)
def test_a_large_table_has_fewer_and_wider_networks(rows: int, members: int, width: int) -> None:
    recipe = recipe_values("default", facts_of(rows=rows))
    assert recipe["model", "ensemble", "members"] == members
    assert recipe["model", "hidden"] == [width, width]


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize(("outputs", "smoothing"), [(2, 0.0), (3, 0.02)])
def test_many_rows_need_less_smoothing(recipe: Recipe, outputs: int, smoothing: float) -> None:
    few, many = (
        recipe_values(recipe, facts_of(rows=rows, outputs=outputs))[LABEL_SMOOTHING]
        for rows in (MANY_ROWS - 1, MANY_ROWS)
    )
    assert (few, many) == (0.1, smoothing)


@pytest.mark.parametrize(
    ("training", "has_search", "patience"),
    [
        ({}, False, "auto"),
        ({}, True, None),  # trials are compared after equal epochs
        ({"averaging": "ema"}, False, "auto"),
        ({"averaging": "swa"}, False, None),
        ({"averaging": {"name": "swa", "start": 0.5}}, False, None),
        ({"early_stopping": {"patience": None}}, False, None),
        ({"early_stopping": {"patience": 7}}, False, 7),
        ({"early_stopping": {"monitor": "train_loss"}, "epochs": 200}, False, "auto"),
    ],
)
def test_training_ends_when_the_best_loss_is_out_of_reach(
    training: dict[str, Any], has_search: bool, patience: object
) -> None:
    config = {"data": {"source": "iris"}, "training": training}
    experiment_before_data(config)
    complete = resolve(config, facts_of(has_search=has_search))
    stopping = complete.experiment.training.early_stopping
    assert stopping is not None
    assert stopping.patience == patience


@pytest.mark.parametrize(
    ("facts", "calibration", "monitor"),
    [
        (facts_of(), None, "validation_calibrated_loss"),
        (facts_of(), "temperature", "validation_calibrated_loss"),
        (facts_of(), "none", "validation_loss"),
        (facts_of(has_search=True), None, "validation_loss"),  # trials are not calibrated
        (CASES["numbers"], None, "validation_loss"),
    ],
)
def test_the_best_epoch_is_that_of_calibrated_probabilities(
    facts: RecipeFacts, calibration: str | None, monitor: str
) -> None:
    model = {} if calibration is None else {"model": {"calibration": calibration}}
    stopping = resolve({"data": {"source": "iris"}, **model}, facts).experiment.training.early_stopping
    assert stopping is not None
    assert (stopping.monitor, stopping.patience) == (monitor, None if facts.has_search else "auto")


@pytest.mark.parametrize(("recipe", "members"), [("default", MEMBERS), ("fast", FAST_MEMBERS)])
def test_a_validation_share_that_is_set_keeps_the_members(recipe: Recipe, members: int) -> None:
    """They share these validation rows, so they have no bags."""
    config = {"recipe": recipe, "data": {"source": "iris", "split": {"validation": 0.2}}}
    complete = resolve(config, facts_of())
    ensemble = complete.experiment.model.ensemble
    assert (ensemble.members, ensemble.bags) == (members, False)
    ((path, reason),) = complete.provenance.omitted.items()
    assert path == ("model", "ensemble", "bags")
    assert reason.message.startswith("data.split.validation would have no effect: with bags,")


def test_probabilities_of_a_classification_are_calibrated_and_outputs_of_a_regression_limited() -> None:
    for facts, calibration, clips in (
        (facts_of(), "shrunk_temperature", None),
        (CASES["numbers"], None, True),
        (replace(facts_of(), task="several"), "shrunk_temperature", None),
        (replace(facts_of(), task="several", has_numbers=True), "shrunk_temperature", True),
    ):
        values = recipe_values("default", facts)
        assert values.get(("model", "calibration")) == calibration
        assert values.get(("model", "clip_outputs")) is clips


@pytest.mark.parametrize(
    ("sections", "calibration"),
    [
        ({"model": {"calibration": "none"}}, "none"),
        ({"model": {"calibration": "temperature"}}, "temperature"),
        ({"model": {"ensemble": 1}}, "shrunk_temperature"),  # by the validation part
        ({"data": {"source": "iris", "split": {"validation": 0.2}}}, "shrunk_temperature"),
        ({"model": {"output": "softmax"}}, "shrunk_temperature"),
    ],
)
def test_a_calibration_that_is_set_is_kept(sections: dict[str, Any], calibration: str) -> None:
    config = {"data": {"source": "iris"}, **sections}
    complete = resolve(config, facts_of())
    assert complete.experiment.model.calibration == calibration


@pytest.mark.parametrize(
    "search", [None, {"objective": {"on": "cross_validation"}, "space": {"training.l2": {"uniform": [0, 1]}}}]
)
def test_without_validation_rows_nothing_is_calibrated(search: Any) -> None:
    config = {
        "data": {"source": "iris", "split": {"validation": 0}},
        "model": {"ensemble": 1},
        "training": {"early_stopping": None},
        "search": search,
    }
    complete = resolve(config, facts_of())
    assert complete.experiment.model.calibration == "none"
    assert "data.split.validation is 0" in complete.provenance.omitted["model", "calibration"].message


@pytest.mark.parametrize("recipe", RECIPES)
def test_bins_of_many_rows_tell_the_targets_apart(recipe: Recipe) -> None:
    def kind(rows: int) -> list[Any]:
        values = recipe_values(recipe, facts_of(rows=rows))
        return [values.get(("model", "numeric_embedding", key)) for key in ("edges", "code")]

    assert kind(MANY_ROWS - 1) == [None, None]
    assert kind(MANY_ROWS) == ["target", "both"]


@pytest.mark.parametrize("recipe", RECIPES)
def test_columns_of_many_categories_in_large_tables_have_statistics_of_the_target(recipe: Recipe) -> None:
    def encoding(**changes: Any) -> Any:
        facts = facts_of(**{"rows": MANY_ROWS, "many_categories": True, **changes})
        return recipe_values(recipe, facts).get(("data", "category_encoding"))

    assert encoding() == encoding(outputs=32) == "target"
    assert encoding(rows=MANY_ROWS - 1) is encoding(many_categories=False) is encoding(outputs=33) is None
