from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from fnnctl.report.summary import Summary
from fnnctl.report.topics import data, training
from fnnctl.report.topics.model_card import model_card
from fnnctl.store.names import RESOLVED
from tests.messages import Messages
from tests.report.topics.said import shown

MODEL = {"layers": [6, 100, 2], "parameters": 3702, "networks": 3}
NOTES = """\
notes:
  limits: |
    Only <b>new</b> flowers.

    No trees.
  text: A test.
data: {source: iris}
"""


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param({"model": MODEL}, id="networks of one shape"),
        pytest.param({"model": {**MODEL, "same_shape": False}}, id="networks of several shapes"),
        pytest.param(
            {"kind": "evaluation", "evaluated": {"run": "/runs/first", "sha256": "ab12"}},
            id="an evaluation names its run and has no parts",
        ),
    ],
)
def test_the_network_and_its_data(
    measured: Callable[..., Summary], messages: Messages, facts: dict[str, Any]
) -> None:
    parts = {"train": 0, "validation": 0, "test": 1234}
    summary = measured(facts=facts, data={"rows": 1234, "parts": parts} if "kind" in facts else None)
    messages.check(shown([*training.details(summary), *data.details(summary)]))


@pytest.mark.parametrize(
    "resolved",
    [
        pytest.param("", id="without notes it says how to add them"),
        pytest.param(NOTES, id="notes fill it"),
        pytest.param("unknown: 1\n", id="a config of another version has none"),
    ],
)
def test_the_model_card(summary: Summary, messages: Messages, resolved: str) -> None:
    (summary.path / RESOLVED).write_text(resolved)
    messages.check(shown(model_card(replace(summary, files=(*summary.files, RESOLVED)))))
