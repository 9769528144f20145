"""The rung audit: whether early ranks hold, what stopping early risked, and the i-epoch baseline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from fnnctl.metrics.registry import label_of
from fnnctl.records.audit import MIN_JUDGED, SAFE_TAU, Audit, Baseline, RungPair, audit
from fnnctl.records.history import SearchHistory
from fnnctl.report.blocks import Block, Notes, Table
from fnnctl.report.summary import Summary
from fnnctl.report.words import NOTHING, number
from fnnctl.text import capitalized, counted

MAX_ROWS: Final = 40


def rung_audit(summary: Summary) -> Iterator[Block]:
    """Nothing for a search with a single rung."""
    search = summary.search_history
    if (result := audit(search)) is None:
        return
    pairs = _judged_pairs(result)
    baselines = [baseline for baseline in result.baselines.values() if baseline and baseline.continued]
    has_bounds = any(baseline.loss is not None and not baseline.is_exact for baseline in baselines)
    header = ("epochs", "trials", "τ", "95 % interval", "best dropped", f"{label_of(search.metric)} lost")
    yield Table("Rung audit: do early ranks hold?", header, tuple(map(_row, pairs[:MAX_ROWS])))
    yield _baseline_table(search, baselines[:MAX_ROWS])
    sentences = (
        measure_sentence(pairs),
        verdict_sentence(result),
        baseline_sentence(search.direction, exists=bool(baselines), has_bounds=has_bounds),
    )
    yield Notes("What stopping early risked", sentences)


def _judged_pairs(result: Audit) -> list[RungPair]:
    """The pairs of adjacent rungs, and those with the last rung that say something."""
    to_full = (pair for pair in result.to_full if not pair.is_selected and pair.trials >= MIN_JUDGED)
    return [*result.adjacent, *to_full]


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


def _baseline_table(search: SearchHistory, baselines: Sequence[Baseline]) -> Table:
    rows = (
        (
            f"{baseline.epochs:,}",
            f"{baseline.trials:,}",
            f"{baseline.continued:,}"
            + ("" if baseline.known == baseline.continued else f" ({baseline.known:,} known)"),
            f"{baseline.used:,} of {baseline.available:,}",
            _result(baseline, search),
            number(search.from_loss(baseline.search_loss)),
        )
        for baseline in baselines
    )
    header = ("i", "trials", "continued", "epochs", label_of(search.metric), "the search")
    return Table("The i-epoch baseline at equal epochs", header, tuple(rows))


def _result(baseline: Baseline, search: SearchHistory) -> str:
    if baseline.loss is None:
        return NOTHING
    bound = "" if baseline.is_exact else "≤ " if search.direction == "minimize" else "≥ "
    return bound + number(search.from_loss(baseline.loss))


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
            "If only promoted trials were trained further, τ is that among them. They are more alike than "
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
            f"Early ranks mislead: {_misleading(misleading)}. {capitalized(advice)}."
            if misleading
            else (f"{capitalized(advice)}.")
        )
    unjudged = [pair for pair in audit.adjacent if pair.start > safe and not pair.is_judged]
    holds = f"every τ is at least {SAFE_TAU}, also at its lower limit" + (
        f" ({_too_few(unjudged)})" if unjudged else ""
    )
    if misleading:
        return f"Early ranks mislead: {_misleading(misleading)}. With min_epochs: {safe}, {holds}."
    if safe == first:
        return f"Early ranks hold: from {counted(safe, 'epoch')} on, {holds}."
    return f"Early ranks hold from {counted(safe, 'epoch')} on: with min_epochs: {safe}, {holds}."


def baseline_sentence(direction: str, *, exists: bool, has_bounds: bool) -> str:
    """What the table of the baselines shows, or why there is none."""
    definition = "The i-epoch baseline trains all trials for i epochs and then only the best few to the end"
    if not exists:
        return f"{definition}. With as many epochs as the search trained, none could be trained to the end."
    sentence = (
        f"{definition}, with the epochs that the search trained on the same trials: those whose value "
        "after i epochs is known whatever their rank."
    )
    if has_bounds:
        sign = "≤" if direction == "minimize" else "≥"
        sentence += (
            f" {sign}: some of these few were not trained to the end, so its result can only be better."
        )
    return sentence


def _why_none_is_safe(audit: Audit) -> str:
    blocking = next((pair for pair in reversed(audit.adjacent) if pair.is_judged), None)
    if blocking is None or blocking.correlation is None:
        return f"from which min_epochs on ranks hold is unknown: {_too_few(audit.adjacent)}"
    among = " among the promoted trials" if blocking.is_selected else ""
    limit = f"{blocking.correlation.ci95[0]:.2f}"
    return f"no min_epochs is certainly safe: τ {_epochs_text([blocking])}{among} may be as low as {limit}"


def _misleading(pair: RungPair) -> str:
    tau = "" if pair.correlation is None else f"τ = {pair.correlation.tau:.2f}, "
    return (
        f"the ranking after {counted(pair.start, 'epoch')} says little about that after {pair.stop:,} "
        f"({tau}{counted(pair.trials, 'trial')})"
    )


def _too_few(pairs: Sequence[RungPair]) -> str:
    return f"fewer than {MIN_JUDGED} trials {_epochs_text(pairs)}"


def _epochs_text(pairs: Sequence[RungPair]) -> str:
    return "from " + ", ".join(f"{pair.start:,} to {pair.stop:,}" for pair in pairs) + " epochs"


def json_entries(summary: Summary) -> Mapping[str, Any]:
    """Null for a search with a single rung. What cannot be computed is null, too."""
    search = summary.search_history
    if (result := audit(search)) is None:
        return {"audit": None}
    baselines = [
        {"epochs": epochs, **_baseline_json(baseline, search)}
        for epochs, baseline in result.baselines.items()
    ]
    return {
        "audit": {
            "pairs": [_pair_json(pair) for pair in result.adjacent],
            "pairs_with_last": [_pair_json(pair) for pair in result.to_full],
            "baselines": baselines,
            "safe_tau": SAFE_TAU,
            "safe_min_epochs": result.safe_min_epochs,
        }
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
    counts = (baseline.trials, baseline.continued, baseline.known, baseline.used, baseline.available)
    best_known = search.from_loss(baseline.loss)
    return {
        **dict(zip(names, counts, strict=True)),
        "objective": best_known if baseline.is_exact else None,
        "best_known": best_known,
        "best_of_search": search.from_loss(baseline.search_loss),
        "as_good": baseline.as_good,
    }
