"""What reports and comparisons rely on in metrics.json."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fnnctl.errors import DataError
from fnnctl.store.metrics_shape import read_metrics


def read(interval: object) -> None:
    part = {"accuracy": 0.5, "accuracy_ci95": interval}
    assert read_metrics(json.dumps({"test": part}).encode(), Path("metrics.json")) == {"test": part}


@pytest.mark.parametrize("interval", [None, [0, 1], [0.25, 0.75]])
def test_an_interval_has_two_ends_or_is_null(interval: object) -> None:
    read(interval)


@pytest.mark.parametrize(
    "interval", [0.5, "ab", [], [0.5], [0.1, 0.2, 0.3], [0.5, None], [0.5, "1"], {"0": 1, "1": 2}]
)
def test_what_is_no_interval(interval: object) -> None:
    with pytest.raises(DataError, match=r"metrics\.json: is damaged: .*must be two numbers or null"):
        read(interval)
