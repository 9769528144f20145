from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from fnnctl.metrics.association import RankCorrelation
from fnnctl.records.audit import Audit, RungPair
from fnnctl.report.topics.audit import json_entries, measure_sentence, rung_audit, verdict_sentence
from fnnctl.store.journal import JournalRecord
from tests.messages import Messages
from tests.report.searches import halving, header, hyperband, result, trial
from tests.report.topics.said import searched, shown


def audit_json(records: list[JournalRecord]) -> Any:
    return json_entries(searched(records))["audit"]


def random_curves(*, direction: str = "maximize") -> list[JournalRecord]:
    curves = np.random.default_rng(7).random((30, 9)).round(3).tolist()
    return hyperband(curves, direction=direction)


CONSTANT = [[number / 100] * 9 for number in np.random.default_rng(6).permutation(90).tolist()]
"""Every rung has the final order."""
UNAFFORDABLE = [
    header(),
    trial(0),
    result(0, 1, 0.1),
    result(0, 3, None, rung=1, epochs=1),
    trial(1),
    result(1, 1, 0.9),
]
"""The trial that was promoted diverged after one more epoch, and the best one needs two."""


@pytest.mark.parametrize(
    "records",
    [
        pytest.param(halving(), id="halving knows only promoted trials"),
        pytest.param(hyperband(CONSTANT), id="hyperband has trials that were not selected"),
        pytest.param(random_curves(), id="an unknown trial makes the baseline a bound"),
        pytest.param(random_curves(direction="minimize"), id="an upper bound of a loss"),
        pytest.param(UNAFFORDABLE, id="no epochs are left for the baseline"),
    ],
)
def test_the_section(messages: Messages, records: list[JournalRecord]) -> None:
    """Of halving: 17 epochs are 4 for one epoch each, 8 more for trial 1, and 5 more for trial 3, which then
    diverges.
    """
    messages.check(shown(rung_audit(searched(records))))


def test_a_search_with_one_rung_has_none() -> None:
    records = [header(), trial(0), trial(1), result(0, 9, 0.5), result(1, 9, 0.6)]
    assert ([*rung_audit(searched(records))], audit_json(records)) == ([], None)


def pair(start: int, tau: float, low: float, trials: int = 30, *, is_selected: bool = False) -> RungPair:
    return RungPair(start, 3 * start, trials, is_selected, RankCorrelation(tau, (low, 1.0)), None)


HELD, LOW = pair(3, 0.7, 0.5), pair(1, 0.12, -0.1)


@pytest.mark.parametrize(
    "pairs",
    [
        pytest.param([pair(1, 0.7, 0.5), HELD], id="all hold"),
        pytest.param([pair(1, 0.7, 0.5), pair(3, 0.7, 0.1, trials=9)], id="few trials at last"),
        pytest.param([pair(1, 0.5, 0.1), HELD], id="from the second on"),
        pytest.param([LOW, HELD], id="the first misleads"),
        pytest.param([LOW, pair(3, 0.6, 0.2)], id="the second may mislead"),
        pytest.param([pair(1, 0.1, -0.1, is_selected=True)], id="promoted trials"),
        pytest.param([pair(1, 0.1, -0.8, trials=5), pair(3, 0.1, -0.8, trials=4)], id="few trials"),
    ],
)
def test_the_verdict(messages: Messages, pairs: list[RungPair]) -> None:
    messages.check(verdict_sentence(Audit(9, tuple(pairs), (), {})))


def test_what_is_compared(messages: Messages) -> None:
    promoted = pair(1, 0.7, 0.5, is_selected=True)
    for pairs in ([HELD], [promoted], [HELD, promoted]):
        messages.check(measure_sentence(pairs))


def test_what_promoted_trials_alone_cannot_say_is_null() -> None:
    entry = audit_json(halving())
    unknown = {"tau": None, "ci95": None, "misleads": False, "risk": None}
    assert entry["pairs"] == [
        {"from": 1, "to": 3, "trials": 2, "promoted_only": True, **unknown},
        {"from": 3, "to": 9, "trials": 2, "promoted_only": True, **unknown},
    ]
    known, missing = entry["baselines"]
    assert known == {
        "epochs": 1, "trials": 4, "continued": 2, "known": 2, "epochs_used": 17, "epochs_of_search": 17,
        "objective": 0.96, "best_known": 0.96, "best_of_search": 0.96, "as_good": True,
    }  # fmt: skip
    assert missing == {"epochs": 3} | dict.fromkeys(set(known) - {"epochs"})
    assert entry["safe_min_epochs"] is None


def test_all_keys_of_a_known_pair() -> None:
    entry = audit_json(random_curves(direction="minimize"))
    first = entry["pairs"][0]
    assert first["risk"].keys() == {"group", "kept", "best_dropped", "objective_lost"}
    assert first["ci95"][0] < first["tau"] < first["ci95"][1]
    assert [known["from"] for known in entry["pairs_with_last"]] == [1]
    bound = entry["baselines"][0]
    assert bound["objective"] is None
    assert bound["best_known"] >= bound["best_of_search"] >= 0, "objectives, not losses of the other sign"
    assert json.loads(json.dumps(entry)) == entry
