"""The recipe of the `search` section: domains around the default, and a length that follows from the rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from fnnctl.config.paths import EMBEDDING, parse_path
from fnnctl.config.recipes.portfolio import MANY_ROWS_PORTFOLIO, PORTFOLIO, Change, first_trials
from fnnctl.config.recipes.resolving import recipe_values, resolve
from fnnctl.config.recipes.search import (
    SAMPLE_FIRST,
    SearchRecipeFacts,
    recipe_cost,
    recipe_rungs,
    recipe_section,
    recipe_space,
    recipe_trials,
    why_no_sample,
)
from fnnctl.config.recipes.written import settings_in
from fnnctl.config.schema.recipe_values import RecipeFacts
from fnnctl.config.schema.validation_schemes import VALIDATION_SCHEMES, SchemeName
from tests.config.recipes.cases import facts_of

ALL = {
    "model.numeric_embedding", "model.ensemble.plain_twins", "model.hidden", "model.activation",
    "model.dropout", "training.optimizer.learning_rate", "training.l2", "training.label_smoothing",
    "training.batch_size", "training.epochs",
}  # fmt: skip
OF_BAGS = {"model.ensemble.plain_twins", "training.epochs"}
OF_CLASSES = {"model.ensemble.plain_twins", "training.label_smoothing"}
OF_NUMBERS = {"model.ensemble.plain_twins", "model.numeric_embedding"}


def search_facts(
    of: RecipeFacts | None = None, /, *, on: SchemeName = "bags", **sections: Any
) -> SearchRecipeFacts:
    config: Mapping[str, Any] = {"data": {"source": "table.csv", "target": "y"}, **sections}
    facts = of or facts_of()
    complete = resolve(config, facts)
    return SearchRecipeFacts(
        recipe=facts,
        default=complete.experiment,
        set_paths=list(settings_in(config)),
        scheme=VALIDATION_SCHEMES[on],
    )


@pytest.mark.parametrize(
    ("facts", "searched"),
    [
        (search_facts(), ALL),
        (search_facts(facts_of(task="regression", metric="r2", outputs=1)), ALL - OF_CLASSES),
        (search_facts(facts_of(numeric=0, categories=30)), ALL - OF_NUMBERS),
        (search_facts(facts_of(numeric=1_000)), ALL - OF_NUMBERS),
        (search_facts(on="validation"), ALL - OF_BAGS),
        (search_facts(recipe="fast"), ALL),
        (search_facts(recipe="classic", on="validation"), ALL - OF_BAGS - OF_NUMBERS),
        (search_facts(model={"hidden": [9]}, training={"l2": 0.1}), ALL - {"model.hidden", "training.l2"}),
        (search_facts(model={"numeric_embedding": "none"}), ALL - OF_NUMBERS),
        (search_facts(model={"numeric_embedding": "piecewise_linear"}), ALL - {"model.numeric_embedding"}),
        (
            search_facts(training={"optimizer": {"name": "adam", "learning_rate": 0.01}}),
            ALL - {"training.optimizer.learning_rate"},
        ),
        (search_facts(training={"optimizer": "sgd"}), ALL),
        (search_facts(training={"optimizer": "lbfgs"}), ALL - {"training.optimizer.learning_rate"}),
    ],
)
def test_what_suits_the_table_and_is_not_set_is_searched(
    facts: SearchRecipeFacts, searched: set[str]
) -> None:
    assert recipe_space(facts).keys() == searched


def test_the_domains_are_around_the_default() -> None:
    """Of 150 rows: layers of 64 units, a rate of 0.04, batches of 32, and 22 epochs."""
    space = recipe_space(search_facts())
    assert space["model.hidden"] == {"depth": [1, 3], "width": [32, 256], "log": True}
    assert space["training.optimizer.learning_rate"] == {"log_uniform": [0.01, 0.16]}
    assert space["training.batch_size"] == {"choice": [16, 32, 64]}
    assert space["training.epochs"] == {"log_integer": [11, 88]}
    # 5,000 numbers: the recipe has 40 units, and more would have over 200,000 parameters
    wide = search_facts(facts_of(numeric=5_000))
    assert recipe_space(wide)["model.hidden"]["width"][1] == wide.default.model.hidden[0].units


def test_embeddings_have_half_and_twice_the_bins_of_the_default_and_twice_its_size() -> None:
    facts = search_facts()
    none, *embeddings = recipe_space(facts)["model.numeric_embedding"]["choice"]
    bins, size = (recipe_values("default", facts.recipe)[*EMBEDDING, key] for key in ("bins", "size"))
    assert none == "none"
    assert [(value["bins"], value["size"]) for value in embeddings] == [
        (bins // 2, size),
        (bins, size),
        (2 * bins, size),
        (2 * bins, 2 * size),
    ]


@pytest.mark.parametrize(
    ("model", "condition"),
    [
        ({}, {"when": {"model.numeric_embedding.name": "piecewise_linear"}}),
        ({"numeric_embedding": "piecewise_linear"}, {}),
    ],
)
def test_twins_depend_on_the_embedding_if_that_is_searched(model: Any, condition: Any) -> None:
    space = recipe_space(search_facts(model=model))
    assert space["model.ensemble.plain_twins"] == {"choice": [True, False], **condition}


CHANGES = (
    Change(),
    Change(twins=False, bins=32, size=8),
    Change(rate=0.5, epochs=2),
    Change(depth=1, width=4, embedding=False),
    Change(dropout=0.3, depth=3),
)


def test_the_portfolio_is_the_default_with_changes_that_suit_it() -> None:
    """Without twins the recipe has 32 epochs instead of 22."""
    facts = search_facts()
    assert first_trials(facts.default, recipe_space(facts), CHANGES) == [
        {},
        {
            "model.numeric_embedding": {"name": "piecewise_linear", "bins": 32, "size": 8},
            "model.ensemble.plain_twins": False,
            "training.epochs": 32,
        },
        {"training.epochs": 44, "training.optimizer.learning_rate": 0.02},
        {"model.hidden": [256], "model.numeric_embedding": "none", "training.epochs": 32},
        {"model.dropout": 0.3, "model.hidden": [64, 64, 64]},
    ]


def test_a_change_to_what_the_default_has_is_no_trial_of_its_own() -> None:
    """A table of many rows and two classes has neither twins nor label smoothing."""
    facts = search_facts(facts_of(rows=20_000, outputs=2))
    space, changes = recipe_space(facts), (Change(), Change(smoothing=0.0), Change(width=2, twins=False))
    assert first_trials(facts.default, space, changes) == [{}, {"model.hidden": [128, 128]}]
    few = search_facts()
    assert len(first_trials(few.default, recipe_space(few), changes)) == 3


def test_epochs_follow_only_from_changes_that_a_trial_has() -> None:
    """Neither the embedding nor twins are searched if the config sets them, so no trial loses its twins."""
    embedding = {"name": "piecewise_linear", "bins": 16, "size": 4}
    model = {"numeric_embedding": embedding, "ensemble": {"members": 8, "bags": True, "plain_twins": True}}
    facts = search_facts(model=model)
    assert first_trials(facts.default, recipe_space(facts), CHANGES) == [
        {},
        {"training.epochs": 44, "training.optimizer.learning_rate": 0.02},
        {"model.hidden": [256]},
        {"model.dropout": 0.3, "model.hidden": [64, 64, 64]},
    ]


def test_changes_that_do_not_suit_a_table_leave_no_equal_entries() -> None:
    no_numbers = search_facts(facts_of(numeric=0, categories=30), model={"hidden": [20, 10]})
    entries = first_trials(no_numbers.default, recipe_space(no_numbers), CHANGES)
    assert entries == [
        {},
        {"training.epochs": 64, "training.optimizer.learning_rate": 0.02},
        {"model.dropout": 0.3},
    ]


@pytest.mark.parametrize(("rows", "portfolio"), [(9_999, PORTFOLIO), (10_000, MANY_ROWS_PORTFOLIO)])
def test_every_entry_of_a_portfolio_is_another_one_and_begins_with_the_default(
    rows: int, portfolio: Sequence[Change]
) -> None:
    facts = search_facts(facts_of(rows=rows))
    space = recipe_space(facts)
    entries = first_trials(facts.default, space, portfolio)
    assert entries[0] == {}
    assert len(entries) == len(portfolio)
    assert recipe_section(facts, space)["start_from"] == entries


@pytest.mark.parametrize(
    ("facts", "on", "metric"),
    [
        (facts_of(), "bags", "log_loss"),
        (facts_of(), "validation", None),  # trials are not calibrated there
        (facts_of(task="regression", metric="r2", outputs=1), "bags", None),
    ],
)
def test_classifiers_on_bags_are_compared_by_the_log_loss(
    facts: RecipeFacts, on: SchemeName, metric: str | None
) -> None:
    search = search_facts(facts, on=on)
    assert recipe_section(search, recipe_space(search))["objective"].get("metric") == metric


def test_few_rows_have_few_trials_and_many_rows_rungs() -> None:
    assert [recipe_trials(rows) for rows in (30, 800, 10**6)] == [12, 100, 150]
    # 150 trainings up to 5,000 rows, half as many with four times the rows, 12 at least
    assert [recipe_cost(rows, 10) for rows in (30, 5_000, 20_000, 10**7)] == [1500, 1500, 750, 120]
    few, many = search_facts(), search_facts(facts_of(rows=30_000))
    sections = [recipe_section(facts, recipe_space(facts)) for facts in (few, many)]
    assert [section["method"]["scheduler"] for section in sections] == ["full_budget", "asha"]
    assert recipe_rungs(few, sections[0]) == {}
    # 30,000 rows have 16 epochs, searched up to 64: rungs at 7, 21 and 64
    assert recipe_rungs(many, sections[1]) == {"reduction_factor": 3.0, "min_epochs": 7}
    fewer = {**sections[1], "budget": {"max_epochs": 3}}
    assert recipe_rungs(many, fewer) == {"reduction_factor": 3.0, "min_epochs": 1}


def test_a_sample_of_very_many_rows_is_tried_first() -> None:
    of = facts_of(rows=300_000)
    without, facts = search_facts(of), replace(search_facts(of), tries_sample=True)
    space = recipe_space(facts)
    section, usual = recipe_section(facts, space), recipe_section(without, space)
    assert section["method"] == {"scheduler": "full_budget", "sampler": "sample_first"}
    assert section["space"] == {"training.max_rows": {"choice": [None, 50_000]}, **usual["space"]}
    on_sample = [{"training.max_rows": 50_000, **entry} for entry in usual["start_from"][:6]]
    assert section["start_from"] == [*on_sample, {}]
    assert recipe_rungs(facts, section) == {}


@pytest.mark.parametrize(
    ("rows", "set_path", "written", "reason"),
    [
        (100_000, "training.l2", {"objective": {"on": "bags"}, "budget": {"cost": 9}}, None),
        (99_999, "training.l2", {}, "99,999 rows outside the test part are fewer than 100,000"),
        (10**6, "training.max_rows", {}, "training.max_rows is set"),
        (
            10**6,
            "training.l2",
            {"method": "random"},
            "search.method is not {scheduler: full_budget, sampler: sample_first}",
        ),
        (10**6, "training.l2", {"method": SAMPLE_FIRST}, None),
        (10**6, "training.l2", {"trials": 100}, "search.trials is set"),
        (10**6, "training.l2", {"start_from": "defaults"}, "search.start_from is set"),
    ],
)
def test_a_sample_is_needed_unless_other_trials_are_asked_for(
    rows: int, set_path: str, written: Mapping[str, Any], reason: str | None
) -> None:
    paths = [parse_path(set_path)]
    assert why_no_sample(rows, paths, written) == reason
    assert why_no_sample(rows, paths, written, max_trials=9) == reason
    assert why_no_sample(rows, paths, written, max_trials=8) == (reason or "8 trials are fewer than 9")


def test_a_table_with_edges_by_targets_may_have_quantiles_all_the_same() -> None:
    facts = search_facts(facts_of(rows=10_000))
    none, *embeddings = recipe_space(facts)["model.numeric_embedding"]["choice"]
    assert none == "none"
    kind = {"edges": "target", "code": "both"}
    assert [kind.items() <= value.items() for value in embeddings] == [True] * (len(embeddings) - 1) + [False]
    assert embeddings[-1] == {"name": "piecewise_linear", "bins": 16, "size": 4}


def test_columns_with_statistics_of_the_target_may_be_one_hot_all_the_same() -> None:
    encoding = "data.category_encoding"
    facts = facts_of(rows=10_000, many_categories=True)
    assert recipe_space(search_facts(facts))[encoding] == {"choice": ["target", "one_hot"]}
    assert encoding not in recipe_space(search_facts(facts_of(rows=10_000)))
    data = {"source": "table.csv", "target": "y", "category_encoding": "target"}
    assert encoding not in recipe_space(search_facts(facts, data=data))
