"""Gates for CI that compare a run with another one: its metric must not be significantly worse.

They are missed if a one-sided test at the 5 % level finds that the run is worse. A difference that may be
chance passes, and on a small test part nearly every difference may be chance. So the result says how large a
loss would be found.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from fnnctl.config.schema.metric_names import is_loss
from fnnctl.errors import UsageError
from fnnctl.metrics.paired import LEVEL
from fnnctl.report.comparison.pair_tests import PairTest, suitable_test
from fnnctl.report.comparison.sides import (
    Side,
    default_metric,
    has_metrics,
    read_side,
    require_same_positive_class,
    require_same_target,
)
from fnnctl.report.comparison.words import amount, findable, finite, p_text
from fnnctl.report.gates.results import GateResult
from fnnctl.report.sections import number
from fnnctl.store.catalogue import find_run
from fnnctl.store.folder import RunFolder

OPTION = "--not-worse-than"


def find_other_run(text: str, run: RunFolder, runs_dir: Path) -> RunFolder:
    """The run that `text` names, as in `find_run`; an experiment's name or `latest` is not `run` itself."""
    own = run.path.resolve()
    return find_run(text, runs_dir, lambda each: has_metrics(each) and each.path.resolve() != own)


def check_not_worse(run: RunFolder, other: RunFolder, metric: str | None = None) -> GateResult:
    """Check that the run is not worse than the other one, by default in the first metric of its task.

    Raises `UsageError` if both are one run, if one of them lacks the metric, or if their targets differ, and
    `DataError` for a damaged file.
    """
    if run.path.resolve() == other.path.resolve():
        raise UsageError(f"{OPTION}: {other.path} is the run itself; name an earlier one by its folder")
    require_same_target((run, other))
    metric = metric or default_metric(run)
    own, compared = (read_side(each, metric) for each in (run, other))
    require_same_positive_class((own, compared), metric)
    return _result(own, compared, metric, suitable_test(own, compared))


def _result(own: Side, other: Side, metric: str, found: PairTest) -> GateResult:
    difference = found.difference
    p = difference.p_above if is_loss(metric) else difference.p_below
    passed = p >= LEVEL
    smallest = findable(difference, metric, sides=1)
    loss = "" if smallest is None else f"a loss of {amount(smallest, metric)} is detected 80 % of the time"
    if smallest is not None and math.isinf(smallest):
        loss = "even the largest loss is detected less than 80 % of the time"
    how = "not significantly worse than" if passed else "worse than"
    details = [f"{amount(difference.value, metric)} apart", f"one-sided {p_text(p)}", loss]
    if found.why_unpaired:
        details.append(f"not paired, because {found.why_unpaired}")
    condition = f"not worse than {other.run.path.name}"
    return GateResult(
        run=own.path,
        name=f"{metric}, {condition}",
        metric=metric,
        value=own.value,
        value_text=number(own.value),
        threshold=None,
        wanted=f"not worse than {number(other.value)}",
        passed=passed,
        message=(
            f"{metric} is {number(own.value)}, {how} {number(other.value)} of {other.path} "
            f"({'; '.join(filter(None, details))})"
        ),
        note=f"{condition}; {loss}" if loss else condition,
        details=_details(other, found, p, finite(smallest)),
    )


def _details(other: Side, found: PairTest, p: float, smallest: float | None) -> dict[str, Any]:
    return {
        "not_worse_than": other.path,
        "other_value": other.value,
        "difference": found.difference.value,
        "ci95": found.difference.ci95,
        "p_worse": p,
        "found_in_80_percent": smallest,
        "paired": found.why_unpaired is None,
        "why_unpaired": found.why_unpaired,
        "test": found.method,
        "samples": found.samples,
        "count": found.count,
    }
