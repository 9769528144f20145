"""The result of a gate, whatever it checks: what tables, JSON and JUnit files show of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

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
    wanted: str
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
    shown = results if only is None else only
    return [result.line(names_run=has_several) for result in shown]
