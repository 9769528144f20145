"""The loss of each output."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fnnctl.nn.losses.base import Loss
from fnnctl.nn.losses.cross_entropy import CROSS_ENTROPIES
from fnnctl.nn.losses.log_means import LOG_MEAN_LOSSES, LogMeanLoss
from fnnctl.nn.losses.ordinal import OrdinalCrossEntropy
from fnnctl.nn.losses.quantiles import PinballLoss
from fnnctl.nn.losses.real_values import ERROR_LOSSES, RealValueLoss
from fnnctl.plugins import value_in_use

if TYPE_CHECKING:
    from fnnctl.nn.shape import OutputShape

REAL_VALUE_LOSSES: Final[dict[str, type[RealValueLoss]]] = {
    **ERROR_LOSSES,
    **LOG_MEAN_LOSSES,
    "quantile": PinballLoss,
}
"""Those of a regression, by the name of the output."""
LOSSES: Final[dict[str, type[Loss]]] = {
    **CROSS_ENTROPIES,
    "ordinal": OrdinalCrossEntropy,
    **REAL_VALUE_LOSSES,
}
"""Those of fnnctl itself, by the name of the output."""


def loss_of(output: str) -> type[Loss]:
    """The loss of an output of this name, which may be that of a plug-in in use."""
    if loss := LOSSES.get(output):
        return loss
    of_plugin: type[Loss] = value_in_use("loss", output).formula
    return of_plugin


def power_of(output: OutputShape) -> float | None:
    """The power of the mean in the variance of counts and amounts; None for other outputs."""
    loss = loss_of(output.kind)
    return loss.power_of(output) if issubclass(loss, LogMeanLoss) else None
