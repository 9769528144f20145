from __future__ import annotations

from typing import Any

import pytest
from rich.console import Console

from fnnctl.report.plan_table import plan_report


def told(seconds: float | None) -> str:
    plan: dict[str, Any] = {
        "method": "halving",
        "trials": 1234,
        "epochs_from_scratch": 2000,
        "epochs_with_reuse": 1500,
        "seconds_estimated": seconds,
        "brackets": [{"bracket": 0, "rungs": [{"trials": 1234, "epochs": 1}, {"trials": 411, "epochs": 3}]}],
    }
    console = Console(width=100)
    with console.capture() as captured:
        console.print(plan_report(plan))
    return captured.get()


def test_brackets_and_rungs_are_a_table() -> None:
    lines = [line.split() for line in told(30.0).splitlines()]
    assert ["0", "0", "1,234", "1"] in lines
    assert ["1", "411", "3"] in lines


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "about a second"),
        (30.2, "about 30 seconds"),
        (600.0, "about 10 minutes"),
        (9000.0, "about 2.5 hours"),
        (None, "none of the configurations tried can be trained"),
    ],
)
def test_the_time_is_told_roughly(seconds: float | None, words: str) -> None:
    assert words in told(seconds)
