"""The rung audit as sections: the pairs of rungs, the baselines, and what follows in at most three notes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from fnnctl.records.audit.audit import LEAST_JUDGED, Audit, RungPair, audit
from fnnctl.records.audit.baseline import Baseline
from fnnctl.records.history import SearchHistory
from fnnctl.report.audit.sentences import baseline_sentence, measure_sentence, verdict_sentence
from fnnctl.report.sections import NOTHING, Notes, Section, TableSection, number

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
