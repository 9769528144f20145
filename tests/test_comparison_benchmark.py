"""The benchmark of comparisons on a few small pairs: it compares what it says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.benchmarks import comparison
from tests.benchmarks.comparison import SCENARIOS, compared_pair, write_data


@pytest.mark.usefixtures("no_figures")
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_every_scenario_makes_the_comparison_of_its_name(
    scenario: comparison.Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("MADE", "BUILTIN"):
        text = getattr(comparison, name).replace("repeats: 5", "repeats: 1").replace("epochs: 1", "epochs: ")
        monkeypatch.setattr(comparison, name, text)
    pair = compared_pair(replace(scenario, rows=200), 3, tmp_path)
    assert (pair.test.why_unpaired is None) == scenario.same_split
    assert pair.test.samples == ("rows" if scenario.kind == "train" else "folds")


def test_the_best_accuracies_are_5_points_apart(tmp_path: Path) -> None:
    write_data(tmp_path / "x.csv", 20_000, 1)
    lines = (tmp_path / "x.csv").read_text().splitlines()[1:]
    columns = np.array([[float(value) for value in line.split(",")[:2]] for line in lines])
    is_yes = np.array([line.endswith("yes") for line in lines])
    both = np.mean((columns @ np.array(comparison.MEANS) > 0) == is_yes)
    first = np.mean((columns[:, 0] > 0) == is_yes)
    assert both == pytest.approx(0.90, abs=0.01)
    assert first == pytest.approx(0.85, abs=0.01)
