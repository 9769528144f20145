"""The rung audit in plain sentences."""

from __future__ import annotations

from collections.abc import Sequence

from fnnctl.records.audit.audit import LEAST_JUDGED, SAFE_TAU, Audit, RungPair
from fnnctl.text import counted


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
            f"Early ranks mislead: {_little(misleading)}. {_capital(advice)}."
            if misleading
            else (f"{_capital(advice)}.")
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


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
