"""A search without a space on awkward tables: it has trials that can be trained, or a reason why not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fnnctl.config.reading.loading import ConfigText
from fnnctl.config.recipes.portfolio import learning_rate
from fnnctl.config.sources import MEMORY_SOURCE
from fnnctl.config.yaml_text import block_yaml
from fnnctl.data.in_memory import memory_data
from fnnctl.errors import ConfigError, Problem
from fnnctl.modelling.loading import LoadedExperiment, load_experiment
from fnnctl.records.trials import Trial
from fnnctl.trials.preparation import PreparedSearch, prepare_search
from tests.messages import Messages

ON_FOLDS = {"on": "cross_validation"}
RNG = np.random.default_rng(0)


def table(rows: int, *, numeric: int = 3, categories: int = 0, classes: int = 2) -> dict[str, list[Any]]:
    """Random columns, and a target of as many classes as are asked for; 0 for numbers."""
    columns: dict[str, list[Any]] = {f"x{index}": RNG.normal(size=rows).tolist() for index in range(numeric)}
    columns |= {f"c{index}": RNG.choice(list("abcd"), rows).tolist() for index in range(categories)}
    target = [f"k{row % classes}" for row in range(rows)] if classes else RNG.normal(size=rows).tolist()
    return {**columns, "day": list(range(rows)), "group": [row // 8 for row in range(rows)], "y": target}


def loaded(data: dict[str, list[Any]], **sections: Any) -> LoadedExperiment:
    used = {*sections.get("split", {}).values(), sections.get("weights")}
    ignored = [name for name in ("day", "group") if name not in used]
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


TABLES: list[tuple[dict[str, Any], dict[str, Any], str, int]] = [
    ({"rows": 20, "classes": 10}, {}, "bags", 12),
    ({"rows": 100, "numeric": 1_000}, {}, "bags", 12),
    ({}, {"split": {"group": "group"}}, "bags", 37),
    ({}, {"split": {"by": "day"}}, "validation", 37),
    ({"rows": 24}, {"split": {"group": "group"}}, "validation", 12),
    ({}, {"weights": "group"}, "bags", 37),
    ({"classes": 0}, {}, "bags", 37),
    ({"numeric": 0, "categories": 3}, {}, "bags", 37),
    ({}, {"recipe": "classic"}, "validation", 37),
    ({}, {"model": {"ensemble": 1}}, "validation", 37),
    ({}, {"model": {"hidden": []}}, "bags", 37),
    ({}, {"training": {"optimizer": "lbfgs"}}, "bags", 37),
    ({}, {"search": {"objective": ON_FOLDS}}, "cross_validation", 37),
    ({}, {"search": {"trials": 5}}, "bags", 5),
]


@pytest.mark.parametrize(("shape", "sections", "on", "count"), TABLES)
def test_every_table_has_a_search(
    shape: dict[str, Any], sections: dict[str, Any], on: str, count: int
) -> None:
    prepared = searched(table(**{"rows": 300, **shape}), **sections)
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


def problem_of(rows: int, **sections: Any) -> Problem:
    """The only problem of a search that is refused."""
    with pytest.raises(ConfigError) as error:
        searched(table(rows), **sections)
    (problem,) = error.value.problems
    return problem


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
        assert problem_of(100, **sections).path == wrong


def test_a_search_of_nothing_and_one_that_cannot_be_measured_say_why() -> None:
    sections = {
        "model": {"hidden": [], "numeric_embedding": "none", "ensemble": 3},
        "training": {
            "l2": 0.0, "epochs": 3, "batch_size": 8, "label_smoothing": 0.0,
            "optimizer": {"name": "adam", "learning_rate": 0.01},
        },
    }  # fmt: skip
    nothing = problem_of(100, **sections)
    assert (nothing.path, "there is nothing to search" in nothing.message) == ("search.space", True)
    unmeasured = problem_of(100, model={"ensemble": 1}, split={"validation": 0})
    assert "without a validation part" in unmeasured.message


@pytest.mark.parametrize(
    "section",
    [
        {},
        {"trials": 2},
        {"start_from": [{"training.l2": 0.1}], "trials": 1},
        {"start_from": "defaults", "method": "random"},
    ],
    ids=["recipe", "two trials", "given", "default first"],
)
def test_a_note_says_what_is_tried(section: dict[str, Any], messages: Messages) -> None:
    (note,) = searched(table(300), search=section).setup.notes
    messages.check(note)


def test_a_validation_part_takes_the_bags_and_the_note_says_so() -> None:
    _, reason = searched(table(300), split={"validation": 0.2}).setup.notes
    assert reason.endswith("data.split.validation is set; remove it, and trials are ensembles")


@pytest.mark.parametrize(
    "sections",
    [
        {"model": {"hidden": [8]}, "search": {"require": "depth < 3"}},
        {"search": {"require": ["epochs > 1", "dept < 3"]}},
        {"search": {"confirm": {"top": 2}}},
        {"search": {"method": {"scheduler": "full_budget", "sampler": "sample_first"}}},
    ],
    ids=["constraint", "name", "confirm", "sample first"],
)
def test_what_the_recipe_chose_is_told_if_it_contradicts_the_section(
    sections: dict[str, Any], messages: Messages
) -> None:
    problem = problem_of(300, **sections)
    messages.check(f"{problem.path}: {problem.message}")


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
