from __future__ import annotations

import pytest

from fnnctl.config.recipes.resolving import recipe_values, resolve
from fnnctl.config.schema.recipe_values import FAST_MEMBERS
from tests.config.recipes.cases import CASES, assert_all_is_taken, facts_of

LABEL_SMOOTHING = ("training", "label_smoothing")


@pytest.mark.parametrize("case", CASES)
def test_all_values_make_sense_together(case: str) -> None:
    assert_all_is_taken("fast", CASES[case])


def test_targets_are_smoothed_only_for_the_sake_of_predicted_classes() -> None:
    smoothed = {
        metric: recipe_values("fast", facts_of(metric=metric)).get(LABEL_SMOOTHING, 0)
        for metric in ("accuracy", "f1_macro", "log_loss", "roc_auc_macro")
    }
    assert smoothed["accuracy"] == smoothed["f1_macro"]
    assert smoothed["log_loss"] == smoothed["roc_auc_macro"] == 0
    assert not recipe_values("fast", CASES["numbers"]).get(LABEL_SMOOTHING, 0)


def test_members_are_kept_where_bags_are_impossible() -> None:
    config = {"recipe": "fast", "data": {"source": "iris", "split": {"validation": 0.2}}}
    ensemble = resolve(config, facts_of()).experiment.model.ensemble
    assert (ensemble.members, ensemble.bags) == (FAST_MEMBERS, False)
