"""From the outputs of networks to estimates in the target's units: single values, or a quantile per level."""

from __future__ import annotations

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.metrics.rows import ErrorRows, Quantiles
from fnnctl.nn.losses.quantiles import reference_index
from fnnctl.tasks.decoder import OutputDecoder, TargetScale


def scale_of(decoder: OutputDecoder) -> TargetScale:
    """The target's scale, which every decoder of a regression has; raises ValueError for another task's."""
    if decoder.scale is None:
        raise ValueError("the targets of a regression are standardized, but the decoder has no scale")
    return decoder.scale


def estimated_index(decoder: OutputDecoder) -> int:
    """The index of the output that is the estimate: of quantiles, the level that is nearest to 0.5."""
    levels = decoder.output.levels
    return reference_index(levels) if levels else 0


def estimates_of(outputs: FloatArray, decoder: OutputDecoder) -> FloatArray:
    """The estimate of each row, (n,), in the target's units."""
    # With the outputs below it, by whose rounding it may rise: see `quantiles_of`.
    values = scale_of(decoder).restored(outputs[:, : estimated_index(decoder) + 1])
    estimates: FloatArray = values.max(axis=1)
    return estimates


def quantiles_of(outputs: FloatArray, decoder: OutputDecoder) -> Quantiles | None:
    """The quantiles of each row; None if the outputs are none.

    Rounding may swap nearly equal ones when a transform is inverted; then both are the larger one.
    """
    levels = decoder.output.levels
    if not levels:
        return None
    return Quantiles(levels, np.maximum.accumulate(scale_of(decoder).restored(outputs), axis=1))


def measured_rows(
    outputs: FloatArray, targets: FloatArray, decoder: OutputDecoder, exposures: FloatArray | None = None
) -> ErrorRows:
    """Outputs (n, outputs) and targets (n,) as formulas of metrics need them; with exposures, (n,), outputs
    are of rates.
    """
    estimates = estimates_of(outputs, decoder)
    if exposures is not None:
        estimates = estimates * exposures
    return ErrorRows(targets, estimates, decoder.power, exposures, quantiles_of(outputs, decoder))


def baseline_rows(
    targets: FloatArray, decoder: OutputDecoder, exposures: FloatArray | None = None
) -> ErrorRows | None:
    """The same for the prediction without features; None if it is unknown."""
    if decoder.baseline is None:
        return None
    levels, values = decoder.output.levels, np.array(decoder.baseline)
    quantiles = Quantiles(levels, np.tile(values, (len(targets), 1))) if levels else None
    estimates = np.full(len(targets), values[estimated_index(decoder)])
    if exposures is not None:
        estimates = estimates * exposures
    return ErrorRows(targets, estimates, decoder.power, exposures, quantiles)
