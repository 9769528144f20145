"""The `training` section: how the weights are found, and when to stop."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from fnnctl.config.schema.lr_schedules import ConstantLrSchedule, LrSchedule, Monitor
from fnnctl.config.schema.optimizers import AdamOptimizer, LbfgsOptimizer, Optimizer
from fnnctl.config.schema.section import Section, Shorthand


class EarlyStoppingConfig(Section):
    """End when the monitored value has not improved for a while; the best weights are kept."""

    monitor: Monitor = "validation_loss"
    """The monitored column of history.csv; losses should fall, metrics should rise."""
    patience: Annotated[int, Field(ge=1, le=10_000_000)] = 20
    """How many epochs without an improvement are allowed."""
    tolerance: Annotated[float, Field(ge=0.0)] = 0.0
    """A change smaller than this is no improvement."""
    restore_best: bool = True
    """Whether the weights of the best epoch are kept, or those of the last."""


class ConvergenceConfig(Section):
    """End when the training loss no longer falls: scikit-learn's rule."""

    tolerance: Annotated[float, Field(ge=0.0)] = 0.0001
    """By how much an epoch's training loss must fall below the least one before it."""
    patience: Annotated[int, Field(ge=1, le=10_000_000)] = 10
    """How many epochs in a row may fail to."""


class EmaAveraging(Section):
    """An exponential moving average of the weights, taken after every step."""

    name: Literal["ema"]
    """Which average."""
    decay: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.999
    """The share of the average that a step keeps."""


class SwaAveraging(Section):
    """The mean of the weights at the ends of the last epochs (stochastic weight averaging)."""

    name: Literal["swa"]
    """Which average."""
    start: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.75
    """The share of all epochs after which it begins."""


Averaging = Annotated[
    Annotated[EmaAveraging | SwaAveraging, Field(discriminator="name")],
    Shorthand("name"),
]
Weight = Annotated[float, Field(ge=0.0, le=1e9)]


class TrainingConfig(Section):
    """The search for good weights."""

    epochs: Annotated[int, Field(ge=1, le=10_000_000)] = 200
    """How many times the training part is gone through, at most."""
    batch_size: Annotated[int, Field(ge=1, le=1_000_000_000)] | Literal["auto"] = "auto"
    """Rows a step; `auto` is 200, or all rows where there are fewer."""
    shuffle: bool = True
    """Whether the rows are put into a new order every epoch."""
    optimizer: Optimizer = AdamOptimizer()
    """How a gradient becomes a step."""
    lr_schedule: LrSchedule = ConstantLrSchedule()
    """How the learning rate changes from step to step, or from epoch to epoch."""
    horizon: Annotated[int, Field(ge=1, le=10_000_000)] | None = None
    """The number of epochs over which the schedules `cosine` and `one_cycle` and the average `swa` are laid
    out; null for training.epochs. Where training goes on after the horizon, a schedule stays at its end."""
    l2: Annotated[float, Field(ge=0.0, le=1e6)] = 0.0001
    """The λ of the structured risk: ½·λ times the squared Frobenius norm of all weights is added to the
    mean loss. Biases are not penalised. (scikit-learn's alpha is this times the batch size.)"""
    l1: Annotated[float, Field(ge=0.0, le=1e6)] = 0.0
    """This times the sum of all weights' absolute values is added to the mean loss."""
    max_norm: Annotated[float, Field(gt=0.0, le=1e6)] | None = None
    """The largest norm of a hidden neuron's incoming weights; null for no bound."""
    clip_norm: Annotated[float, Field(gt=0.0, le=1e6)] | None = None
    """A gradient with a larger norm is scaled to this one; null for no bound."""
    clip_value: Annotated[float, Field(gt=0.0, le=1e6)] | None = None
    """Every number of the gradient is cut off at plus and minus this; null for no bound."""
    class_weights: dict[str, Weight] | Literal["balanced"] | None = None
    """How much a row of each class counts in the loss, as {class: weight}, 1 where a class is left out;
    `balanced` gives every class the same sum; null for none. Only ratios matter: the mean weight is 1."""
    label_smoothing: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0
    """The share of every target that is spread evenly over the classes."""
    input_noise: Annotated[float, Field(ge=0.0, le=1e6)] = 0.0
    """The standard deviation of Gaussian noise that is added to the scaled features of every batch."""
    mixup: Annotated[float, Field(ge=0.0, le=100.0)] = 0.0
    """Rows are mixed in pairs with shares from Beta(mixup, mixup), as 0.2; 0 for no mixing."""
    averaging: Averaging | None = None
    """Keep a running average of the weights in place of the last ones; null for none."""
    early_stopping: EarlyStoppingConfig | None = EarlyStoppingConfig()
    """When to end before the last epoch; null for never."""
    convergence: ConvergenceConfig | None = None
    """End when the training loss no longer falls; null for never."""
    time_limit: Annotated[float, Field(gt=0.0, le=1e9)] | None = None
    """For `fnnctl train`: seconds after which no further epoch begins; null for no limit. What was trained by
    then depends on the machine, so that a search and a cross-validation refuse it."""
    precision: Literal["float32", "float64", "auto"] = "auto"
    """The numbers' width in the network; `auto` is float64 for lbfgs, whose line search needs it, else
    float32."""
    threads: Annotated[int, Field(ge=1, le=1024)] | Literal["auto"] = "auto"
    """Threads of the matrix products. Results are repeated to the bit for the same number only; `auto`
    follows from the network's size."""

    @property
    def learning_rate(self) -> float | None:
        """The optimizer's; None for lbfgs, which has none."""
        return None if isinstance(self.optimizer, LbfgsOptimizer) else self.optimizer.learning_rate

    @property
    def schedule_epochs(self) -> int:
        """`horizon` or its default."""
        return self.horizon or self.epochs
