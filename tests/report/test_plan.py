from __future__ import annotations

from typing import Any

import pytest

from fnnctl.report.plan import plan_document
from tests.messages import Messages
from tests.report.topics.said import by_title, shown

HALVING: dict[str, Any] = {
    "method": "halving", "trials": 1234, "fits": 1234, "epochs_from_scratch": 2000,
    "epochs_with_reuse": 1500, "seconds_estimated": 30.2,
    "brackets": [{"bracket": 0, "rungs": [{"trials": 1234, "epochs": 1}, {"trials": 411, "epochs": 3}]}],
}  # fmt: skip
ONE: dict[str, Any] = {
    "method": "bayes", "trials": 1, "fits": 1, "epochs_from_scratch": 1, "epochs_with_reuse": 1,
    "seconds_estimated": 1.0, "sampler": None, "confirm": None,
    "brackets": [{"bracket": 0, "rungs": [{"trials": 1, "epochs": 1}]}],
}  # fmt: skip


@pytest.mark.parametrize(
    "plan",
    [
        pytest.param(HALVING, id="brackets and rungs are a table"),
        pytest.param(ONE, id="one trial of one epoch"),
        pytest.param({**HALVING, "epochs_bound": "at least", "brackets": []}, id="a least number of epochs"),
        pytest.param({**ONE, "sampler": "tpe"}, id="a sampler that was chosen automatically"),
        pytest.param({**HALVING, "fits": 5 * 1234}, id="folds"),
        pytest.param({**ONE, "confirm": {"fits": 50, "epochs": 4050}}, id="a confirmation"),
    ],
)
def test_a_plan(messages: Messages, plan: dict[str, Any]) -> None:
    document = plan_document(plan)
    messages.check("\n".join([document.title, document.lead, shown(document.blocks)]))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "about a second"),
        (1.3, "about 1 second"),
        (1.7, "about 2 seconds"),
        (600.0, "about 10 minutes"),
        (9000.0, "about 2.5 hours"),
        (None, "none of the sampled configurations can be trained"),
    ],
)
def test_the_time_is_reported_roughly(seconds: float | None, words: str) -> None:
    blocks = by_title(plan_document({**HALVING, "seconds_estimated": seconds}).blocks)
    assert any(words in row for row in blocks["What it takes"].rows)
