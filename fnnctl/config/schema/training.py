"""The `training` section: how the network is trained, and when to stop."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field

from fnnctl.config.schema.lr_schedules import (
    ConstantLrSchedule,
    CosineLrSchedule,
    LrSchedule,
    Monitor,
    OneCycleLrSchedule,
)
from fnnctl.config.schema.optimizers import AdamOptimizer, LbfgsOptimizer, Optimizer
from fnnctl.config.schema.section import Section, Shorthand
from fnnctl.config.schema.setting import Setting

AUTO_BATCH_SIZE: Final = 200
"""The rows of a step if `batch_size` is `auto`, and there are at least as many.

As in scikit-learn: large enough for fast products, small enough for several steps per epoch.
"""

_MACHINE: Final = "its effect depends on the machine"


class EarlyStoppingConfig(Section):
    """Stop when the monitored value has not improved for some epochs."""

    monitor: Annotated[
        Monitor, Setting(is_common=True, value_synonyms={"validation_accuracy": ("val_acc",)})
    ] = "validation_loss"
    """The column of history.csv to monitor; losses should fall, metrics should rise."""
    patience: Annotated[
        Annotated[int, Field(ge=1, le=10_000_000)] | Literal["auto"] | None,
        Setting(is_common=True, synonyms=("n_iter_no_change",)),
    ] = 20
    """The number of epochs without improvement after which training stops; null for never: then the best
    epoch is chosen after the last. `auto` stops when the best value is out of reach: for a quarter of
    training.horizon, all losses were larger than the best by more than 15 % of it, times the share of the
    learning rate that is left. For a metric that rises, 1 minus the metric counts as the loss."""
    tolerance: Annotated[float, Field(ge=0.0), Setting(synonyms=("min_delta", "tol"))] = 0.0
    """The smallest change that counts as an improvement."""
    restore_best: Annotated[bool, Setting(synonyms=("restore_best_weights",))] = True
    """Whether to restore the weights of the best epoch; otherwise those of the last epoch are kept."""


class ConvergenceConfig(Section):
    """Stop when the training loss no longer falls, by scikit-learn's rule."""

    tolerance: Annotated[float, Field(ge=0.0), Setting(synonyms=("tol",))] = 0.0001
    """How far an epoch's training loss must fall below the lowest one before it."""
    patience: Annotated[int, Field(ge=1, le=10_000_000), Setting(synonyms=("n_iter_no_change",))] = 10
    """The number of consecutive epochs that may fall short of this before training stops."""


class EmaAveraging(Section):
    """An exponential moving average of the weights, updated after every step."""

    synonyms = ("exponential_moving_average", "polyak")
    name: Literal["ema"]
    """The kind of average."""
    decay: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.999
    """The share of the average that is kept at each step."""


class SwaAveraging(Section):
    """The mean of the weights after each of the last epochs (stochastic weight averaging)."""

    synonyms = ("stochastic_weight_averaging",)
    name: Literal["swa"]
    """The kind of average."""
    start: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.75
    """The share of the epochs after which averaging begins."""


Averaging = Annotated[
    Annotated[EmaAveraging | SwaAveraging, Field(discriminator="name")],
    Shorthand("name"),
]
Weight = Annotated[float, Field(ge=0.0, le=1e9)]


class TrainingConfig(Section):
    """How the network is trained."""

    epochs: Annotated[
        int,
        Field(ge=1, le=10_000_000),
        Setting(
            is_common=True,
            not_counted="a trial that is granted more epochs continues with its own random numbers",
            not_searched="search.budget sets the number of epochs",
            searched_on_bags=True,
            synonyms=("max_epochs", "max_iter", "num_epochs"),
        ),
    ] = 200
    """The largest number of passes over the training part."""
    batch_size: Annotated[
        Annotated[int, Field(ge=1, le=1_000_000_000)] | Literal["auto"],
        Setting(is_common=True),
    ] = "auto"
    """Rows per step; `auto` is 200, or all rows if there are fewer."""
    shuffle: bool = True
    """Whether to shuffle the rows in every epoch."""
    optimizer: Annotated[
        Optimizer,
        Setting(is_common=True, synonyms=("solver",)),
    ] = AdamOptimizer.model_construct()
    """The optimizer."""
    lr_schedule: Annotated[
        LrSchedule, Setting(is_common=True, synonyms=("learning_rate_schedule", "lr_scheduler", "scheduler"))
    ] = ConstantLrSchedule.model_construct()
    """How the learning rate changes during training."""
    parametrization: Literal["standard", "neural_tangent"] = "standard"
    """How the learning rate of weights depends on the number d of their layer's inputs. `standard`: not at
    all. `neural_tangent`: training is that of a layer that divides its weighted sum by √d. The optimizer's
    learning rate is divided by √d and its epsilon multiplied by √d; with sgd, momentum and nesterov, whose
    steps are proportional to the gradient, the rate is divided by d. Neither initial weights nor the weight
    decay of adamw change."""
    horizon: Annotated[
        Annotated[int, Field(ge=1, le=10_000_000)] | None,
        Setting(
            not_counted="it replaces the epochs if a search has granted more of them",
            not_searched="all trials use the search's horizon, which is its largest budget",
        ),
    ] = None
    """The number of epochs for which the schedules `cosine` and `one_cycle`, the average `swa` and the
    patience `auto` are planned; null for training.epochs. If training continues after the horizon, a schedule
    keeps its last value."""
    l2: Annotated[
        float,
        Field(ge=0.0, le=1e6),
        Setting(is_common=True, synonyms=("alpha", "l2_lambda", "l2_reg", "weight_decay")),
    ] = 0.0001
    """The λ of the structural risk: ½·λ times the squared Frobenius norm of all weights is added to the mean
    loss. Biases are not penalized. (scikit-learn's alpha is λ times the batch size.)"""
    l1: Annotated[float, Field(ge=0.0, le=1e6), Setting(synonyms=("l1_lambda", "l1_reg"))] = 0.0
    """The factor of the L1 penalty: it multiplies the sum of the absolute weights, which is added to the
    loss."""
    max_norm: Annotated[float, Field(gt=0.0, le=1e6)] | None = None
    """The largest norm of a hidden unit's incoming weights; null for no bound."""
    clip_norm: Annotated[
        Annotated[float, Field(gt=0.0, le=1e6)] | None,
        Setting(synonyms=("clip_grad_norm", "clipnorm", "gradient_clip_val", "max_grad_norm")),
    ] = None
    """Gradients with a larger norm are scaled down to this norm; null for no bound."""
    clip_value: Annotated[
        Annotated[float, Field(gt=0.0, le=1e6)] | None,
        Setting(synonyms=("clip_grad_value", "clipvalue")),
    ] = None
    """Each component of the gradient is clipped to ± this value; null for no bound."""
    class_weights: Annotated[
        dict[str, Weight] | Literal["balanced"] | None, Setting(is_common=True, synonyms=("class_weight",))
    ] = None
    """The weight of each class in the loss, as {class: weight}; a class that is left out has weight 1.
    `balanced` gives all classes the same total weight; null for no weights. Only ratios matter, because
    weights are scaled to mean 1. They change which class is predicted. The probabilities are divided by a
    power of them that is fitted to the validation rows, so that they agree with the classes' frequencies."""
    label_smoothing: Annotated[
        float, Field(ge=0.0, lt=1.0), Setting(synonyms=("label_smooth", "smoothing"))
    ] = 0.0
    """The share of each target that is spread evenly over all classes."""
    input_noise: Annotated[float, Field(ge=0.0, le=1e6), Setting(synonyms=("gaussian_noise", "noise"))] = 0.0
    """The standard deviation of Gaussian noise added to the scaled features of each batch."""
    mixup: Annotated[float, Field(ge=0.0, le=100.0), Setting(synonyms=("mixup_alpha",))] = 0.0
    """Mixup's α: rows are mixed in pairs, with shares drawn from Beta(α, α); 0 for no mixup."""
    averaging: Annotated[Averaging | None, Setting(synonyms=("weight_averaging",))] = None
    """Use an average of the weights in place of the last ones; null for no average."""
    early_stopping: Annotated[EarlyStoppingConfig | None, Setting(synonyms=("early_stop",))] = (
        EarlyStoppingConfig.model_construct()
    )
    """When to stop before the last epoch; null for never."""
    convergence: ConvergenceConfig | None = None
    """When to stop because the training loss no longer falls; null for never."""
    max_rows: Annotated[
        Annotated[int, Field(ge=1, le=1_000_000_000)] | None,
        Setting(synonyms=("max_samples", "row_limit", "sample_rows")),
    ] = None
    """The most rows that each network trains on; null for no limit. If its training rows are more, so many of
    them are drawn before training, in the proportions of the classes; of rows in the order of data.split.by
    they are the last ones. The draw depends on data.split.seed, so all trials of a search have the same rows.
    Preprocessing is still fitted to all training rows, and scores are those of all rows of a part."""
    time_limit: Annotated[
        Annotated[float, Field(gt=0.0, le=1e9)] | None,
        Setting(
            not_counted="it ends training earlier, like fewer epochs",
            not_searched=_MACHINE,
            synonyms=("max_time",),
        ),
    ] = None
    """For `fnnctl train`: the time in seconds after which no further epoch begins; null for no limit.
    Searches and cross-validations refuse it, because the result would depend on the machine."""
    precision: Annotated[Literal["float32", "float64", "auto"], Setting(synonyms=("dtype",))] = "auto"
    """The floating-point type; `auto` is float64 for lbfgs, whose line search needs it, and float32
    otherwise."""
    threads: Annotated[
        Annotated[int, Field(ge=1, le=1024)] | Literal["auto"],
        Setting(
            not_counted="it changes results by rounding only",
            not_searched=_MACHINE,
            synonyms=("n_jobs", "num_threads"),
        ),
    ] = "auto"
    """Threads for matrix products. Results repeat to the bit only for the same number of threads; `auto`
    depends on the network's size."""

    @property
    def learning_rate(self) -> float | None:
        """The optimizer's learning rate; None for lbfgs, which has none."""
        return None if isinstance(self.optimizer, LbfgsOptimizer) else self.optimizer.learning_rate

    @property
    def steadier_learning_rate(self) -> float | None:
        """The rate to try if the loss explodes: a tenth, or the optimizer's default if that is smaller."""
        if self.learning_rate is None:
            return None
        usual: float = type(self.optimizer).model_fields["learning_rate"].default
        return min(self.learning_rate / 10, usual)

    @property
    def ends_out_of_reach(self) -> bool:
        """Whether training ends when the best value is out of reach: `patience: auto`."""
        return self.early_stopping is not None and self.early_stopping.patience == "auto"

    @property
    def may_end_early(self) -> bool:
        """Whether a rule may end training before the last epoch."""
        stopping = self.early_stopping
        return self.convergence is not None or (stopping is not None and stopping.patience is not None)

    @property
    def is_planned(self) -> bool:
        """Whether the learning rate is planned for all epochs, so that the last one completes training."""
        return isinstance(self.lr_schedule, CosineLrSchedule | OneCycleLrSchedule)

    @property
    def schedule_epochs(self) -> int:
        """`horizon` or its default."""
        return self.horizon or self.epochs
