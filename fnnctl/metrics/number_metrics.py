"""The metrics of numbers, in the order of metrics.json. To add one, add a record to `NUMBER_METRICS`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fnnctl.metrics.metric import REGRESSION, Given, Metric, OfPart, OfRows

if TYPE_CHECKING:
    from fnnctl.metrics.rows import ErrorRows

R2: Final[Metric[ErrorRows]] = Metric(
    name="r2",
    label="R²",
    task=REGRESSION,
    formula=OfRows(lambda rows: rows.squares, form="explained"),
    lowest=float("-inf"),
    interval="bootstrap",
    monitored=True,
    importance="ranked",
    reported="first",
)
RMSE: Final[Metric[ErrorRows]] = Metric(
    name="rmse",
    label="RMSE",
    task=REGRESSION,
    formula=OfRows(lambda rows: rows.squares, form="root"),
    lower_is_better=True,
    highest=float("inf"),
    unit="target",
    interval="bootstrap",
    importance="listed",
    reported="first",
)
MAE: Final[Metric[ErrorRows]] = Metric(
    name="mae",
    label="MAE",
    task=REGRESSION,
    formula=OfRows(lambda rows: rows.errors),
    lower_is_better=True,
    highest=float("inf"),
    unit="target",
    interval="bootstrap",
    reported="first",
)
D2: Final[Metric[ErrorRows]] = Metric(
    name="d2",
    label="D²",
    task=REGRESSION,
    needs="deviances",
    formula=OfRows(lambda rows: rows.deviances, form="explained", of_mean=lambda rows: rows.mean_deviances),
    lowest=float("-inf"),
    interval="bootstrap",
    monitored=True,
    reported="first",
)
DEVIANCE: Final[Metric[ErrorRows]] = Metric(
    name="deviance",
    label="mean deviance",
    task=REGRESSION,
    needs="deviances",
    formula=OfRows(lambda rows: rows.deviances),
    lower_is_better=True,
    highest=float("inf"),
    interval="bootstrap",
    importance="listed",
    reported="first",
)
MEDIAN_ABSOLUTE_ERROR: Final[Metric[ErrorRows]] = Metric(
    name="median_absolute_error",
    label="median abs. error",
    task=REGRESSION,
    formula=OfPart(
        lambda rows: rows.median_error,
        resampled=lambda rows, rng: rows.resampled_medians(rng),
    ),
    lower_is_better=True,
    highest=float("inf"),
    unit="target",
    interval="bootstrap",
)
PINBALL: Final[Metric[ErrorRows]] = Metric(
    name="pinball",
    label="pinball loss",
    task=REGRESSION,
    formula=OfRows(lambda rows: rows.pinball),
    needs="levels",
    lower_is_better=True,
    highest=float("inf"),
    unit="target",
    interval="bootstrap",
    importance="listed",
    reported="first",
)
REGRESSION_LOSS: Final[Metric[ErrorRows]] = Metric(
    name="loss",
    label="loss",
    task=REGRESSION,
    formula=Given(),
    lower_is_better=True,
    highest=float("inf"),
)
NUMBER_METRICS: Final[tuple[Metric[Any], ...]] = (
    R2,
    D2,
    DEVIANCE,
    RMSE,
    MAE,
    MEDIAN_ABSOLUTE_ERROR,
    PINBALL,
    REGRESSION_LOSS,
)
