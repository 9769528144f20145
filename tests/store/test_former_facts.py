"""Manifests of before 0.7 say what they said, under the present names."""

from __future__ import annotations

from typing import Any

import pytest

from fnnctl.store.manifest import Manifest
from tests.store.test_manifest import read

BEST = {"trial": 5, "objective": 0.9, "configuration": {}, "epochs": 9}
COMPARISON: dict[str, Any] = {
    "winner": 5, "trial": 0, "budget": 9, "objectives": [0.9, 0.8], "p": 0.02, "compared": 7, "ties": 2,
}  # fmt: skip
METRIC = {
    "metric": "accuracy", "ensemble": 0.9, "default": 0.8, "difference": 0.1, "p": 0.02, "verdict": "better",
}  # fmt: skip
SELECTION = {"metric": "accuracy", "rounds": 3, "kept": 2, "candidates": 4, "trials": []}


def of_search(**facts: object) -> Manifest:
    return read(kind="search", search={"method": "random", "best": BEST, **facts})


def default_of_ensemble(**facts: object) -> dict[str, Any] | None:
    default = {"trial": 0, "at_end": True, "epochs": None, "rows": 30, "metrics": [METRIC], **facts}
    selection = read(selection={**SELECTION, "default": default}).selection
    assert selection is not None
    assert "default" not in selection.model_dump()
    comparison = selection.compared_with_default
    return None if comparison is None else comparison.model_dump()


def test_facts_of_a_search_have_their_present_names() -> None:
    kept = {"trial": 5, "objective_of": 9, "kept": 4}
    facts = of_search(kept_alone=kept, own_settings=COMPARISON).search
    assert facts is not None
    assert facts == of_search(restored_weights=kept, default_trial=COMPARISON).search
    assert facts.restored_weights is not None
    assert facts.restored_weights.kept == 4
    assert facts.default_trial is not None
    assert facts.default_trial.objectives == (0.9, 0.8)


@pytest.mark.parametrize(
    ("more", "is_kept"),
    [
        ({}, True),
        ({"budget": 12}, True),  # early stopping restores an earlier epoch
        ({"budget": 3}, False),
        ({"budget": 12, "objectives": [0.85, 0.8]}, False),  # of an earlier rung
        ({"budget": 3, "objectives": [0.85, 0.8], "compared": 0}, True),  # a confirmation
    ],
)
def test_objectives_of_before_the_end_of_the_best_trial_are_left_out(
    more: dict[str, object], is_kept: bool
) -> None:
    facts = of_search(own_settings={**COMPARISON, **more}).search
    assert facts is not None
    assert facts.default_trial is not None
    assert (facts.default_trial.objectives is not None) == is_kept
    assert facts.default_trial.compared == (more.get("compared", 7) if is_kept else 0)
    assert (facts.default_trial.winner, facts.default_trial.trial, facts.default_trial.ties) == (5, 0, 2)


def test_an_ensemble_was_compared_with_train() -> None:
    comparison = default_of_ensemble()
    assert comparison is not None
    assert (comparison["outcome"], comparison["trial"], comparison["rows"]) == ("compared", 0, 30)
    (metric,) = comparison["metrics"]
    assert (metric["search"], metric["default"], metric["verdict"]) == (0.9, 0.8, "better")
    present = {"search": 0.7, **{key: value for key, value in METRIC.items() if key != "ensemble"}}
    comparison = default_of_ensemble(metrics=[present])
    assert comparison is not None
    assert comparison["metrics"][0]["search"] == 0.7
    comparison = default_of_ensemble(at_end=False, metrics=[])
    assert comparison is not None
    assert (comparison["outcome"], comparison["metrics"]) == ("no_time", [])
    assert default_of_ensemble(epochs=3) is None, "the config has other epochs than the default trial"
