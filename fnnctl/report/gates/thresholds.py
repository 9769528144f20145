"""Gates for CI: a metric must reach a threshold, or a loss must not exceed one.

An unknown metric is an error, never a pass: a gate that checks nothing is worse than no gate.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from fnnctl.config.schema.metric_names import is_loss
from fnnctl.errors import UsageError, did_you_mean
from fnnctl.metrics.flat import flat_metrics
from fnnctl.metrics.reported import PARTS
from fnnctl.report.comparison.sides import UnmeasurableError, read_side
from fnnctl.report.gates.results import GateResult
from fnnctl.report.sections import number
from fnnctl.report.summary import Summary
from fnnctl.store.folder import RunFolder
from fnnctl.store.names import METRICS

DEFAULT_PART = "test"

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Gate:
    """A metric's name, as the user wrote it, and its threshold."""

    metric: str
    threshold: float

    @property
    def is_loss(self) -> bool:
        """Whether smaller values are better."""
        return is_loss(self.metric)

    @property
    def wanted(self) -> str:
        """The condition, such as `≥ 0.9`."""
        return f"{'≤' if self.is_loss else '≥'} {self.threshold:g}"

    @property
    def hint(self) -> str:
        """A hint if the threshold looks like a percentage, else empty. Only counts can exceed 1."""
        if self.is_loss or not 1 < self.threshold <= 100 or self.metric.rpartition(".")[2] == "support":
            return ""
        return (
            f" (metrics are at most 1: write {self.threshold:g} % as {self.metric}={self.threshold / 100:g})"
        )

    def admits(self, value: float) -> bool:
        """Whether the value passes; a value equal to the threshold does."""
        return value <= self.threshold if self.is_loss else value >= self.threshold


def parse_gates(texts: Sequence[str]) -> list[Gate]:
    """Parse `METRIC=VALUE` texts; raises `UsageError` with one problem per invalid text."""
    return _each(texts, _parse_gate)


def check_gates(gates: Sequence[Gate], summary: Summary) -> list[GateResult]:
    """Check a run's metrics; raises `UsageError` with one problem per unknown metric.

    Raises `DataError` if metrics.json was edited. Of a run without digests also raises `UsageError` if the
    predictions are missing from which a metric can be computed again.
    """
    results = _each(gates, lambda gate: _result(gate, summary))
    run = RunFolder(summary.path)
    if METRICS not in (run.winner() or run).read_manifest().sha256:
        for gate in gates:
            _refuse_edited(gate.metric, run)
    return results


def _refuse_edited(metric: str, run: RunFolder) -> None:
    """Raise `DataError` if a metric of a run without digests is not what follows from its predictions.

    Only metrics that runs can be compared by are computed again.
    """
    with suppress(UnmeasurableError):
        read_side(run, metric.removeprefix(f"{DEFAULT_PART}."), option="--fail-under")


def _result(gate: Gate, summary: Summary) -> GateResult:
    value = _metric(gate.metric, summary)
    return GateResult(
        run=str(summary.path),
        name=gate.metric,
        metric=gate.metric,
        value=value,
        value_text=number(value),
        threshold=gate.threshold,
        wanted=gate.wanted,
        passed=gate.admits(value),
        message=f"{gate.metric} is {value:g}, wanted {gate.wanted}{gate.hint}",
    )


def _each(items: Sequence[T], function: Callable[[T], R]) -> list[R]:
    """The function's results; raises one error with the problems of all items."""
    results: list[R] = []
    problems: list[str] = []
    for item in items:
        try:
            results.append(function(item))
        except UsageError as error:
            problems.append(error.message)
    if problems:
        raise UsageError(*problems)
    return results


def _parse_gate(text: str) -> Gate:
    # Split at the last "=", because a class name may contain one.
    metric, divider, value = text.rpartition("=")
    if not divider or not metric.strip():
        raise UsageError(f"--fail-under '{text}': write METRIC=VALUE, as in accuracy=0.9")
    try:
        threshold = float(value)
    except ValueError:
        threshold = math.nan
    if not math.isfinite(threshold) or "_" in value:
        raise UsageError(f"--fail-under '{text}': '{value}' is not a number")
    return Gate(metric.strip(), threshold)


def _metric(name: str, summary: Summary) -> float:
    """The value of a gate's metric, on the test part unless the name begins with another part.

    A cross-validation has only a test part: see `reported_metrics`.
    """
    first, _, rest = name.partition(".")
    part, inner = (first, rest) if rest and first in PARTS else (DEFAULT_PART, name)
    metrics = summary.part_metrics(part)
    if summary.metrics is None:
        raise UsageError(f"--fail-under '{name}': {summary.path} has no metrics ({summary.shown_status})")
    if metrics is None:
        raise UsageError(f"--fail-under '{name}': {summary.path} has no metrics for the {part} part")
    values = flat_metrics(metrics)
    if inner not in values:
        known = [metric for metric in values if "." not in metric]
        hint = did_you_mean(inner, values) or f"; the metrics are {', '.join(known)}"
        raise UsageError(f"--fail-under '{name}': {summary.path} has no metric '{inner}'{hint}")
    value = values[inner]
    if value is None:
        raise UsageError(f"--fail-under '{name}': the metric has no value in {summary.path} (it is null)")
    return value
