from __future__ import annotations

from typing import Any

import pytest

from fnnctl.config.schema.objective import ObjectiveConfig


@pytest.mark.parametrize(
    ("metric", "direction", "minimized"),
    [
        ("accuracy", "auto", False),
        ("log_loss", "auto", True),
        ("per_class.a.b.recall", "auto", False),
        ("per_class.a.expected_calibration_error", "auto", True),
        ("accuracy", "minimize", True),
        ("loss", "maximize", False),
    ],
)
def test_losses_are_minimized_by_default(metric: str, direction: Any, minimized: bool) -> None:
    assert ObjectiveConfig(metric=metric, direction=direction).minimized == minimized
