"""The figure of the correlations between the errors of several targets."""

from __future__ import annotations

import math
from typing import Any, Final

from fnnctl.report.figures.record import RunFigure
from fnnctl.report.summary import Summary, scored_rows
from fnnctl.report.target_views import target_views
from fnnctl.store import names
from fnnctl.store.folder import RunFolder


def _errors(run: RunFolder) -> dict[tuple[str, ...], float]:
    """The error of each row, by its number (and repeat): target − prediction, or 1 − p of the true class."""
    lines = run.read_rows(names.PREDICTIONS)
    if lines is None:
        return {}
    columns = next(lines)
    keys = [columns.index(name) for name in ("repeat", "row") if name in columns]
    is_number = "target" in columns
    errors = {}
    for line in lines:
        row = dict(zip(columns, line, strict=True))
        if is_number:
            error = float(row["target"]) - float(row["prediction"])
        else:
            error = 1.0 - float(row[f"p_{row['label']}"])
        errors[tuple(line[key] for key in keys)] = error
    return errors


def correlations(run: RunFolder, summary: Summary) -> tuple[list[str], list[list[float]]]:
    """The targets, and the correlation of the errors of each two, over the rows that have both."""
    import numpy as np  # short reports do without

    views = target_views(run, summary)
    errors = [_errors(view.run) for view in views]
    matrix = []
    for first in errors:
        line = []
        for second in errors:
            shared = [key for key in first if key in second]
            pair = np.array([[first[key], second[key]] for key in shared]).reshape(-1, 2)
            varies = (
                len(shared) > 2 and bool(np.isfinite(pair).all()) and bool((np.ptp(pair, axis=0) > 0).all())
            )
            line.append(float(np.corrcoef(pair.T)[0, 1]) if varies else math.nan)
        matrix.append(line)
    return [view.name for view in views], matrix


def _draw(run: RunFolder, summary: Summary) -> Any:
    import numpy as np

    from fnnctl.plots.errors import errors_figure

    targets, matrix = correlations(run, summary)
    if len(targets) < 2:
        return None
    title = f"{summary.manifest.name}: errors {scored_rows(summary)}"
    return errors_figure(np.array(matrix), targets, title=title)


def _in_words(summary: Summary) -> str:
    targets, matrix = correlations(RunFolder(summary.path), summary)
    pairs = [
        (abs(matrix[i][j]), f"{targets[i]} and {targets[j]} {matrix[i][j]:.2f}")
        for i in range(len(targets))
        for j in range(i)
        if math.isfinite(matrix[i][j])
    ]
    return f"The largest correlation of errors: {max(pairs)[1]}." if pairs else ""


ERRORS: Final = RunFigure(
    file="errors.png",
    title="correlations of the targets' errors",
    source=names.METRICS,
    draw=_draw,
    in_words=_in_words,
    task="several",
    reading="""\
With several targets. The correlation of the errors of each two targets, over the rows that have both. The
error of a number is the target less the prediction, that of a class 1 − the probability of the true class.
Errors that hang together say that what is missing in the columns matters for both targets.""",
)
