"""Embeddings of columns that the data do not have are refused, and the recipe does not propose them."""

from __future__ import annotations

from pathlib import Path

import pytest

from fnnctl.errors import InputError
from fnnctl.modelling.loading import LoadedExperiment, load_experiment


@pytest.fixture
def letters(tmp_path: Path) -> Path:
    """A config of a table without numbers."""
    rows = "".join(f"{'pqr'[i % 3]},{'ab'[i % 2]}\n" for i in range(60))
    (tmp_path / "own.csv").write_text("letter,label\n" + rows)
    path = tmp_path / "c.yaml"
    path.write_text("data: {source: own.csv, target: label}\n")
    return path


def load(path: Path, *overrides: str) -> LoadedExperiment:
    return load_experiment(path, overrides)


def test_numbers_that_are_not_there(letters: Path) -> None:
    for given in ("piecewise_linear", "{name: piecewise_linear, bins: 4}"):
        with pytest.raises(InputError) as caught:
            load(letters, f"model.numeric_embedding={given}")
        (problem,) = caught.value.problems
        assert str(problem) == (
            "--set: model.numeric_embedding: has no effect: the data have no numeric columns; write none"
        )


def test_what_is_off_or_the_recipes_is_no_problem(letters: Path) -> None:
    for overrides in ([], ["model.numeric_embedding=none"]):
        assert load(letters, *overrides).experiment.model.numeric_embedding.name == "none"
