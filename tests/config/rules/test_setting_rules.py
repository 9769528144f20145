from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fnnctl.config.reading.loading import LoadedConfig
from fnnctl.config.reading.resolved import resolved_yaml
from fnnctl.config.rules.canonical import configuration_seed
from fnnctl.config.rules.experiments import experiment_of
from fnnctl.config.rules.setting_rules import ineffective_settings, refused_settings
from fnnctl.config.sources import BUILTIN_NAMES

Load = Callable[..., LoadedConfig]

IRIS = "data: {source: iris}\n"


def test_auto_given_or_not_is_one_configuration(load: Load) -> None:
    """The starter config has `auto`, which is also valid with lbfgs."""
    given = load(IRIS + "training: {optimizer: lbfgs, batch_size: auto}").experiment
    left_out = load(IRIS + "training: {optimizer: lbfgs}").experiment
    assert configuration_seed(given) == configuration_seed(left_out)
    assert "batch_size" not in resolved_yaml(given)


def test_the_names_of_the_built_in_data_sets_are_those_of_the_data_package() -> None:
    from fnnctl.data.builtin import BUILTIN

    assert tuple(BUILTIN) == BUILTIN_NAMES


@pytest.mark.parametrize("method", ["grid", "{scheduler: asha, sampler: random}"])
def test_a_batch_of_proposals_without_results_has_no_effect(load: Load, method: str) -> None:
    search = f"search: {{method: {method}, batch: 3, space: {{training.l2: {{choice: [0.1, 0.2]}}}}}}"
    reason = ineffective_settings(load(IRIS + search).experiment)["search", "batch"].message
    assert reason.endswith("does not learn from results")


@pytest.mark.parametrize(
    ("data", "refused"),
    [
        (
            {"positive_class": "a"},
            {
                0: "data.positive_class: a regression has no classes; write positive_class: null",
                3: "data.positive_class: is for two classes, but 'y' has 3; write positive_class: null",
            },
        ),
        (
            {"class_order": ["a", "b", "c"]},
            {0: "data.class_order: a regression has no classes; write class_order: null"},
        ),
        (
            {"target_transform": "log"},
            dict.fromkeys(
                (2, 3),
                "data.target_transform: is for a regression: classes are no numbers; "
                "write target_transform: none",
            ),
        ),
    ],
)
def test_a_setting_is_refused_for_targets_that_it_is_not_for(
    data: dict[str, Any], refused: dict[int, str]
) -> None:
    """By the number of classes, which is 0 in a regression."""
    experiment = experiment_of({"data": {"source": "table.csv", "target": "y", **data}})
    assert {
        classes: str(problem)
        for classes in (0, 2, 3)
        for problem in refused_settings(experiment, "y", classes)
    } == refused
