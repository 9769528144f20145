"""A recipe has bags only where they cannot make an experiment fail, and leave few rows out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from fnnctl.config.schema.recipe_values import RecipeFacts
from fnnctl.modelling.loading import LoadedExperiment, load_experiment
from fnnctl.modelling.recipe_facts import recipe_facts


def facts(folder: Path, config: str) -> RecipeFacts:
    rows = "".join(f"{i / 7},{'abc'[i % 3]},{'xy'[i % 2]},{i % 2}\n" for i in range(30))
    (folder / "own.csv").write_text(f"number,colour,size,label\n{rows}")
    (folder / "test.csv").write_text(f"number,colour,size,label\n{rows}")
    (folder / "c.yaml").write_text(f"recipe: classic\ndata: {{source: own.csv, {config}\n")
    loaded = load_experiment(folder / "c.yaml")
    return recipe_facts(loaded.data, loaded.experiment)


def test_the_columns_of_a_table(tmp_path: Path) -> None:
    assert facts(tmp_path, "target: label}") == RecipeFacts(
        task="classification", rows=30, numeric=1, indicators=0, categories=7, outputs=2, metric="accuracy"
    )


def test_a_column_of_more_than_ten_categories(tmp_path: Path) -> None:
    def has_many(values: int) -> bool:
        rows = "".join(f"v{i % values},{i / 7},{i % 2}\n" for i in range(40))
        (tmp_path / "own.csv").write_text(f"place,number,label\n{rows}")
        (tmp_path / "c.yaml").write_text("recipe: classic\ndata: {source: own.csv, target: label}\n")
        loaded = load_experiment(tmp_path / "c.yaml")
        return recipe_facts(loaded.data, loaded.experiment).many_categories

    assert [has_many(10), has_many(11)] == [False, True]


def test_the_rows_of_a_test_file_do_not_count(tmp_path: Path) -> None:
    assert facts(tmp_path, "target: label, test_source: test.csv}").rows == 30
    assert facts(tmp_path, "target: label, split: {test: 0.5}}").rows == 30


def test_the_default_metric_is_the_tasks(tmp_path: Path) -> None:
    found = facts(tmp_path, "target: number, columns: {ignore: [label]}}")
    assert (found.task, found.metric) == ("regression", "r2")


def test_the_metric_is_the_searchs_objective(tmp_path: Path) -> None:
    space = "space: {training.l2: {log_uniform: [1e-6, 1e-2]}}"
    objective = "objective: {metric: log_loss}"
    assert facts(tmp_path, f"target: label}}\nsearch: {{{objective}, {space}}}").metric == "log_loss"
    searched = facts(tmp_path, f"target: label}}\nsearch: {{method: random, {space}}}")
    assert (searched.metric, searched.has_search) == ("accuracy", True)


def test_a_search_on_bags_is_none_for_the_recipe(tmp_path: Path) -> None:
    """Its trials are what `train` trains; so are those of a search that names no space."""
    for section in (
        "objective: {metric: log_loss}",
        "objective: {on: bags}, space: {training.l2: {choice: [1]}}",
    ):
        searched = facts(tmp_path, f"target: label}}\nsearch: {{{section}}}")
        assert (searched.metric, searched.has_search) == ("accuracy", False)


def test_incomplete_columns_are_counted(tmp_path: Path) -> None:
    rows = "".join(f"{i / 7},{'' if i == 3 else i / 5},{'' if i == 5 else f'2024-0{i % 9 + 1}-11'},{i % 2}\n"
                   for i in range(30))  # fmt: skip
    (tmp_path / "own.csv").write_text(f"a,b,day,label\n{rows}")
    (tmp_path / "c.yaml").write_text("data: {source: own.csv, target: label}\n")
    loaded = load_experiment(tmp_path / "c.yaml")
    found = recipe_facts(loaded.data, loaded.experiment)
    assert (found.numeric, found.indicators) == (5, 4), "the day has a month, a weekday and days"


Load = Callable[..., LoadedExperiment]
ALTERNATING = "ab" * 500


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Load an experiment of rows in groups `g`, each group a letter's number, and with weights `w`."""

    def load_table(
        groups: Sequence[int], settings: str, *overrides: str, weights: Sequence[int] = ()
    ) -> LoadedExperiment:
        weights = weights or [1] * len(groups)
        rows = [
            f"{i * i % 91},{group},{weight},{ALTERNATING[i]}\n"
            for i, (group, weight) in enumerate(zip(groups, weights, strict=True))
        ]
        (tmp_path / "t.csv").write_text("x,g,w,y\n" + "".join(rows))
        columns = "" if "group" in settings else ", columns: {ignore: [g]}"
        (tmp_path / "t.yaml").write_text(
            f"recipe: default\ndata: {{source: t.csv, target: y, weights: w{columns}, {settings}}}\n"
        )
        return load_experiment(tmp_path / "t.yaml", overrides)

    return load_table


def groups_of(*sizes: int) -> list[int]:
    return [group for group, size in enumerate(sizes) for _ in range(size)]


def reason_of(loaded: LoadedExperiment) -> str | None:
    """Why the recipe has no bags; its members, train and a cross-validation are there in any case."""
    ensemble = loaded.experiment.model.ensemble
    reason = loaded.resolved.provenance.omitted.get(("model", "ensemble", "bags"))
    assert (ensemble.members, ensemble.bags) == (8, reason is None)
    loaded.fit(loaded.split())
    loaded.cross_validation()
    return reason.clause if reason else None


GROUPED = "split: {group: g}"


@pytest.mark.parametrize(
    ("sizes", "settings", "reason"),
    [
        ([10] * 20, GROUPED, None),
        ([3, 9, 5, 7] * 8, GROUPED, None),
        ([1] * 12, GROUPED, None),
        ([80, *[2] * 8], GROUPED, "2 groups outside the test part cannot be divided into 8 folds"),
        (
            [120, *[3] * 40],
            GROUPED,
            "the groups differ so much in size that each member would be trained on 72 of the 192 rows "
            "outside the test part",
        ),
        (
            [70, 70, 70, 70, *[1] * 20],
            "split: {group: g, test: 0}",
            "the groups differ so much in size that 40 of the 300 rows outside the test part would be "
            "validation rows",
        ),
    ],
)
def test_groups(load: Load, sizes: list[int], settings: str, reason: str | None) -> None:
    assert reason_of(load(groups_of(*sizes), settings)) == reason


def test_a_fold_of_a_cross_validation_may_have_fewer_groups_than_members(load: Load) -> None:
    """The small groups are one of five folds, so four are left; there are enough groups for `train` alone."""
    loaded = load(groups_of(40, 40, 40, 40, *[1] * 40), "split: {group: g, test: 0}")
    assert reason_of(loaded) == (
        "in a fold of a cross-validation, 4 groups outside the test part cannot be divided into 8 folds"
    )


def test_rows_without_weight(load: Load) -> None:
    """With one weight above 0, there is a member whose bag lacks that row; with 50 of 80, there is none."""
    reason = "all training rows of one of the members have weight 0"
    share = "split: {test: 0}"
    few = load([0] * 80, share, weights=[1, *[0] * 79])
    assert few.resolved.provenance.omitted[("model", "ensemble", "bags")].clause == reason
    assert few.fit(few.split()).trained_rows == 68
    in_folds = load([0] * 80, share, weights=[*[1] * 3, *[0] * 77])
    assert reason_of(in_folds) == f"in a fold of a cross-validation, {reason}"
    assert reason_of(load([0] * 80, share, weights=[*[1] * 50, *[0] * 30])) is None


def test_rows_that_cannot_be_split_can_be_cross_validated(load: Load) -> None:
    """A training part of one row has too few for two classes; the folds have enough for bags."""
    loaded = load([0] * 20, "split: {test: 0.8}", "data.split.test=0.94")
    assert loaded.experiment.model.ensemble.bags
    assert {fit.trained_rows for fit in loaded.cross_validation().fits} == {14}


def test_bags_that_are_asked_for_are_not_judged(load: Load) -> None:
    loaded = load(groups_of(120, *[3] * 40), GROUPED, "model.ensemble={members: 8, bags: true}")
    assert loaded.experiment.model.ensemble.bags
    assert loaded.fit(loaded.split()).trained_rows == 72
