from __future__ import annotations

from pathlib import Path

from fnnctl.config.rules.recipes.facts import RecipeFacts
from fnnctl.modelling.loading import load_experiment
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


def test_the_rows_of_a_test_file_do_not_count(tmp_path: Path) -> None:
    assert facts(tmp_path, "target: label, test_source: test.csv}").rows == 30
    assert facts(tmp_path, "target: label, split: {test: 0.5}}").rows == 30


def test_the_default_metric_is_the_tasks(tmp_path: Path) -> None:
    found = facts(tmp_path, "target: number, columns: {ignore: [label]}}")
    assert (found.task, found.metric) == ("regression", "r2")


def test_the_metric_is_the_searchs_objective(tmp_path: Path) -> None:
    assert facts(tmp_path, "target: label}\nsearch: {objective: {metric: log_loss}}").metric == "log_loss"
    assert facts(tmp_path, "target: label}\nsearch: {method: random}").metric == "accuracy"


def test_incomplete_columns_are_counted(tmp_path: Path) -> None:
    rows = "".join(f"{i / 7},{'' if i == 3 else i / 5},{'' if i == 5 else f'2024-0{i % 9 + 1}-11'},{i % 2}\n"
                   for i in range(30))  # fmt: skip
    (tmp_path / "own.csv").write_text(f"a,b,day,label\n{rows}")
    (tmp_path / "c.yaml").write_text("data: {source: own.csv, target: label}\n")
    loaded = load_experiment(tmp_path / "c.yaml")
    found = recipe_facts(loaded.data, loaded.experiment)
    assert (found.numeric, found.indicators) == (5, 4), "the day has a month, a weekday and days"
