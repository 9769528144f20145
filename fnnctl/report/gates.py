"""Gates for scripts and CI: a metric must reach a threshold, or must not be worse than another run's.

An unknown metric is an error, never a pass: a gate that checks nothing is worse than no gate. A run is worse
than another one if a one-sided test at the 5 % level says so. A difference that may be chance passes, and on
a small test part nearly every difference may be chance. So the result says how large a loss would be
detected. With a margin it is the other way round: a run passes only if the same kind of test shows that it is
worse by less than the margin (non-inferiority), and a small test part shows little.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Context
from pathlib import Path
from typing import Any, Final

from fnnctl.errors import UsageError, for_each
from fnnctl.metrics.paired import LEVEL
from fnnctl.metrics.registry import is_loss, metric_of
from fnnctl.report.blocks import Table
from fnnctl.report.comparison.compared_run import (
    ComparedRun,
    UnmeasurableError,
    default_metric,
    has_metrics,
    read_compared_run,
    require_same_meaning,
    require_same_target,
)
from fnnctl.report.comparison.differences import amount, detectable_difference, finite, largest_difference
from fnnctl.report.comparison.pairs import PairTest, suitable_test
from fnnctl.report.gated_values import gated_value
from fnnctl.report.summary import TEST, Summary
from fnnctl.report.words import number
from fnnctl.store.catalogue import find_run
from fnnctl.store.folder import RunFolder
from fnnctl.store.names import METRICS
from fnnctl.text import meant_number, p_text

GATE_OPTIONS: Final = ("--fail-under METRIC=VALUE", "--not-worse-than RUN")
"""The options of `fnnctl report` that set gates."""


@dataclass(frozen=True, slots=True)
class GateResult:
    """A gate's result for one run."""

    run: str
    """The path of the run."""
    name: str
    """What is checked, for JUnit files: the metric, and what sets this kind of gate apart."""
    metric: str
    """The metric, as the user wrote it."""
    value: float | None
    """The run's value of the metric."""
    value_text: str
    """The value as tables show it."""
    threshold: float | None
    """The limit for the value; None if there is no fixed one."""
    condition: str
    """The condition, such as `≥ 0.9`."""
    passed: bool
    message: str
    """The result in a sentence without a full stop, such as `accuracy is 0.9, wanted ≥ 0.95`."""
    note: str = ""
    """For a sentence below tables: what the condition is about, and what the gate can detect."""
    details: Mapping[str, Any] = field(default_factory=dict)
    """Further entries in JSON, such as statistics."""

    @property
    def result(self) -> str:
        """`passed` or `missed`."""
        return "passed" if self.passed else "missed"

    def line(self, *, names_run: bool) -> str:
        """The result in a line, which may name the run: `missed: accuracy is 0.9, wanted ≥ 0.95`."""
        return f"{self.result}: {self.message}" + (f" ({self.run})" if names_run else "")

    def to_dict(self) -> dict[str, Any]:
        """The entry in `report --json`."""
        return {
            "run": self.run,
            "metric": self.metric,
            "value": self.value,
            "threshold": self.threshold,
            "passed": self.passed,
            **self.details,
        }


def gate_lines(results: Sequence[GateResult], *, only: Sequence[GateResult] | None = None) -> list[str]:
    """One line per result, or per one of `only`; they name the run if the results are of several."""
    has_several = len({result.run for result in results}) > 1
    return [result.line(names_run=has_several) for result in (results if only is None else only)]


def gate_table(results: Sequence[GateResult]) -> Table:
    """One row per gate and run; the run is named if there are several."""
    has_several_runs = len({result.run for result in results}) > 1
    names = [f"{result.metric} of {result.run}" if has_several_runs else result.metric for result in results]
    rows = (
        (name, result.value_text, result.condition, result.result)
        for name, result in zip(names, results, strict=True)
    )
    notes = (f"{name}: {result.note}." for name, result in zip(names, results, strict=True) if result.note)
    header = ("metric", "value", "wanted", "result")
    return Table("Gates", header, tuple(rows), notes=tuple(notes))


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
    def condition(self) -> str:
        """The condition, such as `≥ 0.9`."""
        return f"{'≤' if self.is_loss else '≥'} {self.threshold:g}"

    @property
    def hint(self) -> str:
        """A hint if the threshold looks like a percentage, else empty."""
        metric = metric_of(self.metric)
        if metric is None or self.is_loss or metric.highest > 1 or not 1 < self.threshold <= 100:
            return ""
        return (
            f" (metrics are at most 1: write {self.threshold:g} % as {self.metric}={self.threshold / 100:g})"
        )

    def admits(self, value: float) -> bool:
        """Whether the value passes; a value equal to the threshold does."""
        return value <= self.threshold if self.is_loss else value >= self.threshold


def parse_gates(texts: Sequence[str]) -> list[Gate]:
    """Parse `METRIC=VALUE` texts; raises `UsageError` with one problem per invalid text."""
    return for_each(texts, _parse_gate)


def gate_results(gates: Sequence[Gate], summary: Summary) -> list[GateResult]:
    """Check a run's metrics; raises `UsageError` with one problem per unknown metric.

    Raises `DataError` if metrics.json was edited. Of a run without digests also raises `UsageError` if the
    predictions are missing from which a metric can be computed again.
    """
    results = for_each(gates, lambda gate: _threshold_result(gate, summary))
    run = RunFolder(summary.path)
    if METRICS not in (run.result_run() or run).read_manifest().sha256:
        for gate in gates:
            _refuse_edited(gate.metric, run)
    return results


def _refuse_edited(metric: str, run: RunFolder) -> None:
    """Raise `DataError` if a metric of a run without digests is not what follows from its predictions.

    Only metrics that runs can be compared by are computed again.
    """
    with suppress(UnmeasurableError):
        read_compared_run(run, metric.removeprefix(f"{TEST}."), option="--fail-under")


def _threshold_result(gate: Gate, summary: Summary) -> GateResult:
    gated = gated_value(gate.metric, summary)
    value, of_rows = gated.value, f" ({gated.of_rows})" if gated.of_rows else ""
    return GateResult(
        run=str(summary.path),
        name=gate.metric,
        metric=gate.metric,
        value=value,
        value_text=number(value),
        threshold=gate.threshold,
        condition=gate.condition,
        passed=gate.admits(value),
        message=f"{gate.metric} is {value:g}{of_rows}, wanted {gate.condition}{gate.hint}",
        note=gated.note,
        details=gated.details,
    )


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
        meant = meant_number(value)
        hint = "" if meant is None else f" (write {metric}={meant:g})"
        raise UsageError(f"--fail-under '{text}': '{value}' is not a number{hint}")
    return Gate(metric.strip(), threshold)


NOT_WORSE_THAN = "--not-worse-than"
MARGIN = "--margin"


def find_other_run(text: str, run: RunFolder, runs_dir: Path) -> RunFolder:
    """The run that `text` names, as in `find_run`; an experiment's name or `latest` is not `run` itself."""
    path = run.path.resolve()
    return find_run(text, runs_dir, lambda other: has_metrics(other) and other.path.resolve() != path)


def not_worse_result(
    run: RunFolder, other: RunFolder, metric: str | None = None, margin: float | None = None
) -> GateResult:
    """Check that the run is not worse than the other one, by default in the first metric of its task.

    Without a `margin` the run fails if it is significantly worse. With one, in units of the metric, it fails
    unless it is shown to be worse by less.

    Raises `UsageError` if both are one run, if one of them lacks the metric, if their targets differ, or if
    every run passes the margin, and `DataError` for a damaged file.
    """
    require_comparable(run, other)
    metric = metric or default_metric(run)
    return compared_result(read_compared_run(run, metric), read_compared_run(other, metric), metric, margin)


def require_comparable(run: RunFolder, other: RunFolder, *, may_lack_classes: bool = False) -> None:
    """Raise `UsageError` if both are one run, or if their targets differ: see `require_same_target`."""
    if run.path.resolve() == other.path.resolve():
        raise UsageError(
            f"{NOT_WORSE_THAN}: {other.path} is the run itself; name an earlier one by its folder"
        )
    require_same_target((run, other), may_lack_classes=may_lack_classes)


def compared_result(
    run: ComparedRun, other: ComparedRun, metric: str, margin: float | None = None
) -> GateResult:
    """The result of `not_worse_result` for runs whose metric has been measured."""
    if margin is not None:
        _refuse_idle_margin(margin, metric)
    require_same_meaning((run, other), metric)
    test = suitable_test(run, other)
    if margin is None:
        return _significance_result(run, other, metric, test)
    return _margin_result(run, other, metric, test, margin)


def _refuse_idle_margin(margin: float, metric: str) -> None:
    if margin > (largest := largest_difference(metric)):
        advice = f"; write {margin:g} % as {margin / 100:g}" if margin <= 100 * largest else ""
        raise UsageError(
            f"{MARGIN}: two values of {metric} are at most {largest:g} apart, so that every run passes with "
            f"{margin:g}{advice}"
        )


def _significance_result(run: ComparedRun, other: ComparedRun, metric: str, test: PairTest) -> GateResult:
    difference = test.difference
    p = difference.p_above if is_loss(metric) else difference.p_below
    passed = p >= LEVEL
    smallest = detectable_difference(difference, metric, sides=1)
    loss = "" if smallest is None else f"a loss of {amount(smallest, metric)} is detected 80 % of the time"
    if smallest is not None and math.isinf(smallest):
        loss = "even the largest loss is detected less than 80 % of the time"
    if loss and test.why_unpaired:
        loss += f", smaller ones more rarely; {MARGIN} X passes only runs shown to be less than X worse"
    how = "not significantly worse than" if passed else "worse than"
    return _result(
        run,
        other,
        metric,
        test,
        passed=passed,
        wanted="not worse than",
        verdict=f"{how} {number(other.value)} of {other.path}",
        findings=(
            f"{amount(difference.value, metric)} apart",
            f"one-sided {p_text(p)}",
            _unpaired(test),
            loss,
        ),
        sensitivity=loss,
    )


def _margin_result(
    run: ComparedRun, other: ComparedRun, metric: str, test: PairTest, margin: float
) -> GateResult:
    difference, lower_is_better = test.difference, is_loss(metric)
    passed = difference.is_within(margin, lower_is_better=lower_is_better)
    smallest = _possible_margin(difference.smallest_margin(lower_is_better=lower_is_better), metric)
    equal = _possible_margin(difference.equal_margin(), metric)
    margins = "no margin passes with so few samples"
    if smallest is not None:
        margins = f"the smallest margin that passes is {_margin_text(smallest)}"
    if equal is not None:
        margins += f"; an equally good run passes one of {_margin_text(equal)} 80 % of the time"
    less = f"less than {margin:g} worse than {number(other.value)} of {other.path}"
    return _result(
        run,
        other,
        metric,
        test,
        passed=passed,
        wanted=f"less than {margin:g} worse than",
        verdict=f"{'' if passed else 'not '}shown to be {less}",
        findings=(margins, _unpaired(test)),
        sensitivity=margins,
        details={"margin": margin, "smallest_margin": smallest, "equal_run_margin": equal},
    )


def _possible_margin(margin: float | None, metric: str) -> float | None:
    """None for a margin that is unknown, infinite, or larger than any difference of the metric."""
    if margin is None or math.isinf(margin) or margin > largest_difference(metric):
        return None
    return margin


def _result(
    run: ComparedRun,
    other: ComparedRun,
    metric: str,
    test: PairTest,
    *,
    passed: bool,
    wanted: str,
    verdict: str,
    findings: Sequence[str],
    sensitivity: str,
    details: Mapping[str, Any] | None = None,
) -> GateResult:
    """The result of a comparison with another run.

    `wanted` is followed by the other run, and `sensitivity` says what the gate can detect, if that is known.
    """
    title = f"{wanted} {other.folder.path.name}"
    return GateResult(
        run=run.path,
        name=f"{metric}, {title}",
        metric=metric,
        value=run.value,
        value_text=number(run.value),
        threshold=None,
        condition=f"{wanted} {number(other.value)}",
        passed=passed,
        message=f"{metric} is {number(run.value)}, {verdict} ({'; '.join(filter(None, findings))})",
        note="; ".join(filter(None, (title, sensitivity))),
        details={**_details(other, test, metric), **(details or {})},
    )


def _unpaired(test: PairTest) -> str:
    return f"not paired, because {test.why_unpaired}" if test.why_unpaired else ""


def _margin_text(margin: float) -> str:
    """Three digits, rounded up, so that the margin that is read passes."""
    above = math.nextafter(margin, math.inf) if margin else 0.0
    return f"{float(Context(prec=3, rounding=ROUND_CEILING).create_decimal_from_float(above)):g}"


def _details(other: ComparedRun, test: PairTest, metric: str) -> dict[str, Any]:
    difference = test.difference
    smallest = finite(detectable_difference(difference, metric, sides=1))
    return {
        "not_worse_than": other.path,
        "other_value": other.value,
        "difference": difference.value,
        "ci95": difference.ci95,
        "p_worse": difference.p_above if is_loss(metric) else difference.p_below,
        "detectable_difference": smallest,
        "found_in_80_percent": smallest,  # the former name, which scripts read
        "paired": test.why_unpaired is None,
        "why_unpaired": test.why_unpaired,
        "test": test.method,
        "samples": test.samples,
        "count": test.count,
    }
