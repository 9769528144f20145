from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from fnnctl.metrics.kendall import RankCorrelation
from fnnctl.records.audit import Audit, RungPair
from fnnctl.report.blocks import Notes, Table
from fnnctl.report.topics.audit import json_entries, measure_sentence, rung_audit, verdict_sentence
from fnnctl.store.journal import JournalRecord
from tests.report.searches import halving, header, hyperband, result, trial
from tests.report.topics.said import searched


def audited(records: list[JournalRecord]) -> tuple[Table, Table, Notes]:
    pairs, baselines, notes = rung_audit(searched(records))
    assert isinstance(pairs, Table)
    assert isinstance(baselines, Table)
    assert isinstance(notes, Notes)
    return pairs, baselines, notes


def audit_json(records: list[JournalRecord]) -> Any:
    return json_entries(searched(records))["audit"]


def test_halving_knows_only_promoted_trials() -> None:
    pairs, baselines, notes = audited(halving())
    assert pairs == Table(
        "Rung audit: do early ranks hold?",
        ("epochs", "trials", "τ", "95 % interval", "best dropped", "accuracy lost"),
        (("1 → 3", "2 promoted", "–", "–", "–", "–"), ("3 → 9", "2 promoted", "–", "–", "–", "–")),
    )
    # 17 epochs: 4 for one epoch each, 8 more for trial 1, and 5 more for trial 3, which then diverges.
    assert baselines == Table(
        "The i-epoch baseline at equal epochs",
        ("i", "trials", "continued", "epochs", "accuracy", "the search"),
        (("1", "4", "2", "17 of 17", "0.9600", "0.9600"),),
    )
    assert [row.split(":")[0].split(",")[0] for row in notes.rows] == [
        "If only promoted trials were trained further",
        "From which min_epochs on ranks hold is unknown",
        "The i-epoch baseline trains all trials for i epochs and then only the best few to the end",
    ]


def test_hyperband_has_trials_that_were_not_selected() -> None:
    """All curves are constant, so every rung has the final order."""
    curves = [[number / 100] * 9 for number in np.random.default_rng(6).permutation(90).tolist()]
    pairs, baselines, notes = audited(hyperband(curves))
    assert pairs.rows == (
        ("1 → 3", "60", "1.00", "0.94 to 1.00", "0.0%", "0.0000"),
        ("3 → 9", "30", "1.00", "0.88 to 1.00", "0.0%", "0.0000"),
        ("1 → 9", "30", "1.00", "0.88 to 1.00", "0.0%", "0.0000"),
    )
    assert [row[0] for row in baselines.rows] == ["1", "3"]
    assert (
        notes.rows[1]
        == "Early ranks hold: from 1 epoch on, every τ is at least 0.3, also at its lower limit."
    )


@pytest.mark.parametrize(("direction", "sign"), [("maximize", "≥ "), ("minimize", "≤ ")])
def test_an_unknown_trial_makes_the_baseline_a_bound(direction: str, sign: str) -> None:
    curves = np.random.default_rng(7).random((30, 9)).round(3)
    _, baselines, notes = audited(hyperband(curves.tolist(), direction=direction))
    first = baselines.rows[0]
    assert first[1] == "30"
    assert first[2].endswith(" known)")
    assert str(first[4]).startswith(sign)
    assert f"{sign.strip()}: some of these few" in notes.rows[2]


def test_a_search_with_one_rung_has_no_audit() -> None:
    records = [header(), trial(0), trial(1), result(0, 9, 0.5), result(1, 9, 0.6)]
    assert [*rung_audit(searched(records))] == []


def test_no_epochs_are_left_for_the_baseline() -> None:
    """The trial that was promoted diverged after one more epoch, and the best one needs two."""
    records = [header(), trial(0), result(0, 1, 0.1), result(0, 3, None, rung=1, epochs=1)]
    _, baselines, notes = audited([*records, trial(1), result(1, 1, 0.9)])
    assert baselines.rows == ()
    assert str(notes.rows[2]).endswith(
        "With as many epochs as the search trained, none could be trained to the end."
    )


def pair(start: int, tau: float, low: float, trials: int = 30, *, is_selected: bool = False) -> RungPair:
    return RungPair(start, 3 * start, trials, is_selected, RankCorrelation(tau, (low, 1.0)), None)


HELD, LOW = pair(3, 0.7, 0.5), pair(1, 0.12, -0.1)
HOLD = "every τ is at least 0.3, also at its lower limit"
MISLEAD = (
    "Early ranks mislead: the ranking after 1 epoch says little about that after 3 (τ = 0.12, 30 trials)."
)


@pytest.mark.parametrize(
    ("pairs", "sentence"),
    [
        ([pair(1, 0.7, 0.5), HELD], f"Early ranks hold: from 1 epoch on, {HOLD}."),
        (
            [pair(1, 0.7, 0.5), pair(3, 0.7, 0.1, trials=9)],
            f"Early ranks hold: from 1 epoch on, {HOLD} (fewer than 10 trials from 3 to 9 epochs).",
        ),
        ([pair(1, 0.5, 0.1), HELD], f"Early ranks hold from 3 epochs on: with min_epochs: 3, {HOLD}."),
        ([LOW, HELD], f"{MISLEAD} With min_epochs: 3, {HOLD}."),
        (
            [LOW, pair(3, 0.6, 0.2)],
            f"{MISLEAD} No min_epochs is certainly safe: τ from 3 to 9 epochs may be as low as 0.20.",
        ),
        (
            [pair(1, 0.1, -0.1, is_selected=True)],
            "No min_epochs is certainly safe: τ from 1 to 3 epochs among the promoted trials may be as low "
            "as -0.10.",
        ),
        (
            [pair(1, 0.1, -0.8, trials=5), pair(3, 0.1, -0.8, trials=4)],
            "From which min_epochs on ranks hold is unknown: fewer than 10 trials from 1 to 3, 3 to 9 "
            "epochs.",
        ),
    ],
)
def test_the_verdict(pairs: list[RungPair], sentence: str) -> None:
    assert verdict_sentence(Audit(9, tuple(pairs), (), {})) == sentence


def test_what_is_compared() -> None:
    promoted = pair(1, 0.7, 0.5, is_selected=True)
    assert "whatever their rank" in measure_sentence([HELD])
    assert "promoted" not in measure_sentence([HELD])
    assert measure_sentence([promoted]).startswith("If only promoted trials")
    assert measure_sentence([HELD, promoted]).startswith("τ compares")


def test_what_promoted_trials_alone_cannot_say_is_null() -> None:
    found = audit_json(halving())
    assert found is not None
    unknown = {"tau": None, "ci95": None, "misleads": False, "risk": None}
    assert found["pairs"] == [
        {"from": 1, "to": 3, "trials": 2, "promoted_only": True, **unknown},
        {"from": 3, "to": 9, "trials": 2, "promoted_only": True, **unknown},
    ]
    known, missing = found["baselines"]
    assert known == {
        "epochs": 1, "trials": 4, "continued": 2, "known": 2, "epochs_used": 17, "epochs_of_search": 17,
        "objective": 0.96, "best_known": 0.96, "best_of_search": 0.96, "as_good": True,
    }  # fmt: skip
    assert missing == {"epochs": 3} | dict.fromkeys(set(known) - {"epochs"})
    assert found["safe_min_epochs"] is None


def test_all_keys_of_a_known_pair() -> None:
    curves = np.random.default_rng(8).random((30, 9)).tolist()
    found = audit_json(hyperband(curves, direction="minimize"))
    assert found is not None
    first = found["pairs"][0]
    assert first["risk"].keys() == {"group", "kept", "best_dropped", "objective_lost"}
    assert first["ci95"][0] < first["tau"] < first["ci95"][1]
    assert [pair["from"] for pair in found["pairs_with_last"]] == [1]
    bound = found["baselines"][0]
    assert bound["objective"] is None
    assert bound["best_known"] >= bound["best_of_search"] >= 0, "objectives, not losses of the other sign"
    assert json.loads(json.dumps(found)) == found


def test_a_search_with_one_rung_has_none() -> None:
    assert audit_json([header(), trial(0), result(0, 9, 0.5)]) is None
