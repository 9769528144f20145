from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fnnctl.report.summary import Summary
from fnnctl.report.topics import data, training
from tests.messages import Messages
from tests.report.topics.said import shown

EVALUATION = {"kind": "evaluation", "evaluated": {"run": "/runs/first", "sha256": "ab12"}}


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param({"model": {"layers": [6, 100, 2], "parameters": 3702, "networks": 3}}, id="one shape"),
        pytest.param(
            {"model": {"layers": [6, 100, 2], "parameters": 3702, "networks": 3, "same_shape": False}},
            id="several shapes",
        ),
        pytest.param(EVALUATION, id="an evaluation names its run and has no parts"),
    ],
)
def test_the_network_and_its_data(
    measured: Callable[..., Summary], messages: Messages, facts: dict[str, Any]
) -> None:
    parts = {"train": 0, "validation": 0, "test": 1234}
    sizes = {"rows": 1234, "parts": parts} if "kind" in facts else None
    summary = measured(facts=facts, data=sizes)
    messages.check(shown([*training.details(summary), *data.details(summary)]))
