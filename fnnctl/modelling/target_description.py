"""The entries of `model.json` about a target: the meaning of its outputs, and what was fitted for it."""

from __future__ import annotations

from dataclasses import fields
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from fnnctl.metrics.decisions import Costs
from fnnctl.nn.shape import OutputShape
from fnnctl.tasks.decisions import Decision
from fnnctl.tasks.decoder import FittedValues, OutputDecoder, TargetScale
from fnnctl.tasks.registry import task_of
from fnnctl.tasks.target_transforms import TargetTransform
from fnnctl.tasks.task import Task

Cost = Annotated[float, Field(gt=0.0, le=1e6)]
ClassWeight = Annotated[float, Field(gt=0.0)]


class Described(BaseModel):
    """A part of the description; shapes are the engine's own dataclasses.

    It is read from JSON: only there does a strict model take an object for a dataclass, a list for a tuple.
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False, defer_build=True)


class FittedDescription(Described):
    """What was fitted to rows that the network was not trained on."""

    temperature: Annotated[float, Field(ge=1e-6, le=1e6)] | None = None
    """Scores are divided by it to calibrate the probabilities; null if they are not calibrated."""
    threshold: Annotated[float, Field(ge=0.0, le=1.0)] | None = None
    """The positive class is predicted if its probability is at least this number; null if the more probable
    class is predicted."""
    class_weights: tuple[ClassWeight, ...] | None = None
    """The weight of each class in training, to a fitted power, by which its probability is divided; the class
    with the largest product of both is predicted. Null if all are equal."""
    target_residuals: tuple[float, ...] = ()
    """With a transform: the residuals with which means are corrected; empty if estimates are medians."""

    @property
    def fitted(self) -> FittedValues:
        """These values."""
        return FittedValues(**{field.name: getattr(self, field.name) for field in fields(FittedValues)})


class TargetDescription(FittedDescription):
    """The meaning of the outputs for one target."""

    output: str
    """The output with its loss: see `model.output`."""
    delta: Annotated[float, Field(gt=0.0, le=1e6)] | None = None
    """The parameter of Huber's loss; null for others."""
    power: Annotated[float, Field(gt=1.0, lt=2.0)] | None = None
    """The parameter of Tweedie's deviance; null for other losses."""
    levels: tuple[Annotated[float, Field(gt=0.0, lt=1.0)], ...] = ()
    """The levels of estimated quantiles, rising, in the order of the outputs; empty for other outputs."""
    loss_parameter: float | None = None
    """The parameter of a plug-in's loss; null for other losses."""
    positive: str | None = None
    """For a logistic output: the class whose score it is."""
    positive_class: str | None = None
    """Of two classes: the one that decisions are about; null for that of the output, or else the second."""
    costs: tuple[Cost, Cost] | None = None
    """What a false positive and a false negative cost; null if it is not known."""
    target: str
    """The name of the target column."""
    classes: list[str] = []
    """The classes, in the order of the scores; empty for a regression."""
    ordered: bool = False
    """Whether the classes are in an order from the lowest to the highest."""
    target_mean: float | None = None
    """For a regression: the estimate is the network's output times `target_deviation` plus this."""
    target_deviation: Annotated[float, Field(gt=0.0)] | None = None
    """For a regression: the standard deviation that the target was divided by."""
    target_transform: Annotated[TargetTransform, Field(discriminator="name")] | None = None
    """For a regression: the transform of the target; mean and deviation are then those of the transformed
    target. Null if it is not transformed."""
    target_range: tuple[float, float] | None = None
    """For a regression: the smallest and the largest estimate; null if estimates are not limited."""
    target_deviance: Annotated[float, Field(gt=0.0)] | None = None
    """For counts and amounts: the baseline's mean deviance, by which losses are divided."""
    loss_factor: Annotated[float, Field(gt=0.0)] | None = None
    """With several targets: the factor of the target's loss in their sum."""
    baseline: list[float] | None = None
    """The prediction without features: each class's share of the training rows, their mean target, or its
    quantiles."""

    def decoder_of_target(self, exposure: str | None = None) -> OutputDecoder:
        """How the outputs become predictions of the target: the inverse of `_decoder_entries`."""
        scale = None
        if self.target_mean is not None and self.target_deviation is not None:
            scale = TargetScale(
                **{field.name: getattr(self, f"target_{field.name}") for field in fields(TargetScale)}
            )
        parameters = (self.delta, self.power, self.loss_parameter)
        output = OutputShape(
            len(self.classes or self.levels) or 1,
            self.output,
            positive=1 if self.positive is None else self.classes.index(self.positive),
            loss_parameter=next((each for each in parameters if each is not None), 1.0),
            levels=self.levels,
            target="" if self.loss_factor is None else self.target,
        )
        decision = None
        if len(self.classes) == 2:
            positive = self.positive_class or self.positive
            costs = None if self.costs is None else Costs(*self.costs)
            decision = Decision(1 if positive is None else self.classes.index(positive), costs)
        baseline = None if self.baseline is None else tuple(self.baseline)
        decoder = OutputDecoder(output, baseline, scale, decision=decision, exposure=exposure)
        return decoder.with_fitted(self.fitted)

    def task(self, seed: int = 0) -> Task:
        """The task of the target."""
        return task_of(self.target, self.classes, is_ordered=self.ordered, seed=seed)
