"""The rung audit: whether early ranks hold, what stopping early risked, and the i-epoch baseline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from fnnctl.records.audit import LEAST_JUDGED, SAFE_TAU, Audit, Baseline, RungPair, audit
from fnnctl.records.history import SearchHistory
from fnnctl.report.sections import Notes, Section, TableSection
from fnnctl.report.words import NOTHING, number
from fnnctl.text import capitalized, counted


def measure_sentence(pairs: Sequence[RungPair]) -> str:
    """Which trials the numbers are computed from, and what that does to them."""
    parts = []
    if any(not pair.is_selected for pair in pairs):
        parts.append(
            "τ compares trials that were trained to the later rung whatever their rank at the earlier one; "
            "“best dropped” is how often the earlier rung would drop the best of a random group of them."
        )
    if any(pair.is_selected for pair in pairs):
        parts.append(
            "Where only promoted trials were trained further, τ is that among them: they are more alike than "
            "all trials, so it is usually lower; what the dropped ones would have become is unknown."
        )
    return " ".join(parts)


def verdict_sentence(audit: Audit) -> str:
    """Whether early ranks mislead, and from which rung on they hold."""
    misleading = next((pair for pair in audit.adjacent if pair.misleads), None)
    safe, first = audit.safe_min_epochs, audit.adjacent[0].start
    if safe is None:
        advice = _why_none_is_safe(audit)
        return (
            f"Early ranks mislead: {_little(misleading)}. {capitalized(advice)}."
            if misleading
            else (f"{capitalized(advice)}.")
        )
    unjudged = [pair for pair in audit.adjacent if pair.start > safe and not pair.is_judged]
    holds = f"every τ is at least {SAFE_TAU}, also at its lower limit" + (
        f" ({_too_few(unjudged)})" if unjudged else ""
    )
    if misleading:
        return f"Early ranks mislead: {_little(misleading)}. With min_epochs: {safe}, {holds}."
    if safe == first:
        return f"Early ranks hold: from {counted(safe, 'epoch')} on, {holds}."
    return f"Early ranks hold from {counted(safe, 'epoch')} on: with min_epochs: {safe}, {holds}."


def baseline_sentence(direction: str, *, exists: bool, has_bounds: bool) -> str:
    """What the table of the baselines shows, or why there is none."""
    what = "The i-epoch baseline trains all trials for i epochs and then only the best few to the end"
    if not exists:
        return f"{what}. With as many epochs as the search trained, none could be trained to the end."
    shown = (
        f"{what}, with the epochs that the search trained on the same trials: those whose value after i "
        "epochs is known whatever their rank."
    )
    if has_bounds:
        sign = "≤" if direction == "minimize" else "≥"
        shown += f" {sign}: some of these few were not trained to the end, so its result can only be better."
    return shown


def _why_none_is_safe(audit: Audit) -> str:
    blocking = next((pair for pair in reversed(audit.adjacent) if pair.is_judged), None)
    if blocking is None or blocking.correlation is None:
        return f"from which min_epochs on ranks hold is unknown: {_too_few(audit.adjacent)}"
    among = " among the promoted trials" if blocking.is_selected else ""
    limit = f"{blocking.correlation.ci95[0]:.2f}"
    return f"no min_epochs is certainly safe: τ {_steps([blocking])}{among} may be as low as {limit}"


def _little(pair: RungPair) -> str:
    tau = "" if pair.correlation is None else f"τ = {pair.correlation.tau:.2f}, "
    return (
        f"the ranking after {counted(pair.start, 'epoch')} says little about that after {pair.stop:,} "
        f"({tau}{counted(pair.trials, 'trial')})"
    )


def _too_few(pairs: Sequence[RungPair]) -> str:
    return f"fewer than {LEAST_JUDGED} trials {_steps(pairs)}"


def _steps(pairs: Sequence[RungPair]) -> str:
    return "from " + ", ".join(f"{pair.start:,} to {pair.stop:,}" for pair in pairs) + " epochs"


MOST_ROWS: Final = 40


def audit_sections(search: SearchHistory) -> list[Section]:
    """The sections; empty for a search with a single rung."""
    found = audit(search)
    if found is None:
        return []
    header = ("epochs", "trials", "τ", "95 % interval", "best dropped", f"{search.metric} lost")
    pairs, baselines = _shown(found), [each for each in found.baselines.values() if each and each.continued]
    has_bounds = any(each.loss is not None and not each.is_exact for each in baselines)
    notes = (
        measure_sentence(pairs),
        verdict_sentence(found),
        baseline_sentence(search.direction, exists=bool(baselines), has_bounds=has_bounds),
    )
    return [
        TableSection("Rung audit: do early ranks hold?", header, tuple(map(_row, pairs[:MOST_ROWS]))),
        _baselines(search, baselines[:MOST_ROWS]),
        Notes("What stopping early risked", notes),
    ]


def _shown(found: Audit) -> list[RungPair]:
    """The pairs of adjacent rungs, and those with the last rung that say something."""
    to_full = (pair for pair in found.to_full if not pair.is_selected and pair.trials >= LEAST_JUDGED)
    return [*found.adjacent, *to_full]


def _row(pair: RungPair) -> tuple[str, ...]:
    tau, risk = pair.correlation, pair.risk
    return (
        f"{pair.start:,} → {pair.stop:,}",
        f"{pair.trials:,} promoted" if pair.is_selected else f"{pair.trials:,}",
        NOTHING if tau is None else f"{tau.tau:.2f}",
        NOTHING if tau is None else " to ".join(f"{limit:.2f}" for limit in tau.ci95),
        NOTHING if risk is None else f"{risk.share:.1%}",
        NOTHING if risk is None else number(risk.shortfall),
    )


def _baselines(search: SearchHistory, baselines: Sequence[Baseline]) -> TableSection:
    rows = (
        (
            f"{each.epochs:,}",
            f"{each.trials:,}",
            f"{each.continued:,}" + ("" if each.known == each.continued else f" ({each.known:,} known)"),
            f"{each.used:,} of {each.available:,}",
            _result(each, search),
            number(search.from_loss(each.search_loss)),
        )
        for each in baselines
    )
    header = ("i", "trials", "continued", "epochs", search.metric, "the search")
    return TableSection("The i-epoch baseline at equal epochs", header, tuple(rows))


def _result(baseline: Baseline, search: SearchHistory) -> str:
    if baseline.loss is None:
        return NOTHING
    bound = "" if baseline.is_exact else "≤ " if search.direction == "minimize" else "≥ "
    return bound + number(search.from_loss(baseline.loss))


def audit_json(search: SearchHistory) -> dict[str, Any] | None:
    """The audit; None for a search with a single rung. What cannot be computed is None."""
    found = audit(search)
    if found is None:
        return None
    return {
        "pairs": [_pair_json(pair) for pair in found.adjacent],
        "pairs_with_last": [_pair_json(pair) for pair in found.to_full],
        "baselines": [
            {"epochs": epochs, **_baseline_json(each, search)} for epochs, each in found.baselines.items()
        ],
        "safe_tau": SAFE_TAU,
        "safe_min_epochs": found.safe_min_epochs,
    }


def _pair_json(pair: RungPair) -> dict[str, Any]:
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


def _baseline_json(baseline: Baseline | None, search: SearchHistory) -> dict[str, Any]:
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
