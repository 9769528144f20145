"""The `training` section: how the network is trained, and when to stop."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import Field

from fnnctl.config.problems import no_effect, predicate, sentence
from fnnctl.config.schema import recipe_values
from fnnctl.config.schema.lr_schedules import (
    ConstantLrSchedule,
    CosineLrSchedule,
    LrSchedule,
    OneCycleLrSchedule,
    monitors_existing_rows,
)
from fnnctl.config.schema.optimizers import AdamOptimizer, LbfgsOptimizer, Optimizer, not_with_lbfgs
from fnnctl.config.schema.section import Section, Shorthand
from fnnctl.config.schema.setting import Place, RecipeValue, Setting, Tuned, setting_of
from fnnctl.config.schema.stopping import (
    Averaging,
    ConvergenceConfig,
    EarlyStoppingConfig,
    ends_before_the_average,
)
from fnnctl.config.schema.warm_start import WarmStartConfig, in_a_search
from fnnctl.errors import Problem
from fnnctl.text import word_list

if TYPE_CHECKING:
    from fnnctl.config.schema.experiment import Experiment

AUTO_BATCH_SIZE: Final = 200
"""The rows of a step if `batch_size` is `auto`, and there are at least as many.

As in scikit-learn: large enough for fast products, small enough for several steps per epoch.
"""

WITH_HORIZON: Final[Mapping[str, Sequence[str]]] = {
    "lr_schedule": ("cosine", "one_cycle"),
    "averaging": ("swa",),
}
"""The kinds of settings that depend on the planned number of epochs."""

_STEPS_OF_ADAM: Final = ("adamw", "nadam")
"""The optimizers whose steps have the size of those of the recipe's, adam."""
# On 26 to 29 development tables, three folds each, the epochs without twins gained 0.15 points of accuracy in
# the standard parametrization, 0.33 with a rate of 0.01, and 0.38 with sgd.
_FEW_EPOCHS: Final = "with plain twins the epochs are so few because they suit the recipe's own steps"
_OWN_STEPS: Final[Mapping[str, tuple[str, ...]]] = {
    "training.optimizer.name": _STEPS_OF_ADAM,
    "training.parametrization": (),
    "training.optimizer.learning_rate": (),
}
"""What makes the recipe's own steps, with what else suits its epochs."""

_MACHINE: Final = "its effect depends on the machine"


def _whole_batch(experiment: Experiment, _: Place) -> Iterator[Problem]:
    """With lbfgs, which uses all rows at once."""
    if isinstance(experiment.training.optimizer, LbfgsOptimizer):
        yield no_effect("lbfgs always uses all rows at once", "training.optimizer.name")


def _line_search(experiment: Experiment, _: Place) -> Iterator[Problem]:
    """With lbfgs, which finds its step length by line search."""
    if isinstance(experiment.training.optimizer, LbfgsOptimizer):
        yield no_effect("lbfgs finds its step length by line search", "training.optimizer.name")


def _nothing_planned(experiment: Experiment, _: Place) -> Iterator[Problem]:
    """Without a schedule, an average or a patience that is planned for all epochs."""
    if not experiment.training.reads_horizon:
        kinds = word_list([*(kind for kinds in WITH_HORIZON.values() for kind in kinds), "patience: auto"])
        names = (f"training.{key}.name" for key in WITH_HORIZON)
        causes = (*names, "training.early_stopping.patience", "training.optimizer.name")
        yield no_effect(f"only {kinds} depend on the horizon", *causes)


def _no_hidden_layer(experiment: Experiment, _: Place) -> Iterator[Problem]:
    """Without hidden layers."""
    if not experiment.model.hidden:
        yield no_effect("there is no hidden layer", "model.hidden")


def _batches_of_one(experiment: Experiment, place: Place) -> Iterator[Problem]:
    """If it is 1, with batch normalization or mixup."""
    if place.value != 1:
        return
    if experiment.model.normalizes("batch"):
        yield sentence(
            "batch normalization needs at least 2 rows per batch",
            "model.normalization",
            "model.hidden",
            advice="write 2 or more, or model.normalization: layer",
        )
    elif experiment.training.mixup:
        yield sentence(
            "mixup mixes the rows of a batch", "training.mixup", advice="write 2 or more, or mixup: 0"
        )


def _no_class_weighed(_: Experiment, place: Place) -> Iterator[Problem]:
    """If it is an empty mapping."""
    if place.value == {}:
        yield predicate("is empty", advice="write {CLASS: WEIGHT}, balanced, or null")


def _changed_bins(experiment: Experiment, place: Place) -> Iterator[Problem]:
    """With an embedding of numbers, whose bins are found before training, unless it is 0."""
    if experiment.model.embeds_numbers:
        yield predicate(
            "would not reach the bins of piecewise_linear, which are found before training",
            "model.numeric_embedding",
            advice=f"write {place.key}: 0, or model.numeric_embedding: none",
        )


def _limit_in_a_search(_: Experiment, place: Place) -> Iterator[Problem]:
    """In a search, whose trials would depend on the speed of the machine."""
    if not place.is_off:
        yield predicate(
            "is for `fnnctl train` only: in a search, trials would depend on the speed of the machine",
            advice="write null, and limit the whole search with --time-limit TIME",
        )


Weight = Annotated[float, Field(ge=0.0, le=1e9)]
TargetWeight = Annotated[float, Field(gt=0.0, le=1e6)]


class TrainingConfig(Section):
    """How the network is trained."""

    epochs: Annotated[
        int,
        Field(ge=1, le=10_000_000),
        Setting(
            is_common=True,
            not_counted="a trial that is granted more epochs continues with its own random numbers",
            not_searched="search.budget sets the number of epochs",
            searched_in_ensembles=True,
            recipe=RecipeValue(
                default=recipe_values.epochs,
                fast=recipe_values.fast_epochs,
                tuned=tuple(
                    Tuned(
                        setting=setting,
                        suits=suits,
                        reason=_FEW_EPOCHS,
                        instead=recipe_values.epochs_without_twins,
                    )
                    for setting, suits in _OWN_STEPS.items()
                ),
            ),
            synonyms=("max_epochs", "max_iter", "num_epochs"),
        ),
    ] = 200
    """The largest number of passes over the training part."""
    batch_size: Annotated[
        Annotated[int, Field(ge=1, le=1_000_000_000)] | Literal["auto"],
        Setting(
            is_common=True,
            no_effect=(_whole_batch,),
            contradictions=(_batches_of_one,),
            recipe=RecipeValue(default=recipe_values.batch_size),
        ),
    ] = "auto"
    """Rows per step; `auto` is 200, or all rows if there are fewer."""
    shuffle: Annotated[bool, Setting(no_effect=(_whole_batch,))] = True
    """Whether to shuffle the rows in every epoch."""
    optimizer: Annotated[
        Optimizer,
        Setting(
            is_common=True,
            # On 23 development tables 0.005 was 1.1 points better than Adam's 0.001, which is slow for so few
            # epochs.
            recipe=RecipeValue(
                default=recipe_values.optimizer,
                suits=_STEPS_OF_ADAM,
                tuned=(
                    Tuned(
                        setting="training.parametrization",
                        key="learning_rate",
                        reason="the recipe's learning rate is another one in this parametrization",
                        instead=lambda _: 0.005,
                    ),
                ),
            ),
            synonyms=("solver",),
        ),
    ] = AdamOptimizer.model_construct()
    """The optimizer."""
    lr_schedule: Annotated[
        LrSchedule,
        Setting(
            is_common=True,
            no_effect=(_line_search,),
            contradictions=(monitors_existing_rows("write monitor: train_loss"),),
            recipe=RecipeValue(default=lambda _: {"name": "cosine"}),
            synonyms=("learning_rate_schedule", "lr_scheduler", "scheduler"),
        ),
    ] = ConstantLrSchedule.model_construct()
    """How the learning rate changes during training."""
    parametrization: Annotated[
        Literal["standard", "neural_tangent"],
        Setting(
            contradictions=(not_with_lbfgs("standard"),),
            recipe=RecipeValue(
                default=lambda _: "neural_tangent",
                tuned=(
                    Tuned(
                        setting="training.optimizer.name",
                        suits=_STEPS_OF_ADAM,
                        reason="the learning rate of another optimizer is one for the standard "
                        "parametrization",
                    ),
                ),
            ),
        ),
    ] = "standard"
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
            no_effect=(_nothing_planned,),
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
    l1: Annotated[
        float,
        Field(ge=0.0, le=1e6),
        Setting(is_technique=True, contradictions=(not_with_lbfgs("0"),), synonyms=("l1_lambda", "l1_reg")),
    ] = 0.0
    """The factor of the L1 penalty: it multiplies the sum of the absolute weights, which is added to the
    loss."""
    max_norm: Annotated[
        Annotated[float, Field(gt=0.0, le=1e6)] | None,
        Setting(is_technique=True, no_effect=(_no_hidden_layer,), contradictions=(not_with_lbfgs("null"),)),
    ] = None
    """The largest norm of a hidden unit's incoming weights; null for no bound."""
    clip_norm: Annotated[
        Annotated[float, Field(gt=0.0, le=1e6)] | None,
        Setting(
            is_technique=True,
            contradictions=(not_with_lbfgs("null"),),
            synonyms=("clip_grad_norm", "clipnorm", "gradient_clip_val", "max_grad_norm"),
        ),
    ] = None
    """Gradients with a larger norm are scaled down to this norm; null for no bound."""
    clip_value: Annotated[
        Annotated[float, Field(gt=0.0, le=1e6)] | None,
        Setting(
            is_technique=True,
            contradictions=(not_with_lbfgs("null"),),
            synonyms=("clip_grad_value", "clipvalue"),
        ),
    ] = None
    """Each component of the gradient is clipped to ± this value; null for no bound."""
    class_weights: Annotated[
        dict[str, Weight] | Literal["balanced"] | None,
        Setting(
            is_common=True,
            needs_classes="any",
            needs_targets="one",
            contradictions=(_no_class_weighed,),
            synonyms=("class_weight",),
        ),
    ] = None
    """The weight of each class in the loss, as {class: weight}; a class that is left out has weight 1.
    `balanced` gives all classes the same total weight; null for no weights. Only ratios matter, because
    weights are scaled to mean 1. They change which class is predicted. The probabilities are divided by a
    power of them that is fitted to the validation rows, so that they agree with the classes' frequencies."""
    target_weights: Annotated[
        dict[str, TargetWeight] | None,
        Setting(needs_targets="several", since="0.13", synonyms=("loss_weights", "output_weights")),
    ] = None
    """With several targets: the weight of the loss of each, as {target: weight}; a target that is left out
    has weight 1. The loss of a target is a share of that of its baseline, so weights count alike for all
    targets. A higher weight makes the network better for this target, at the cost of others."""
    label_smoothing: Annotated[
        float,
        Field(ge=0.0, lt=1.0),
        Setting(
            is_technique=True,
            needs_classes="any",
            needs_targets="one",
            recipe=RecipeValue(
                default=recipe_values.label_smoothing,
                tuned=(
                    Tuned(
                        setting="model.output.name",
                        suits=("auto", "softmax"),
                        reason="the recipe smooths labels for its own output",
                    ),
                ),
            ),
            synonyms=("label_smooth", "smoothing"),
        ),
    ] = 0.0
    """The share of each target that is spread evenly over all classes."""
    input_noise: Annotated[
        float,
        Field(ge=0.0, le=1e6),
        Setting(
            is_technique=True,
            contradictions=(not_with_lbfgs("0"), _changed_bins),
            synonyms=("gaussian_noise", "noise"),
        ),
    ] = 0.0
    """The standard deviation of Gaussian noise added to the scaled features of each batch."""
    mixup: Annotated[
        float,
        Field(ge=0.0, le=100.0),
        Setting(
            is_technique=True,
            needs_targets="one",
            contradictions=(not_with_lbfgs("0"), _changed_bins),
            synonyms=("mixup_alpha",),
        ),
    ] = 0.0
    """Mixup's α: rows are mixed in pairs, with shares drawn from Beta(α, α); 0 for no mixup."""
    averaging: Annotated[
        Averaging | None, Setting(contradictions=(not_with_lbfgs("null"),), synonyms=("weight_averaging",))
    ] = None
    """Use an average of the weights in place of the last ones; null for no average."""
    early_stopping: Annotated[
        EarlyStoppingConfig | None,
        Setting(
            contradictions=(
                ends_before_the_average,
                monitors_existing_rows("write monitor: train_loss, or early_stopping: null"),
            ),
            recipe=RecipeValue(
                default=recipe_values.early_stopping,
                tuned=(
                    Tuned(
                        setting="training.averaging.name",
                        suits=("ema",),
                        key="patience",
                        reason="training must not end before swa starts averaging",
                        instead=lambda _: None,
                    ),
                    Tuned(
                        setting="model.calibration",
                        suits=("temperature",),
                        key="monitor",
                        reason="the recipe keeps the best epoch of calibrated probabilities",
                        instead=lambda _: recipe_values.UNCALIBRATED_LOSS,
                    ),
                ),
            ),
            synonyms=("early_stop",),
        ),
    ] = EarlyStoppingConfig.model_construct()
    """When to stop before the last epoch; null for never."""
    convergence: Annotated[ConvergenceConfig | None, Setting(contradictions=(ends_before_the_average,))] = (
        None
    )
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
            search_contradictions=(_limit_in_a_search,),
            synonyms=("max_time",),
        ),
    ] = None
    """For `fnnctl train`: the time in seconds after which no further epoch begins; null for no limit.
    Searches and cross-validations refuse it, because the result would depend on the machine."""
    warm_start: Annotated[
        Annotated[WarmStartConfig, Shorthand("run")] | None,
        Setting(
            not_counted="the weights of a run are no setting",
            not_searched="trials would be measured on rows that the run was trained on",
            search_contradictions=(in_a_search,),
            since="0.13",
            synonyms=("init_model", "initial_checkpoint", "base_model"),
        ),
    ] = None
    """For `fnnctl train`: a run whose networks are trained on; null begins with random weights. Its
    preprocessing and architecture stay as they are; rows that it was trained on are never test rows."""
    precision: Annotated[
        Literal["float32", "float64", "auto"], Setting(is_inherited=True, synonyms=("dtype",))
    ] = "auto"
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
    def techniques(self) -> dict[str, float]:
        """The hyperparameters of the techniques that the training uses, by the names of their settings."""
        return {
            name: value
            for name, info in type(self).model_fields.items()
            if setting_of(info).is_technique and (value := getattr(self, name))
        }

    @property
    def monitors(self) -> dict[str, str]:
        """The monitored columns of history.csv, by the path of the setting."""
        sections = {"early_stopping": self.early_stopping, "lr_schedule": self.lr_schedule}
        monitors = {name: getattr(section, "monitor", None) for name, section in sections.items()}
        return {f"training.{name}.monitor": monitor for name, monitor in monitors.items() if monitor}

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

    @property
    def reads_horizon(self) -> bool:
        """Whether a schedule, an average or a patience depends on the horizon; lbfgs has no schedule."""
        schedule = None if isinstance(self.optimizer, LbfgsOptimizer) else self.lr_schedule
        parts = {"lr_schedule": schedule, "averaging": self.averaging}
        return self.ends_out_of_reach or any(
            part is not None and part.name in WITH_HORIZON[name] for name, part in parts.items()
        )
