"""What recipes know of a table; and a recipe has bags only where they cannot make an experiment fail."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from fnnctl.config.schema.recipe_values import RecipeFacts
from fnnctl.modelling.loading import LoadedExperiment, load_experiment
from fnnctl.modelling.recipe_facts import recipe_facts
from tests.messages import Messages

SPACE = "space: {training.l2: {log_uniform: [1e-6, 1e-2]}}"


@pytest.fixture
def facts(tmp_path: Path) -> Callable[..., RecipeFacts]:
    """The facts of a table with these columns."""

    def facts_of(config: str, columns: Mapping[str, Sequence[object]]) -> RecipeFacts:
        lines = [",".join(map(str, row)) for row in zip(*columns.values(), strict=True)]
        for name in ("own.csv", "test.csv"):
            (tmp_path / name).write_text("\n".join([",".join(columns), *lines]) + "\n")
        (tmp_path / "c.yaml").write_text(f"recipe: classic\ndata: {{source: own.csv, {config}\n")
        loaded = load_experiment(tmp_path / "c.yaml")
        return recipe_facts(loaded.data, loaded.experiment)

    return facts_of


TABLE = {
    "number": [i / 7 for i in range(30)],
    "colour": [*"abc"] * 10,
    "size": [*"xy"] * 15,
    "label": [0, 1] * 15,
}


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (
            "target: label}",
            {
                "task": "classification",
                "rows": 30,
                "numeric": 1,
                "indicators": 0,
                "categories": 7,
                "outputs": 2,
            },
        ),
        ("target: label, test_source: test.csv}", {"rows": 30}),
        ("target: label, split: {test: 0.5}}", {"rows": 30}),
        ("target: number, columns: {ignore: [label]}}", {"task": "regression", "metric": "r2"}),
        (
            f"target: label}}\nsearch: {{objective: {{metric: log_loss}}, {SPACE}}}",
            {"metric": "log_loss", "has_search": True},
        ),
        (f"target: label}}\nsearch: {{method: random, {SPACE}}}", {"metric": "accuracy", "has_search": True}),
        # trials on bags are what `train` trains; so are those of a search that names no space
        (
            "target: label}\nsearch: {objective: {metric: log_loss}}",
            {"metric": "accuracy", "has_search": False},
        ),
        (
            f"target: label}}\nsearch: {{objective: {{on: bags}}, {SPACE}}}",
            {"metric": "accuracy", "has_search": False},
        ),
    ],
)
def test_what_recipes_know(
    config: str, expected: dict[str, object], facts: Callable[..., RecipeFacts]
) -> None:
    known = facts(config, TABLE)
    assert {name: getattr(known, name) for name in expected} == expected


@pytest.mark.parametrize(("values", "has_many"), [(10, False), (11, True)])
def test_a_column_of_more_than_ten_categories(
    values: int, has_many: bool, facts: Callable[..., RecipeFacts]
) -> None:
    columns = {"place": [f"v{i % values}" for i in range(40)], "label": [0, 1] * 20}
    assert facts("target: label}", columns).many_categories is has_many


def test_incomplete_columns_are_counted(facts: Callable[..., RecipeFacts]) -> None:
    """A day has a month, a weekday and days."""
    days = ["" if i == 5 else f"2024-0{i % 9 + 1}-11" for i in range(30)]
    holes = ["" if i == 3 else i / 5 for i in range(30)]
    columns = {"a": TABLE["number"], "b": holes, "day": days, "label": TABLE["label"]}
    known = facts("target: label}", columns)
    assert (known.numeric, known.indicators) == (5, 4)


Load = Callable[..., LoadedExperiment]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Load an experiment of rows in groups of these sizes, with weights `w`."""

    def load_table(
        sizes: Sequence[int], settings: str, *overrides: str, weights: Sequence[int] = ()
    ) -> LoadedExperiment:
        groups = [group for group, size in enumerate(sizes) for _ in range(size)]
        rows = [
            f"{i * i % 91},{group},{weight},{'ab'[i % 2]}\n"
            for i, (group, weight) in enumerate(zip(groups, weights or [1] * len(groups), strict=True))
        ]
        (tmp_path / "t.csv").write_text("x,g,w,y\n" + "".join(rows))
        columns = "" if "group" in settings else ", columns: {ignore: [g]}"
        (tmp_path / "t.yaml").write_text(
            f"recipe: default\ndata: {{source: t.csv, target: y, weights: w{columns}, {settings}}}\n"
        )
        return load_experiment(tmp_path / "t.yaml", overrides)

    return load_table


def reason_of(loaded: LoadedExperiment) -> str | None:
    """Why the recipe has no bags; its members, train and a cross-validation are there in any case."""
    ensemble = loaded.experiment.model.ensemble
    reason = loaded.resolved.provenance.omitted.get(("model", "ensemble", "bags"))
    assert (ensemble.members, ensemble.bags) == (8, reason is None)
    loaded.fit(loaded.split())
    loaded.cross_validation()
    return reason.clause if reason else None


GROUPED, WHOLE = "split: {group: g}", "split: {test: 0}"
GROUPS_WHOLE = "split: {group: g, test: 0}"
NO_BAGS: dict[str, tuple[list[int], str, list[int]]] = {
    "few rows outside the test part": ([40], "split: {test: 0.84, validation: 0}", []),
    "few rows in a fold": ([8], WHOLE, []),
    "an order": ([40], "split: {by: x}", []),
    "few groups outside the test part": ([80, *[2] * 8], GROUPED, []),
    # the small groups are one of five folds, so four are left; there are enough groups for `train` alone
    "few groups in a fold": ([40, 40, 40, 40, *[1] * 40], GROUPS_WHOLE, []),
    "a group of many training rows": ([120, *[3] * 40], GROUPED, []),
    "groups of many validation rows": ([70, 70, 70, 70, *[1] * 20], GROUPS_WHOLE, []),
    "few rows with a weight": ([80], WHOLE, [*[1] * 3, *[0] * 77]),
}


@pytest.mark.parametrize("name", NO_BAGS)
def test_why_a_recipe_has_no_bags(name: str, load: Load, messages: Messages) -> None:
    sizes, settings, weights = NO_BAGS[name]
    messages.check(reason_of(load(sizes, settings, weights=weights)))


@pytest.mark.parametrize(
    ("sizes", "settings", "weights"),
    [
        ([40], "split: {test: 0.2}", []),
        ([10] * 20, GROUPED, []),
        ([3, 9, 5, 7] * 8, GROUPED, []),
        ([1] * 12, GROUPED, []),
        ([80], WHOLE, [*[1] * 50, *[0] * 30]),
    ],
)
def test_a_recipe_has_bags(sizes: list[int], settings: str, weights: list[int], load: Load) -> None:
    assert reason_of(load(sizes, settings, weights=weights)) is None


def test_a_single_row_with_a_weight(load: Load) -> None:
    """There is a member whose bag lacks that row, and a fold that cannot be trained at all."""
    loaded = load([80], WHOLE, weights=[1, *[0] * 79])
    reason = loaded.resolved.provenance.omitted[("model", "ensemble", "bags")].clause
    assert reason == "all training rows of one of the members have weight 0"
    assert loaded.fit(loaded.split()).trained_rows == 68


def test_rows_that_cannot_be_split_can_be_cross_validated(load: Load) -> None:
    """A training part of one row has too few for two classes; the folds have enough for bags."""
    loaded = load([20], "split: {test: 0.8}", "data.split.test=0.94")
    assert loaded.experiment.model.ensemble.bags
    assert {fit.trained_rows for fit in loaded.cross_validation().fits} == {14}


def test_bags_that_are_asked_for_are_not_judged(load: Load) -> None:
    loaded = load([120, *[3] * 40], GROUPED, "model.ensemble={members: 8, bags: true}")
    assert loaded.experiment.model.ensemble.bags
    assert loaded.fit(loaded.split()).trained_rows == 72
