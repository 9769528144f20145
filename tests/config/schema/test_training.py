from __future__ import annotations

from typing import Any

import pytest

from fnnctl.config.schema.training import TrainingConfig


@pytest.mark.parametrize(
    ("optimizer", "rate"),
    [
        ({"name": "adam", "learning_rate": 1e6}, 0.001),
        ({"name": "adam", "learning_rate": 0.002}, 0.0002),
        ({"name": "sgd", "learning_rate": 50}, 0.1),
        ({"name": "lbfgs"}, None),
    ],
)
def test_the_rate_to_try_if_the_loss_explodes_is_a_usual_one(optimizer: Any, rate: float | None) -> None:
    training = TrainingConfig(optimizer=optimizer)
    assert training.steadier_learning_rate == pytest.approx(rate)


@pytest.mark.parametrize(
    ("early_stopping", "ends"),
    [(None, False), ({}, False), ({"patience": None}, False), ({"patience": "auto"}, True)],
)
def test_only_patience_auto_ends_when_the_best_value_is_out_of_reach(early_stopping: Any, ends: bool) -> None:
    assert TrainingConfig(early_stopping=early_stopping).ends_out_of_reach is ends
