"""The rung audit for scripts."""

from __future__ import annotations

from typing import Any

from fnnctl.records.audit.audit import SAFE_TAU, RungPair, audit
from fnnctl.records.audit.baseline import Baseline
from fnnctl.records.history import SearchHistory


def audit_json(search: SearchHistory) -> dict[str, Any] | None:
    """The audit; None for a search with a single rung. What cannot be computed is None."""
    found = audit(search)
    if found is None:
        return None
    return {
        "pairs": [_pair(pair) for pair in found.adjacent],
        "pairs_with_last": [_pair(pair) for pair in found.to_full],
        "baselines": [
            {"epochs": epochs, **_baseline(each, search)} for epochs, each in found.baselines.items()
        ],
        "safe_tau": SAFE_TAU,
        "safe_min_epochs": found.safe_min_epochs,
    }


def _pair(pair: RungPair) -> dict[str, Any]:
    tau, risk = pair.correlation, pair.risk
    return {
        "from": pair.start,
        "to": pair.stop,
        "trials": pair.trials,
        "promoted_only": pair.is_selected,
        "tau": tau and tau.tau,
        "ci95": tau and list(tau.ci95),
        "misleads": pair.misleads,
        "risk": risk
        and {
            "group": risk.group,
            "kept": risk.kept,
            "best_dropped": risk.share,
            "objective_lost": risk.shortfall,
        },
    }


def _baseline(baseline: Baseline | None, search: SearchHistory) -> dict[str, Any]:
    """`objective` is the result, if it is known; otherwise the result is `best_known` or better."""
    names = ("trials", "continued", "known", "epochs_used", "epochs_of_search")
    if baseline is None:
        return dict.fromkeys((*names, "objective", "best_known", "best_of_search", "as_good"))
    own = baseline
    counts = (own.trials, own.continued, own.known, own.used, own.available)
    best_known = search.from_loss(own.loss)
    return {
        **dict(zip(names, counts, strict=True)),
        "objective": best_known if own.is_exact else None,
        "best_known": best_known,
        "best_of_search": search.from_loss(own.search_loss),
        "as_good": own.as_good,
    }
