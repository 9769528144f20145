from __future__ import annotations

import json

import numpy as np

from fnnctl.report.audit.values import audit_json
from tests.report.searches import halving, header, hyperband, read, result, trial


def test_what_promoted_trials_alone_cannot_say_is_null() -> None:
    found = audit_json(read(halving()))
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
    found = audit_json(read(hyperband(curves, direction="minimize")))
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
    assert audit_json(read([header(), trial(0), result(0, 9, 0.5)])) is None
