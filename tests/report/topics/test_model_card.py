from __future__ import annotations

from dataclasses import replace

import pytest

from fnnctl.report.summary import Summary
from fnnctl.report.topics.model_card import model_card
from fnnctl.store.names import RESOLVED
from tests.messages import Messages
from tests.report.topics.said import shown

NOTES = """\
notes:
  limits: |
    Only <b>new</b> flowers.

    No trees.
  text: A test.
data: {source: iris}
"""


@pytest.mark.parametrize(
    "resolved",
    [
        pytest.param("", id="without notes it says how to add them"),
        pytest.param(NOTES, id="notes fill it"),
        pytest.param("unknown: 1\n", id="a config of another version has none"),
    ],
)
def test_the_card(summary: Summary, messages: Messages, resolved: str) -> None:
    (summary.path / RESOLVED).write_text(resolved)
    messages.check(shown(model_card(replace(summary, files=(*summary.files, RESOLVED)))))
