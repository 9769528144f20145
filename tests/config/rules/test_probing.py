from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from fnnctl.config.rules.trials import TrialConfigs
from fnnctl.config.schema.experiment import Experiment

Problems = Callable[..., list[str]]


def test_long_choices_are_tried_quickly_and_whole(search_problems_of: Problems) -> None:
    numbers = [k / 1000 for k in range(1, 400)]
    assert search_problems_of(
        f"training.l2: {{choice: {numbers}}}",
        f"model.dropout: {{choice: {[*numbers, 1.5]}}}",
    ) == ["6: search.space.model.dropout.choice[399]: must be a number from 0 to 0.99, not 1.5"]


def test_a_thousand_layers_with_their_own_widths_take_few_trials(
    search_problems_of: Problems, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []
    experiment_of = TrialConfigs.experiment_of

    def counted(self: TrialConfigs, assignment: Mapping[str, Any]) -> Experiment:
        tried.append(assignment)
        return experiment_of(self, assignment)

    monkeypatch.setattr(TrialConfigs, "experiment_of", counted)
    layers = "model.hidden: {depth: [0, 1000], width: [1, 9], per_layer: true}"
    assert search_problems_of(layers) == []
    assert max(len(each.get("model.hidden", ())) for each in tried) == 1000
    assert len(tried) < 200
    assert search_problems_of(layers.replace("0,", "1,"), "model.normalization: {choice: [layer, none]}")
