"""A regression's results on one part of the data, and its out-of-fold predictions in a cross-validation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.messages import Message
from fnnctl.metrics.comparison.measures import Measure, error_measure
from fnnctl.metrics.metric import REGRESSION, SUPPORT, OfRows
from fnnctl.metrics.registry import importance_metrics, metrics_of
from fnnctl.metrics.regression import score
from fnnctl.metrics.rows import ErrorRows
from fnnctl.nn.losses.real_values import RealValueLoss
from fnnctl.nn.losses.registry import loss_of
from fnnctl.seeds import Purpose, stream
from fnnctl.store import names
from fnnctl.store.tables import csv_lines
from fnnctl.tasks.decoder import OutputDecoder
from fnnctl.tasks.folds import mean_metrics, repeats_of
from fnnctl.tasks.regions import ErrorTails, MeasuredRegions, RegionLimits, tenth_of
from fnnctl.tasks.regression.estimates import baseline_rows, estimates_of, measured_rows, scale_of
from fnnctl.tasks.regression.tables import FOLD_COLUMNS, prediction_columns
from fnnctl.tasks.regression.warnings import baseline_warning, total_warning
from fnnctl.tasks.task import Artifact, Artifacts, FoldScores, PartScores
from fnnctl.tasks.warnings import (
    OUT_OF_FOLD,
    TEST_PART,
    UNKNOWN,
    TrainingOutcome,
    few_rows,
    of_most_repeats,
)
from fnnctl.tasks.worst_rows import joined_badness


@dataclass(frozen=True, slots=True)
class EstimateScores:
    """The estimates of n rows, and what is computed from them."""

    rows: IntArray
    """(n,) the row numbers in the file."""
    measured: ErrorRows
    """The rows as formulas of metrics need them, in the target's units, float64."""
    loss: float
    """The mean unweighted loss of the standardized target."""
    baseline: ErrorRows | None
    """The rows with the estimates of the baseline, which is the training part's mean, or its quantiles; None
    if it is unknown."""
    baseline_loss: float | None
    seed: int
    """The experiment's seed, which determines the random numbers of the bootstrap."""
    losses: FloatArray
    """(n,) the loss of each row."""
    baseline_losses: FloatArray | None
    """(n,) those of the baseline."""
    rates: FloatArray | None = None
    """(n,) the estimated rates; None without exposures."""

    @property
    def targets(self) -> FloatArray:
        """(n,)"""
        return self.measured.targets

    @property
    def estimates(self) -> FloatArray:
        """(n,)"""
        return self.measured.estimates

    @property
    def predictions(self) -> FloatArray:
        """The estimates or, with exposures, the rates; see `PartScores`."""
        return self.estimates if self.rates is None else self.rates

    def metrics(self, *, complete: bool = True) -> dict[str, Any]:
        """The part's entry in metrics.json; see `PartScores`."""
        if not complete:
            return score(self.measured, loss=self.loss)
        rng = stream(self.seed, Purpose.BOOTSTRAP)
        metrics = score(self.measured, loss=self.loss, rng=rng)
        return {**metrics, "baseline": self.baseline_metrics()}

    def baseline_metrics(self) -> dict[str, Any] | None:
        """The metrics of the baseline on these rows, by name: see `PartScores`."""
        if self.baseline is None or self.baseline_loss is None:
            return None
        metrics = score(self.baseline, loss=self.baseline_loss)
        del metrics[SUPPORT]
        return metrics

    def warnings(
        self,
        where: str = TEST_PART,
        training: TrainingOutcome = UNKNOWN,
        held_out: PartScores | None = None,
    ) -> list[Message]:
        """Warnings if the predictions of these rows are of little use: see `PartScores`."""
        found = (self.warning(where, training), self.total_warning(where, training))
        return [warning for warning in found if warning]

    def warning(self, where: str, training: TrainingOutcome) -> Message | None:
        """The most severe warning; None if there is none."""
        warning = None
        if self.baseline is not None and training.counts_rows_equally:
            warning = baseline_warning(self.measured, self.baseline, where=where, training=training)
        return warning or few_rows(len(self.targets), where)

    def total_warning(self, where: str, training: TrainingOutcome) -> Message | None:
        """A warning if the total of counts or amounts is wrong; None if there is none."""
        if self.measured.power is None or not training.counts_rows_equally:
            return None
        return total_warning(self.targets, self.estimates, where=where)

    def row_losses(self) -> dict[str, FloatArray]:
        """See `PartScores`; for R² and its root mean those are the squared errors."""
        with np.errstate(over="ignore"):
            return {
                metric.name: metric.formula.values(self.measured)
                for metric in importance_metrics(REGRESSION, self.measured.kinds)
                if isinstance(metric.formula, OfRows)
            }

    def measure(self, metric: str) -> Measure | None:
        """A metric by what it is computed from in each row: see `PartScores`."""
        record = next(
            (record for record in metrics_of(REGRESSION, self.measured.kinds) if record.name == metric), None
        )
        return error_measure(record, self.measured) if record and record.is_compared else None

    def subset(self, rows: IntArray) -> EstimateScores:
        """Some of the rows; see `PartScores`."""
        losses, baseline_losses = self.losses[rows], _some(self.baseline_losses, rows)
        return EstimateScores(
            self.rows[rows],
            self.measured.of_rows(rows),
            _mean(losses),
            None if self.baseline is None else self.baseline.of_rows(rows),
            None if baseline_losses is None else _mean(baseline_losses),
            self.seed,
            losses,
            baseline_losses,
            _some(self.rates, rows),
        )

    def row_badness(self) -> tuple[IntArray, FloatArray]:
        """The absolute residual, where it is not 0; see `PartScores`."""
        residuals = np.abs(self.targets - self.estimates)
        return self.rows, np.where(residuals == 0, np.nan, residuals)

    def error_tails(self, groups: IntArray | None) -> ErrorTails | None:
        """The residuals, or how far targets are outside of pairs of quantiles; see `PartScores`."""
        if (quantiles := self.measured.quantiles) is not None:
            return ErrorTails.of_quantiles(self.targets, self.estimates, quantiles, groups)
        least = None if self.measured.power is None else 0.0
        return ErrorTails.of_numbers(self.targets, self.estimates, groups, least=least)

    def regions(self, limits: RegionLimits) -> MeasuredRegions:
        """Intervals, by tenths of the estimates; see `PartScores`."""
        quantiles = self.measured.quantiles
        low, high = limits.intervals(self.estimates, None if quantiles is None else quantiles.values)
        holds = (low <= self.targets) & (self.targets <= high)
        parts = tenth_of(self.estimates, limits.edges)
        return MeasuredRegions(holds, high - low, parts, limits.names_of_tenths)

    def confusion_table(self) -> None:
        """None: there are no classes."""

    def artifacts(self) -> Artifacts:
        """predictions.csv; see `PartScores`."""
        yield prediction_table(self.prediction_columns, self.prediction_rows())

    @property
    def prediction_columns(self) -> tuple[str, ...]:
        """The columns of predictions.csv."""
        quantiles = self.measured.quantiles
        levels = () if quantiles is None else quantiles.levels
        return prediction_columns(levels, has_rates=self.rates is not None)

    def prediction_rows(self) -> Iterator[list[object]]:
        """The rows for predictions.csv."""
        quantiles = self.measured.quantiles
        columns = [self.rows.tolist(), self.targets.tolist(), self.estimates.tolist()]
        columns += [] if self.rates is None else [self.rates.tolist()]
        columns += [] if quantiles is None else quantiles.values.T.tolist()
        return (list(row) for row in zip(*columns, strict=True))


def prediction_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Artifact:
    """predictions.csv."""
    return names.PREDICTIONS, csv_lines(columns, rows)


def estimate_scores(
    rows: IntArray,
    targets: FloatArray,
    batches: Iterable[FloatArray],
    decoder: OutputDecoder,
    exposures: FloatArray | None = None,
    *,
    seed: int,
) -> EstimateScores:
    """Compute estimates of n ≥ 1 rows from the network's outputs, (…, outputs), batch by batch.

    With exposures, (n,), the outputs are of rates. The caller must check that the loss is finite.
    """
    scale, factors = scale_of(decoder), decoder.loss_factors(targets, exposures)
    outputs = np.concatenate(list(batches)).astype(np.float64)
    standardized = scale.standardized(targets if exposures is None else targets / exposures)
    baseline_losses = None
    with np.errstate(over="ignore", invalid="ignore"):
        if decoder.baseline is not None:
            constant = np.tile(scale.standardized(np.array(decoder.baseline)), (len(rows), 1))
            baseline_losses = row_losses(constant, standardized, decoder)
        losses = row_losses(outputs, standardized, decoder)
    if factors is not None:
        losses = losses * factors
        baseline_losses = None if baseline_losses is None else baseline_losses * factors
    return EstimateScores(
        rows,
        measured_rows(outputs, targets, decoder, exposures),
        _mean(losses),
        baseline_rows(targets, decoder, exposures),
        None if baseline_losses is None else _mean(baseline_losses),
        seed,
        losses,
        baseline_losses,
        None if exposures is None else estimates_of(outputs, decoder),
    )


def _mean(losses: FloatArray) -> float:
    with np.errstate(over="ignore", invalid="ignore"):
        return float(losses.mean())


def _some(values: FloatArray | None, rows: IntArray) -> FloatArray | None:
    return None if values is None else values[rows]


def row_losses(outputs: FloatArray, targets: FloatArray, decoder: OutputDecoder) -> FloatArray:
    """The loss of each row, (…, n), from outputs, (…, n, outputs), and standardized targets, (n,)."""
    loss: type[RealValueLoss] = loss_of(decoder.output.kind)  # type: ignore[assignment]  # as its task says
    return loss.row_losses(outputs, targets, decoder.output)


@dataclass(frozen=True, slots=True)
class EstimateOutOfFold:
    """All repeats of a cross-validation."""

    repeats: Sequence[tuple[int, IntArray, EstimateScores]]
    """Each repeat's number, the fold that predicted each row, (n,), and the scores in the rows' order."""
    rows: Sequence[IntArray]
    """Each repeat's rows, (n,), as row indices of the data set."""

    @property
    def parts(self) -> list[tuple[IntArray, EstimateScores]]:
        """See `OutOfFold`."""
        return [(rows, part) for rows, (_, _, part) in zip(self.rows, self.repeats, strict=True)]

    def metrics(self) -> dict[str, Any]:
        """The mean of the repeats' metrics; see `OutOfFold`."""
        return mean_metrics([part.metrics() for _, _, part in self.repeats])

    def warnings(self, training: TrainingOutcome = UNKNOWN) -> list[Message]:
        """The warnings to which most repeats lead: see `OutOfFold`."""
        return of_most_repeats(
            [
                [part.warning(OUT_OF_FOLD, training), part.total_warning(OUT_OF_FOLD, training)]
                for _, _, part in self.repeats
            ]
        )

    def row_badness(self) -> tuple[IntArray, FloatArray]:
        """How badly each row is predicted, for the rows of all repeats: see `OutOfFold`."""
        return joined_badness([part for _, _, part in self.repeats])

    def artifacts(self) -> Artifacts:
        """All predictions; see `OutOfFold`."""
        rows = (
            [repeat + 1, fold + 1, *row]
            for repeat, folds, part in self.repeats
            for fold, row in zip(folds.tolist(), part.prediction_rows(), strict=True)
        )
        columns = next(iter(part.prediction_columns for _, _, part in self.repeats), prediction_columns(()))
        yield prediction_table((*FOLD_COLUMNS, *columns), rows)


def out_of_fold(
    folds: Sequence[FoldScores], file_rows: IntArray, targets: FloatArray, *, seed: int
) -> EstimateOutOfFold:
    """Sort the folds' predictions into the order of the rows, separately for each repeat.

    Rows whose fold has no scores are left out, and so are repeats without scores. `file_rows` (N,) and
    `targets` (N,) are those of all rows.
    """
    repeats, rows = [], []
    for repeat in repeats_of(folds, EstimateScores):
        parts, sizes = repeat.parts, [len(part.rows) for part in repeat.parts]
        baselines = [part.baseline for part in parts if part.baseline is not None]
        baseline_losses = [part.baseline_loss for part in parts if part.baseline_loss is not None]
        has_baseline = len(baselines) == len(baseline_losses) == len(parts)
        scores = EstimateScores(
            file_rows[repeat.rows],
            ErrorRows.joined([part.measured for part in parts], repeat.order),
            repeat.mean([part.loss for part in parts], sizes),
            ErrorRows.joined(baselines, repeat.order) if has_baseline else None,
            repeat.mean(baseline_losses, sizes) if has_baseline else None,
            seed,
            repeat.concatenate([part.losses for part in parts]),
            repeat.concatenate_known([part.baseline_losses for part in parts]),
            repeat.concatenate_known([part.rates for part in parts]),
        )
        repeats.append((repeat.number, repeat.folds, scores))
        rows.append(repeat.rows)
    return EstimateOutOfFold(repeats, rows)
