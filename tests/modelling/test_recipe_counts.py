"""What a recipe may cost, counted as epochs × rows × parameters × networks, over tables of many shapes.

All columns are numbers: they are embedded, so the networks are the largest ones that a recipe makes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from fnnctl.config.recipes.resolving import resolve
from fnnctl.config.rules.experiments import experiment_of
from fnnctl.config.schema.recipe_values import MAX_PARAMETERS
from fnnctl.modelling.fit import Fit
from fnnctl.modelling.loading import load_experiment, split_data
from fnnctl.modelling.recipe_facts import recipe_facts
from fnnctl.tasks.task import TaskData

MAX_DEFAULT: Final = 13.0
"""How many times classic's count that of `default` may be."""
MAX_FAST: Final = 2.1
MAX_DEFAULT_OF_TWO: Final = 20.0
"""The same with two columns: classic's network has 401 parameters for a number and 502 for two classes, and
there are 4,160 between two layers of 64 alone. The training is cheap all the same: its count is below that
for eight columns.
"""
ROWS: Final = (50, 20_000, 200_000)
WRITTEN_ROWS: Final = 200
"""Larger tables have the same networks and shares of rows, so this many rows stand for them."""


def numbers(folder: Path, rows: int, columns: int, classes: int) -> TaskData:
    """Random numbers; `classes` is 0 for a numeric target."""
    rng = np.random.default_rng(0)
    header = [*(f"x{column}" for column in range(columns)), "y"]
    lines = [
        [f"{value:.4f}" for value in rng.normal(size=columns)]
        + [f"class {row % classes}" if classes else f"{rng.normal():.6f}"]
        for row in range(rows)
    ]
    text = "\n".join(",".join(line) for line in [header, *lines])
    (folder / "table.csv").write_text(text, encoding="utf-8")
    (folder / "config.yaml").write_text(
        "recipe: classic\ndata: {source: table.csv, target: y}", encoding="utf-8"
    )
    return load_experiment(folder / "config.yaml").data


def count(data: TaskData, recipe: str, rows: int) -> float:
    """The count of a training, if the data had this many rows."""
    config = {"name": "counted", "recipe": recipe, "data": {"source": "table.csv", "target": "y"}}
    written = experiment_of(config)
    facts = replace(recipe_facts(data, written), rows=rows)
    experiment = resolve(config, facts, check=data.task.check).experiment
    fit = Fit.of(data, experiment, split_data(data, experiment))
    trained_rows = rows * fit.trained_rows / len(data)
    return experiment.training.epochs * trained_rows * fit.layout.size * fit.settings.ensemble


def ratios(folder: Path, recipe: str, columns: int, classes: int) -> Iterator[float]:
    """The recipe's count in multiples of classic's, over `ROWS`."""
    for rows in ROWS:
        data = numbers(folder, min(rows, WRITTEN_ROWS), columns, classes)
        yield count(data, recipe, rows) / count(data, "classic", rows)


@pytest.mark.parametrize(
    ("columns", "classes"), [(2, 2), (2, 0), (8, 10), (30, 0), (30, 2), (100, 10), (100, 0)]
)
def test_the_count_is_limited(columns: int, classes: int, tmp_path: Path) -> None:
    limit = MAX_DEFAULT_OF_TWO if columns == 2 else MAX_DEFAULT
    assert max(ratios(tmp_path, "default", columns, classes)) <= limit
    assert max(ratios(tmp_path, "fast", columns, classes)) <= MAX_FAST


def test_the_count_is_that_of_the_formula(tmp_path: Path) -> None:
    """Of 200 rows 40 are tested; classic validates on 30 more, a member of eight on 20 and one of four on 40.

    With classes each member of `default` has a twin, and there are fewer epochs. A column is its value and
    three mixtures of 16 bins, each with a factor.
    """
    data = numbers(tmp_path, 200, 2, 2)
    assert count(data, "classic", 200) == 200 * 130 * (3 * 100 + 101 * 2)
    inputs = 2 * (3 * 16 + 4)
    assert count(data, "default", 200) == 22 * 140 * 16 * (inputs + 9 * 64 + 65 * 64 + 65 * 2)
    assert count(data, "fast", 200) == 32 * 120 * 4 * (inputs + 9 * 64 + 65 * 2)
    data = numbers(tmp_path, 200, 2, 0)
    assert count(data, "default", 200) == 32 * 140 * 8 * (inputs + 9 * 64 + 65 * 64 + 65)
    assert count(data, "fast", 200) == 32 * 120 * 4 * (inputs + 9 * 64 + 65)


@pytest.mark.parametrize("recipe", ["default", "fast"])
def test_many_categories_give_no_more_parameters_than_allowed(recipe: str, tmp_path: Path) -> None:
    """Sixty columns of texts that are different in most of their 110 rows, beside one of numbers."""
    header = ",".join(["number", *(f"c{column}" for column in range(60)), "y"])
    lines = [
        ",".join([f"{row % 7 / 2}", *(f"t{row * (column + 1) % 97}" for column in range(60)), "ab"[row % 2]])
        for row in range(110)
    ]
    (tmp_path / "table.csv").write_text("\n".join([header, *lines]), encoding="utf-8")
    (tmp_path / "config.yaml").write_text(f"recipe: {recipe}\ndata: {{source: table.csv, target: y}}\n")
    loaded = load_experiment(tmp_path / "config.yaml")
    fit = loaded.fit(loaded.split())
    assert len(fit.preprocessor.features) > 4_000
    assert 100_000 < fit.layout.size <= MAX_PARAMETERS
