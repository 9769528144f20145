"""What is shown of a comparison, be it by one metric or by that of each of several targets."""

from __future__ import annotations

from typing import Any

from fnnctl.report.comparison.sections import comparison_document, comparison_json, verdict_sentences
from fnnctl.report.comparison.sections import warnings as warnings_of_runs
from fnnctl.report.comparison.target_comparison import Comparison, TargetComparison
from fnnctl.report.comparison.target_sections import target_document, target_json, target_verdicts
from fnnctl.report.document import Document


def verdicts(comparison: Comparison) -> list[str]:
    """Who is better, in sentences."""
    if isinstance(comparison, TargetComparison):
        return target_verdicts(comparison)
    return verdict_sentences(comparison)


def warnings(comparison: Comparison) -> list[str]:
    """Pairs whose data differ."""
    return warnings_of_runs(comparison.first if isinstance(comparison, TargetComparison) else comparison)


def document(comparison: Comparison) -> Document:
    """All of it."""
    if isinstance(comparison, TargetComparison):
        return target_document(comparison)
    return comparison_document(comparison)


def to_json(comparison: Comparison) -> dict[str, Any]:
    """The object of `compare --json`."""
    if isinstance(comparison, TargetComparison):
        return target_json(comparison)
    return comparison_json(comparison)
