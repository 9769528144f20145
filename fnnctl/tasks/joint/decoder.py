"""How the outputs of a network with several targets become predictions: target by target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.config.schema.data import TargetTransformName
from fnnctl.config.schema.losses import LossRecord
from fnnctl.nn.losses.base import TargetArray
from fnnctl.nn.losses.joint import target_type
from fnnctl.nn.shape import OutputShape
from fnnctl.tasks.decoder import FittedValues, OutputDecoder
from fnnctl.tasks.regression.scores import row_losses


@dataclass(frozen=True, slots=True)
class FittedParts(FittedValues):
    """What is fitted for each target."""

    parts: tuple[FittedValues, ...] = ()


@dataclass(frozen=True, slots=True)
class JointDecoder(OutputDecoder):
    """The decoders of T targets, whose outputs follow one another."""

    parts: tuple[OutputDecoder, ...] = ()
    factors: tuple[float, ...] = ()
    """Of the loss of each target: its weight, divided by the mean loss of its baseline on all training rows,
    where rows without the target have the loss 0."""

    @classmethod
    def of(cls, parts: Sequence[OutputDecoder], factors: Sequence[float]) -> Self:
        """The decoder of targets with these decoders."""
        output = OutputShape.of_parts(tuple(part.output for part in parts))
        return cls(output, parts=tuple(parts), factors=tuple(factors))

    @property
    def of_targets(self) -> tuple[OutputDecoder, ...]:
        """The decoder of each target."""
        return self.parts

    @property
    def slices(self) -> list[slice]:
        """The outputs of each target."""
        ends = np.cumsum([part.output.size for part in self.parts]).tolist()
        return [slice(end - part.output.size, end) for part, end in zip(self.parts, ends, strict=True)]

    def with_parts(self, parts: Sequence[OutputDecoder]) -> Self:
        """The decoder with other decoders of its targets, which have the same outputs."""
        return replace(self, parts=tuple(parts))

    @property
    def loss(self) -> LossRecord:
        """Raises TypeError: each target has a loss of its own."""
        raise TypeError("several targets have no loss in common")

    @property
    def limits(self) -> None:
        """None: estimates are limited, not scores."""
        return

    @property
    def power(self) -> None:
        """None: each target has its own."""
        return

    @property
    def has_loss_factors(self) -> bool:
        """True: a target may be missing, and each has a factor of its own."""
        return True

    def loss_factors(self, targets: TargetArray, exposures: FloatArray | None) -> FloatArray:
        """(n, T) the factor of each target in the loss; 0 if it is missing."""
        return np.where(np.isnan(targets), 0.0, self.factors)

    def with_target_weights(self, weights: Mapping[str, float] | None) -> Self:
        """The decoder with factors that are multiplied by the weights of their targets, by default 1."""
        pairs = zip(self.factors, self._weights(weights), strict=True)
        return replace(self, factors=tuple(factor * weight for factor, weight in pairs))

    def without_target_weights(self, weights: Mapping[str, float] | None) -> Self:
        """The decoder with the factors that it had before `with_target_weights`."""
        pairs = zip(self.factors, self._weights(weights), strict=True)
        return replace(self, factors=tuple(factor / weight for factor, weight in pairs))

    def _weights(self, weights: Mapping[str, float] | None) -> list[float]:
        return [(weights or {}).get(part.output.target, 1.0) for part in self.parts]

    @property
    def fitted(self) -> FittedParts:
        """What is fitted to rows that the network was not trained on, of each target."""
        return FittedParts(parts=tuple(part.fitted for part in self.parts))

    def with_fitted(self, fitted: FittedValues) -> Self:
        """The decoder with these values of each target."""
        if not isinstance(fitted, FittedParts):
            raise TypeError("several targets have fitted values each")
        pairs = zip(self.parts, fitted.parts, strict=True)
        return self.with_parts([part.with_fitted(values) for part, values in pairs])

    @property
    def transform_name(self) -> TargetTransformName:
        """The transform of all targets; `auto` if they differ."""
        names = {part.transform_name for part in self.parts}
        return names.pop() if len(names) == 1 else "auto"

    @property
    def has_transform(self) -> bool:
        """Whether a target is transformed."""
        return any(part.has_transform for part in self.parts)

    @property
    def needs_residuals(self) -> bool:
        """Whether the mean of a transformed target is estimated."""
        return any(part.needs_residuals for part in self.parts)

    def standardized(self, targets: TargetArray) -> TargetArray:
        """Targets (N, T), standardized for training; a missing one is 0.

        That of counts and amounts is 1: where amounts of 0 are impossible, they have no finite loss.
        """
        columns = zip(self.parts, targets.T, strict=True)
        standardized = [
            np.nan_to_num(part.standardized(column), nan=0.0 if part.power is None else 1.0)
            for part, column in columns
        ]
        columns_of_rows: TargetArray = np.stack(standardized, axis=1)
        return columns_of_rows


def parts_of(decoder: OutputDecoder) -> JointDecoder:
    """The decoder as one of several targets, which it must be."""
    if not isinstance(decoder, JointDecoder):
        raise TypeError("the decoder is that of a single target")
    return decoder


def as_encoded(targets: TargetArray, output: OutputShape) -> TargetArray:
    """One target of n rows as its own task has it: indices of classes, or numbers."""
    return targets.astype(target_type(output, np.dtype(np.float64)))


def baseline_loss(decoder: OutputDecoder, targets: TargetArray) -> float:
    """The mean loss of always predicting the baseline for n ≥ 1 rows; 1 if it is 0."""
    if decoder.scale is None:
        shares = np.bincount(targets, minlength=decoder.output.size) / len(targets)
        loss = -float(np.sum(shares * np.log(np.where(shares > 0.0, shares, 1.0))))
    else:
        constant = decoder.scale.standardized(np.array(decoder.baseline))
        outputs = np.broadcast_to(constant, (len(targets), decoder.output.size))
        loss = float(row_losses(outputs, decoder.standardized(targets), decoder).mean())
    return loss if loss > 0.0 else 1.0
