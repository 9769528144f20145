from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.config.rules.recipes.expansion import RECIPES
from fnnctl.config.rules.recipes.facts import RecipeFacts
from fnnctl.config.rules.recipes.possible import possible_facts

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


@given(facts=FACTS, recipe=st.sampled_from(sorted(RECIPES)))
def test_every_value_of_a_setting_is_one_that_possible_facts_give(facts: RecipeFacts, recipe: Any) -> None:
    possible = [RECIPES[recipe](each) for each in possible_facts({"data": {"source": "x.csv"}})]
    for setting, value in RECIPES[recipe](facts).items():
        assert value in [each[setting] for each in possible], setting


@pytest.mark.parametrize(
    ("config", "tasks", "metrics"),
    [
        ({}, {"classification", "regression"}, {"accuracy", "log_loss", "r2"}),
        ({"data": {"task": "regression"}}, {"regression"}, {"r2"}),
        ({"data": {"task": ["?"]}}, {"classification", "regression"}, {"accuracy", "log_loss", "r2"}),
        (
            {"data": {"task": "classification"}, "search": {"objective": {"metric": "brier_score"}}},
            {"classification"},
            {"brier_score"},
        ),
    ],
)
def test_what_the_config_gives_is_no_open_question(
    config: dict[str, Any], tasks: set[str], metrics: set[str]
) -> None:
    found = possible_facts(config)
    assert {each.task for each in found} == tasks
    assert {each.metric for each in found} == metrics
