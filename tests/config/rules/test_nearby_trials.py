from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from fnnctl.config.rules.trials import TrialConfigs
from fnnctl.config.schema.experiment import Experiment
from fnnctl.space.identity import identity

Problems = Callable[..., list[str]]


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[Mapping[str, Any]]:
    """The assignments whose experiments are made, in order."""
    assignments: list[Mapping[str, Any]] = []
    experiment_of = TrialConfigs.experiment_of

    def recorded(self: TrialConfigs, assignment: Mapping[str, Any]) -> Experiment:
        assignments.append(assignment)
        return experiment_of(self, assignment)

    monkeypatch.setattr(TrialConfigs, "experiment_of", recorded)
    return assignments


def test_a_thousand_layers_with_their_own_widths_take_few_trials(
    search_problems_of: Problems, tried: list[Mapping[str, Any]]
) -> None:
    layers = "model.hidden: {depth: [0, 1000], width: [1, 9], per_layer: true}"
    assert search_problems_of(layers) == []
    assert max(len(assignment.get("model.hidden", ())) for assignment in tried) == 1000
    assert len(tried) < 200
    assert search_problems_of(layers.replace("0,", "1,"), "model.normalization: {choice: [layer, none]}")


def test_pairs_of_values_repeat_no_trial(
    search_problems_of: Problems, tried: list[Mapping[str, Any]]
) -> None:
    space = [
        "data.scaling: {choice: [standardize, minmax, robust]}",
        "model.dropout: {choice: [0, 0.1, 0.2]}",
        "training.precision: {choice: [float32, float64]}",
        "training.shuffle: {choice: [true, false]}",
    ]
    assert search_problems_of(*space) == []
    # With 0 to 4 of the first values; then with one other value, and with two.
    assert len(set(map(identity, tried))) == 5 + (2 + 2 + 1 + 1) + (4 + 2 + 2 + 2 + 2 + 1)
    assert len(tried) <= 24 + 1  # whether settings have an effect is asked of one of them
