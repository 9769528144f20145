"""Counts and positive amounts, whose mean is estimated by its logarithm, and their exposures.

With an exposure the network estimates a rate: what a row of exposure 1 is expected to have.
"""

from __future__ import annotations

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.arrays.deviances import half_deviances
from fnnctl.nn.shape import OutputShape
from fnnctl.tasks.decoder import OutputDecoder, TargetScale

HALF_AN_EVENT = 0.5
"""If all training targets are 0, the baseline is that of half an event, because 0 has no logarithm."""


def mean_decoder(
    shape: OutputShape, targets: FloatArray, exposures: FloatArray | None, *, clips: bool
) -> OutputDecoder:
    """The decoder of training rows with these targets and exposures, (n,) each.

    The baseline is their mean rate, which is the sum of the targets divided by that of the exposures. If it
    `clips`, rates are within those of the training rows.
    """
    exposed = np.ones(len(targets)) if exposures is None else exposures
    rates = targets / exposed
    baseline = float((targets.sum() or HALF_AN_EVENT) / exposed.sum())
    decoder = OutputDecoder(shape, (baseline,), TargetScale(0.0, baseline, deviance=1.0))
    standardized, factors = rates_of(targets, decoder, exposures)
    losses = factors * half_deviances(standardized, np.ones(len(targets)), decoder.power or 1.0)
    # Equal rates have no deviance, but for rounding errors.
    deviance = 2.0 * float(losses.mean()) if np.ptp(rates) > 0.0 else 1.0
    ends = (float(rates.min()), float(rates.max())) if clips else None
    return OutputDecoder(shape, (baseline,), TargetScale(0.0, baseline, ends, deviance=deviance))


def rates_of(
    targets: FloatArray, decoder: OutputDecoder, exposures: FloatArray | None
) -> tuple[FloatArray, FloatArray]:
    """The standardized rates of n rows, and their factors in the loss, (n,) each."""
    rates = targets if exposures is None else targets / exposures
    factors = decoder.loss_factors(targets, exposures)
    return decoder.standardized(rates), np.ones(len(targets)) if factors is None else factors
