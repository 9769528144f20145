"""A search without a space on awkward tables: it has trials that can be trained, or a reason why not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fnnctl.config.reading.loading import ConfigText
from fnnctl.config.recipes.portfolio import learning_rate
from fnnctl.config.recipes.search import SAMPLED_FROM
from fnnctl.config.sources import MEMORY_SOURCE
from fnnctl.config.yaml_text import block_yaml
from fnnctl.data.in_memory import memory_data
from fnnctl.errors import ConfigError
from fnnctl.modelling.loading import LoadedExperiment, load_experiment
from fnnctl.records.trials import Trial
from fnnctl.trials.preparation import PreparedSearch, prepare_search

ON_FOLDS = {"on": "cross_validation"}
RNG = np.random.default_rng(0)


def table(rows: int, *, numeric: int = 3, categories: int = 0, classes: int = 2) -> dict[str, list[Any]]:
    """Random columns, and a target of as many classes as are asked for; 0 for numbers."""
    columns: dict[str, list[Any]] = {f"x{index}": RNG.normal(size=rows).tolist() for index in range(numeric)}
    columns |= {f"c{index}": RNG.choice(list("abcd"), rows).tolist() for index in range(categories)}
    target = [f"k{row % classes}" for row in range(rows)] if classes else RNG.normal(size=rows).tolist()
    return {**columns, "day": list(range(rows)), "group": [row // 8 for row in range(rows)], "y": target}


def loaded(data: dict[str, list[Any]], **sections: Any) -> LoadedExperiment:
    ignored = [name for name in ("day", "group") if name not in sections.get("split", {}).values()]
    config = {
        "data": {
            "source": MEMORY_SOURCE,
            "target": "y",
            "columns": {"ignore": ignored},
            "split": sections.pop("split", {}),
            **({"weights": weights} if (weights := sections.pop("weights", None)) else {}),
        },
        **sections,
    }
    return load_experiment(ConfigText(block_yaml(config).encode()), memory=memory_data(data))


def searched(data: dict[str, list[Any]], **sections: Any) -> PreparedSearch:
    return prepare_search(loaded(data, **sections), max_trials=None)


@pytest.mark.parametrize(
    ("search", "on", "count"),
    [
        (lambda: searched(table(30)), "bags", 12),
        (lambda: searched(table(20, classes=10)), "bags", 12),
        (lambda: searched(table(100, numeric=1_000)), "bags", 12),
        (lambda: searched(table(300), split={"group": "group"}), "bags", 37),
        (lambda: searched(table(300), split={"by": "day"}), "validation", 37),
        (lambda: searched(table(24), split={"group": "group"}), "validation", 12),
        (lambda: searched({**table(300), "w": [row % 3 for row in range(300)]}, weights="w"), "bags", 37),
        (lambda: searched(table(300, classes=0)), "bags", 37),
        (lambda: searched(table(300, numeric=0, categories=3)), "bags", 37),
        (lambda: searched(table(300), recipe="fast"), "bags", 37),
        (lambda: searched(table(300), recipe="classic"), "validation", 37),
        (lambda: searched(table(300), model={"ensemble": 1}), "validation", 37),
        (lambda: searched(table(300), model={"ensemble": 3, "hidden": [7]}), "bags", 37),
        (lambda: searched(table(300), model={"hidden": []}), "bags", 37),
        (lambda: searched(table(300), training={"optimizer": "lbfgs"}), "bags", 37),
        (
            lambda: searched(table(300), search={"objective": ON_FOLDS}),
            "cross_validation",
            37,
        ),
        (lambda: searched(table(300), search={"trials": 5}), "bags", 5),
    ],
)
def test_every_table_has_a_search(search: Any, on: str, count: int) -> None:
    prepared = search()
    settings = prepared.setup.settings
    assert settings.objective.on == on
    assert settings.trials == count
    assert (settings.budget.cost is None) == (count == 5)
    tried, *reasons = prepared.setup.notes
    is_one_of_several = on != "bags" and prepared.setup.experiment.model.ensemble.members > 1
    default = "the default settings" + " with one network" * is_one_of_several
    assert tried.startswith(f"no search.space: {default}, ")
    assert bool(reasons) == (on == "validation")
    assert len(prepared.setup.first) >= 5
    assert (settings.ensemble is None) == (on == "cross_validation")
    # all first trials can be trained, and the default is the first of them
    assert all(map(prepared.fits.valid_stack_keys, prepared.setup.first))
    trials = {number: Trial(number, first) for number, first in enumerate(prepared.setup.first)}
    assert prepared.setup.default_trial(trials) == 0


def test_the_default_trial_is_what_train_trains() -> None:
    data = table(300)
    prepared, alone = searched(data), loaded(data)
    fit = alone.fit(alone.split())
    (default,) = prepared.fits.fits(prepared.setup.first[0])
    assert (default.seed, default.settings, default.sizes) == (fit.seed, fit.settings, fit.sizes)
    assert default.experiment.training.epochs == fit.experiment.training.epochs


def test_what_is_set_is_neither_searched_nor_changed() -> None:
    prepared = searched(
        table(300),
        model={"hidden": [7]},
        training={"epochs": 5, "optimizer": {"name": "adam", "learning_rate": 0.002}},
        search={"method": "random", "ensemble": None, "objective": {"metric": "log_loss"}},
    )
    settings = prepared.setup.settings
    assert (settings.method.name, settings.ensemble) == ("random", None)
    assert (settings.objective.metric, settings.objective.on) == ("log_loss", "bags")
    assert not {"model.hidden", "training.epochs", "training.optimizer.learning_rate"} & {*settings.domains}
    for assignment in prepared.setup.first:
        experiment = prepared.setup.configs.experiment_of(assignment)
        assert [layer.units for layer in experiment.model.hidden] == [7]
        assert experiment.training.epochs == 5
        assert learning_rate(experiment) == 0.002


@pytest.mark.parametrize(
    ("start_from", "model", "wrong"),
    [
        ("defaults", {"hidden": []}, None),  # without layers, some domains are left out
        ([{"training.l2": 0.1}, {"training.l2": 0.2}], {}, None),
        ([{"training.l2": 0.1}, {"training.l2": -1.0}], {}, "search.start_from[1].training.l2"),
        ([{"model.hidden": [9]}], {"hidden": [7]}, "search.start_from[0].model.hidden"),
    ],
)
def test_first_trials_that_are_written_stay(
    start_from: Any, model: dict[str, Any], wrong: str | None
) -> None:
    sections = {"search": {"start_from": start_from}, "model": model}
    if wrong is None:
        first = searched(table(100), **sections).setup.first
        assert len(first) == (1 if start_from == "defaults" else 2)
    else:
        with pytest.raises(ConfigError) as error:
            searched(table(100), **sections)
        assert [problem.path for problem in error.value.problems] == [wrong]


def test_a_search_of_nothing_and_one_that_cannot_be_measured_say_why() -> None:
    sections = {
        "model": {"hidden": [], "numeric_embedding": "none", "ensemble": 3},
        "training": {
            "l2": 0.0, "epochs": 3, "batch_size": 8, "label_smoothing": 0.0,
            "optimizer": {"name": "adam", "learning_rate": 0.01},
        },
    }  # fmt: skip
    with pytest.raises(ConfigError, match="there is nothing to search") as error:
        searched(table(100), **sections)
    assert error.value.problems[0].path == "search.space"
    with pytest.raises(ConfigError, match="without a validation part"):
        searched(table(100), model={"ensemble": 1}, split={"validation": 0})


@pytest.mark.parametrize(
    ("sections", "tried"),
    [
        (
            {},
            "the default settings, 15 configurations good on other tables, then configurations from a "
            "tree-structured Parzen estimator around the recipe's values",
        ),
        ({"search": {"trials": 2}}, "the default settings, 1 configuration good on other tables"),
        (
            {"search": {"start_from": [{"training.l2": 0.1}], "trials": 1}},
            "1 configuration of search.start_from",
        ),
        (
            {"search": {"start_from": "defaults", "method": "random"}},
            "1 configuration of search.start_from, then random configurations around the recipe's values",
        ),
    ],
)
def test_a_note_says_what_is_tried(sections: dict[str, Any], tried: str) -> None:
    (note,) = searched(table(300), **sections).setup.notes
    assert note == f"no search.space: {tried}"


def test_a_validation_part_takes_the_bags_and_the_note_says_so() -> None:
    _, reason = searched(table(300), split={"validation": 0.2}).setup.notes
    assert reason.endswith("data.split.validation is set; remove it, and trials are ensembles")


@pytest.mark.parametrize(
    ("sections", "path", "message"),
    [
        (
            {"model": {"hidden": [8]}, "search": {"require": "depth < 3"}},
            "search.require",
            "model.hidden is not searched, because the config sets it",
        ),
        ({"search": {"require": ["epochs > 1", "dept < 3"]}}, "search.require[1]", "did you mean 'depth'"),
        (
            {"search": {"confirm": {"top": 2}}},
            "search.confirm",
            "because the config does not set search.objective.on",
        ),
        (
            {"search": {"method": {"scheduler": "full_budget", "sampler": "sample_first"}}},
            "search.method",
            f"without a space, because 240 rows outside the test part are fewer than {SAMPLED_FROM:,}",
        ),
    ],
)
def test_what_the_recipe_chose_is_told_if_it_contradicts_the_section(
    sections: dict[str, Any], path: str, message: str
) -> None:
    with pytest.raises(ConfigError) as error:
        searched(table(300), **sections)
    (problem,) = error.value.problems
    assert (problem.path, message in problem.message) == (path, True)


def test_the_section_is_written_so_that_it_is_the_same_search(tmp_path: Path) -> None:
    """The complete section names a space, so nothing is chosen again."""
    data = table(60)
    prepared = searched(data)
    config = {**prepared.loaded.resolved.provenance.config}
    again = prepare_search(
        load_experiment(ConfigText(block_yaml(config).encode()), memory=memory_data(data)), max_trials=None
    )
    assert prepared.is_from_recipe
    assert not again.is_from_recipe
    assert again.setup.first == prepared.setup.first
    assert again.setup.settings == prepared.setup.settings
    assert again.setup.header("", {}) == prepared.setup.header("", {})


def test_fewer_epochs_than_the_recipe_has_give_rungs_below_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fnnctl.config.recipes.search.ROWS_FOR_RUNGS", 100)
    prepared = searched(table(200), search={"budget": {"max_epochs": 3}})
    budget = prepared.setup.budget
    assert (budget.min_epochs, budget.max_epochs) == (1, 3)


@pytest.mark.parametrize(("most", "epochs"), [(21, None), (22, [11, 22]), (40, [11, 40]), (90, [11, 88])])
def test_epochs_are_searched_up_to_the_most_of_the_budget(most: int, epochs: list[int] | None) -> None:
    prepared = searched(table(200), search={"budget": {"max_epochs": most}})
    section = prepared.loaded.resolved.provenance.config["search"]
    assert section["space"].get("training.epochs") == (None if epochs is None else {"log_integer": epochs})
    tried = {entry["training.epochs"] for entry in section["start_from"] if "training.epochs" in entry}
    assert max(tried, default=None) == (epochs and epochs[1])
    said = [note for note in prepared.setup.notes if note.startswith("training.epochs is not searched")]
    assert len(said) == (epochs is None)
    assert prepared.setup.default_trial({0: Trial(0, prepared.setup.first[0])}) == 0


def test_a_sample_of_very_many_rows_is_tried_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 200 rows 40 are tested; the others are more than enough here."""
    monkeypatch.setattr("fnnctl.config.recipes.search.SAMPLED_FROM", 160)
    for module in ("fnnctl.config.recipes.search", "fnnctl.trials.recipe"):
        monkeypatch.setattr(f"{module}.SAMPLE_ROWS", 50)
    prepared = searched(table(200))
    settings = prepared.setup.settings
    assert settings.method.name == "full_budget × sample_first"
    first = [Trial(number, assignment) for number, assignment in enumerate(prepared.setup.first)]
    assert [trial.assignment["training.max_rows"] for trial in first] == [50] * 6 + [None]
    assert (prepared.plan.trials, settings.trials, settings.budget.cost) == (9, None, None)
    assert prepared.setup.default_trial(dict(enumerate(first))) == 6
    (note,) = prepared.setup.notes
    assert "6 configurations are tried on 50 of the 160 rows first, and the best 2 on all of them" in note
    ordered = searched(table(200), split={"by": "day"})
    assert (ordered.setup.settings.objective.on, len(ordered.setup.notes)) == ("validation", 2)
    assert searched(table(199)).setup.settings.method.name != settings.method.name
    few = prepare_search(loaded(table(200)), max_trials=8)  # none would be left for all rows
    assert (few.plan.trials, few.setup.settings.method.sampler) == (8, "auto")
    own = searched(table(200), search={"trials": 20})
    assert (own.plan.trials, own.setup.settings.method.sampler) == (20, "auto")
