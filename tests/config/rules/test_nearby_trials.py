from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from fnnctl.config.problems import no_effect
from fnnctl.config.reading.loading import LoadedConfig
from fnnctl.config.rules.dimensions import space_of
from fnnctl.config.rules.nearby_trials import NearbyTrials, why_ineffective
from fnnctl.config.rules.trials import TrialConfigs, trial_configs
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


def test_a_setting_that_is_always_refused_is_tried_first_and_in_no_pairs(
    load: Callable[..., LoadedConfig],
) -> None:
    loaded = load(
        "data: {source: iris}\ntraining: {optimizer: lbfgs}\nsearch:\n  space:\n"
        "    data.scaling: {choice: [robust, minmax]}\n    model.dropout: {choice: [0.1, 0.2]}\n"
        "    data.imputation: {choice: [mean]}\n"
    )
    assert loaded.experiment.search is not None
    dimensions = space_of(loaded.experiment.search.domains).dimensions
    nearby = NearbyTrials(trial_configs(loaded.resolved, epochs=9), dimensions, ())
    dropout, scaling, imputation = "model.dropout", "data.scaling", "data.imputation"
    assert [*nearby.changes()] == [
        {dropout: 0.1},
        {dropout: 0.2},
        {imputation: "mean"},
        {scaling: "robust"},
        {scaling: "minmax"},
        {imputation: "mean", scaling: "robust"},
        {imputation: "mean", scaling: "minmax"},
    ]


def test_a_setting_has_no_effect_if_a_section_around_it_has_none() -> None:
    reason, own = no_effect("there is no training"), no_effect("there is one epoch")
    path = ("training", "optimizer", "momentum")
    assert why_ineffective(path, {path[:1]: reason}) is why_ineffective(path, {path: reason}) is reason
    assert why_ineffective(path, {path[:1]: reason, path[:2]: own}) is own
    assert why_ineffective(path, {("model",): reason, (*path, "x"): own}) is None
