"""The `model` section: the network's layers, activations, embeddings, initial weights and output."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import Field

from fnnctl.config.paths import format_path
from fnnctl.config.problems import no_effect, sentence
from fnnctl.config.schema import recipe_values
from fnnctl.config.schema.activations import AUTO_INITIALIZATION, Activation, PlainActivation
from fnnctl.config.schema.data import VALIDATION_ROWS
from fnnctl.config.schema.ensemble import EnsembleConfig
from fnnctl.config.schema.layers import (
    CompleteLayer,
    DropoutRate,
    HiddenLayerConfig,
    Initialization,
    NoNormalization,
    Normalization,
    batch_with_lbfgs,
)
from fnnctl.config.schema.losses import OUTPUTS_BY_TASK, AutoOutput, Output, is_for_numbers
from fnnctl.config.schema.optimizers import not_with_lbfgs
from fnnctl.config.schema.section import Section, Shorthand
from fnnctl.config.schema.setting import Place, RecipeValue, Rule, Setting
from fnnctl.config.schema.target import LabelsTarget
from fnnctl.errors import Problem

if TYPE_CHECKING:
    from fnnctl.config.schema.experiment import Experiment


class NoEmbedding(Section):
    """Numbers are inputs as they are."""

    name: Literal["none"]
    """The embedding."""


class PiecewiseLinearEmbeddingConfig(Section):
    """Each number x is joined by trained functions of the bin that it falls into and of its place there."""

    name: Literal["piecewise_linear"]
    """The embedding."""
    bins: Annotated[int, Field(ge=1, le=1000)] = 16
    """The number of bins; fewer if quantiles coincide, or if fewer tell targets apart."""
    edges: Annotated[Literal["quantile", "target"], Setting(since="0.8")] = "quantile"
    """Where the bins begin: at quantiles of the numbers, or at the thresholds of a decision tree with this
    column alone, which each network fits to the targets of its own training rows."""
    code: Annotated[Literal["linear", "steps", "both"], Setting(since="0.8")] = "linear"
    """What the functions depend on: the number's place within its bin, the bin alone, or both."""
    size: Annotated[int, Field(ge=2, le=1000)] = 4
    """The number of inputs that each number becomes, itself included."""


NumericEmbeddingConfig = Annotated[
    Annotated[NoEmbedding | PiecewiseLinearEmbeddingConfig, Field(discriminator="name")], Shorthand("name")
]


DEFAULT_THRESHOLD: Final = 0.5


class DecisionCosts(Section):
    """What wrong decisions between two classes cost, in any unit; right ones cost nothing."""

    false_positive: Annotated[float, Field(gt=0.0, le=1e6)] = 1.0
    """The cost of each row that is wrongly predicted to be of the positive class."""
    false_negative: Annotated[float, Field(gt=0.0, le=1e6)] = 1.0
    """The cost of each row of the positive class that is not predicted to be."""

    @property
    def threshold(self) -> float:
        """The best threshold if probabilities are right: below it, the other decision costs less."""
        return self.false_positive / (self.false_positive + self.false_negative)


class CostThreshold(Section):
    """The threshold whose decisions cost the least."""

    cost: DecisionCosts
    """What wrong decisions cost."""


Threshold = Annotated[float, Field(gt=0.0, lt=1.0)] | Literal["f1", "youden"] | CostThreshold


Calibration = Literal["none", "temperature", "shrunk_temperature"]


def _not_inherited(experiment: Experiment, place: Place) -> Iterator[Problem]:
    """If every hidden layer has its own, or if there is none."""
    key = str(place.path[-1])
    if not experiment.model.is_inherited(key):
        has_layers = bool(experiment.model.hidden)
        reason = f"every hidden layer has its own {key}" if has_layers else "there is no hidden layer"
        yield no_effect(reason, "model.hidden")


def _nothing_added(experiment: Experiment, _: Place) -> Iterator[Problem]:
    """If there is one hidden layer at most, or if all layers after the first have their own."""
    hidden = experiment.model.hidden
    if not hidden:
        yield no_effect("there is no hidden layer", "model.hidden")
    elif len(hidden) == 1:
        yield no_effect("only hidden layers after the first add their inputs", "model.hidden")
    elif all(layer.residual is not None for layer in hidden[1:]):
        yield no_effect("every hidden layer after the first has its own residual", "model.hidden")


def _different_widths(experiment: Experiment, _: Place) -> Iterator[Problem]:
    """If no hidden layer has as many units as the one before it."""
    hidden = experiment.model.hidden
    units = [layer.units for layer in hidden]
    equal = [layer for layer, below in zip(hidden[1:], units, strict=False) if layer.units == below]
    if units[1:] and all(layer.residual is not None for layer in equal):
        which = "without a residual of its own " if equal else ""
        yield sentence(
            f"no hidden layer {which}has as many units as the one before it, so no inputs can be added",
            "model.hidden",
            advice="write hidden: [{units}, {units}], or residual: false",
            units=units[0],
        )


def _constant_layer(experiment: Experiment, place: Place) -> Iterator[Problem]:
    """If a layer with layer normalization has a single unit, whose output would be constant."""
    for index, layer in enumerate(experiment.model.layers):
        if layer.normalization.name == "layer" and layer.units * layer.activation.functions_per_unit == 1:
            problem = sentence(
                "layer normalization makes a single neuron's output constant",
                "model.normalization",
                "model.activation",
                advice="write more units, or normalization: none",
            )
            yield replace(problem, path=format_path((*place.path, index)))


def _if_inherited(rule: Rule) -> Rule:
    """A rule for a setting of the model that matters only if a layer inherits it."""

    @wraps(rule)
    def inherited(experiment: Experiment, place: Place) -> Iterator[Problem]:
        if experiment.model.is_inherited(str(place.path[-1])):
            yield from rule(experiment, place)

    return inherited


def _nothing_to_calibrate_on(experiment: Experiment, _: Place) -> Iterator[Problem]:
    """Without validation rows, unless it is none."""
    if not experiment.is_validated:
        yield sentence(
            "the temperature is fitted on the validation part, but data.split.validation is 0",
            *VALIDATION_ROWS,
            advice="write data.split.validation: 0.15, or calibration: none",
        )


def _nothing_to_choose_on(experiment: Experiment, place: Place) -> Iterator[Problem]:
    """Without validation rows, unless it is a number."""
    threshold = place.value
    if not isinstance(threshold, float) and not experiment.is_validated:
        number = threshold.cost.threshold if isinstance(threshold, CostThreshold) else DEFAULT_THRESHOLD
        yield sentence(
            "the threshold is chosen on validation rows, but data.split.validation is 0",
            *VALIDATION_ROWS,
            advice="write data.split.validation: 0.15, model.ensemble.bags: true, or a number such as "
            "threshold: {number:.3g}",
            number=number,
        )


def _numbers_of_labels(experiment: Experiment, place: Place) -> Iterator[Problem]:
    """With labels, if an output is one of numbers."""
    if isinstance(experiment.data.target, LabelsTarget):
        for name, output in place.value.items():
            if is_for_numbers(output.name):
                text = f"labels are classes, and {output.name} is an output of numbers"
                problem = sentence(text, "data.target", advice="write logistic or softmax")
                yield replace(problem, path=format_path((*place.path, name)))


def _single_networks(experiment: Experiment, _: Place) -> Iterator[Problem]:
    """In a search whose trials train one network each."""
    search = experiment.search
    if search is not None and not experiment.model.together and not search.may_train_ensembles:
        yield sentence(
            "the trials of this search train one network each, which predicts all targets",
            "model.together",
            advice="write true, or search.objective.on: bags",
        )


class ModelConfig(Section):
    """The network between the features and the target."""

    hidden: Annotated[
        tuple[Annotated[HiddenLayerConfig, Shorthand("units")], ...],
        Field(strict=False, max_length=1000),
        Setting(
            is_inherited=True,
            is_common=True,
            contradictions=(_constant_layer,),
            recipe=RecipeValue(default=recipe_values.hidden_layers, fast=recipe_values.fast_hidden_layers),
            synonyms=("hidden_layer_sizes", "hidden_layers", "layers"),
        ),
    ] = (HiddenLayerConfig.model_construct(units=100),)
    """The hidden layers from first to last, each a number of units or a mapping `{units, activation,
    initialization, normalization, dropout, residual}`. An empty list is a linear model: softmax or linear
    regression."""
    numeric_embedding: Annotated[
        NumericEmbeddingConfig,
        Setting(is_inherited=True, recipe=RecipeValue(default=recipe_values.numeric_embedding)),
    ] = NoEmbedding.model_construct(name="none")
    """How each numeric column becomes several inputs of the first layer: `none` or `piecewise_linear`."""
    scaling_layer: Annotated[bool, Setting(is_inherited=True, recipe=RecipeValue(default=lambda _: True))] = (
        False
    )
    """Whether each input of the first layer is multiplied by a trained factor, which is 1 at first."""
    activation: Annotated[
        Activation,
        Setting(
            is_inherited=True, is_common=True, no_effect=(_not_inherited,), synonyms=("activation_function",)
        ),
    ] = PlainActivation.model_construct(name="relu")
    """The activation of the hidden layers that do not set their own."""
    initialization: Annotated[
        Initialization,
        Field(description=AUTO_INITIALIZATION),
        Setting(
            synonyms=("initializer", "kernel_initializer"),
            value_synonyms={
                "glorot_normal": ("xavier_normal",),
                "glorot_uniform": ("glorot", "xavier", "xavier_uniform"),
                "he_normal": ("kaiming_normal",),
                "he_uniform": ("he", "kaiming", "kaiming_uniform"),
                "lecun_uniform": ("lecun",),
            },
        ),
    ] = "auto"
    """How initial weights are drawn, for the output layer and the hidden layers that do not set their own."""
    initial_biases: Annotated[Literal["zero", "uniform"], Setting(synonyms=("bias_initializer",))] = "zero"
    """The initial biases: zero, or drawn uniformly between ±√(6/(inputs + outputs)) of the layer, which is
    the bound of glorot_uniform. Biases of normalized layers are always zero."""
    normalization: Annotated[
        Normalization,
        Setting(
            is_inherited=True,
            is_common=True,
            no_effect=(_not_inherited,),
            contradictions=(_if_inherited(batch_with_lbfgs),),
        ),
    ] = NoNormalization.model_construct(name="none")
    """The normalization of the hidden layers' pre-activations."""
    dropout: Annotated[
        DropoutRate,
        Setting(
            is_common=True,
            no_effect=(_not_inherited,),
            contradictions=(_if_inherited(not_with_lbfgs("0")),),
            synonyms=("drop_rate", "dropout_rate"),
        ),
    ] = 0.0
    """The dropout rate: the share of each hidden layer's activations that is dropped at random in each
    training step. With selu it is alpha dropout."""
    residual: Annotated[
        bool,
        Setting(
            is_inherited=True,
            no_effect=(_nothing_added,),
            contradictions=(_different_widths,),
            synonyms=("skip_connections",),
        ),
    ] = False
    """Whether each hidden layer after the first adds its inputs to its outputs if there are equally many
    of both, unless the layer has its own setting."""
    ensemble: Annotated[
        EnsembleConfig,
        Shorthand("members"),
        Setting(
            is_inherited=True,
            is_common=True,
            recipe=RecipeValue(default=recipe_values.ensemble, fast=recipe_values.fast_ensemble),
            not_counted="the first member of an ensemble is the network that is trained alone",
            not_searched="each trial trains one network, because an ensemble of N takes N times as long; "
            "write model.ensemble: 5 outside of the search section, and the winner is refitted as an "
            "ensemble of 5",
            not_searched_in_ensembles="all trials have the same bags, so that their out-of-bag "
            "predictions can be compared and averaged; only model.ensemble.plain_twins can be searched",
        ),
    ] = EnsembleConfig.model_construct()
    """The networks that are trained and averaged: their number, or a mapping `{members, share_weights,
    bags}`."""
    output: Annotated[
        Output,
        Field(description=OUTPUTS_BY_TASK),
        Setting(
            is_inherited=True,
            needs_targets="one",
            counterpart="model.outputs",
            synonyms=("criterion", "loss", "loss_function"),
        ),
    ] = AutoOutput.model_construct()
    """The output layer and its loss."""
    outputs: Annotated[
        dict[str, Output] | None,
        Setting(
            is_inherited=True,
            not_searched="the losses of all trials must be comparable",
            needs_targets="several",
            counterpart="model.output",
            contradictions=(_numbers_of_labels,),
            since="0.13",
            synonyms=("losses",),
        ),
    ] = None
    """With several targets: the output and its loss of each, as {target: output}, each as a `model.output`; a
    target that is left out has `auto`. An output of numbers makes its target numbers, one of classes makes it
    classes."""
    together: Annotated[
        bool,
        Setting(
            is_inherited=True,
            needs_targets="several",
            not_searched="each trial trains one network, which predicts all targets",
            searched_in_ensembles=True,
            search_contradictions=(_single_networks,),
            since="0.13",
            synonyms=("multi_task",),
        ),
    ] = True
    """With several targets: whether one network predicts them all. With false each target has networks of its
    own, as many as `ensemble` says, which learn nothing of the others; each keeps the weights of its own best
    epoch, and training ends when none of them improves. It takes as many times longer."""
    clip_outputs: Annotated[
        bool,
        Setting(
            not_counted="it limits predictions, not training",
            needs_numbers="probabilities need no limits",
            recipe=RecipeValue(default=recipe_values.clip_outputs),
        ),
    ] = False
    """Whether each network's values in a regression are limited to the range of the target in the training
    rows, which are all rows outside the test part with bags. The loss that is minimized is that of the values
    without limits."""
    calibration: Annotated[
        Calibration,
        Setting(
            not_counted="it is fitted after training, to the same network",
            needs_classes="any",
            contradictions=(_nothing_to_calibrate_on,),
            recipe=RecipeValue(default=recipe_values.calibration),
        ),
    ] = "none"
    """How probabilities are calibrated: `temperature` divides all scores by one number, fitted to the
    validation rows; `shrunk_temperature` keeps it near 1 where these are few, and with bags at most at 1,
    because the average of the members is never more certain than they are (with class weights it has no
    limit). With class weights a power of them is fitted, too, even with `none`. All this changes no predicted
    class, unless a number is given as `threshold`."""
    threshold: Annotated[
        Threshold,
        Setting(
            not_counted="it is chosen after training, for the same network",
            needs_classes="two",
            contradictions=(_nothing_to_choose_on,),
        ),
    ] = DEFAULT_THRESHOLD
    """With two classes: the positive class is predicted if its probability is at least this number. `f1`,
    `youden` (recall minus false positive rate) and `{cost: {false_positive: 1, false_negative: 10}}` choose
    the best one on the validation rows, after calibration. At 0.5 the more probable class is predicted, and
    with class weights the one with the larger product of weight and probability."""

    background_rows: Annotated[
        int,
        Field(ge=0, le=100_000),
        Setting(not_counted="the rows are kept beside the same network", since="0.11"),
    ] = 0
    """The number of training rows, drawn at random, that the model keeps as the background of `fnnctl predict
    --contributions`, which then needs no training data. They are rows of the table: mind who gets the model.
    With 0 it keeps none."""

    @property
    def layers(self) -> tuple[CompleteLayer, ...]:
        """The hidden layers with all their settings."""
        settings = (
            {key: getattr(self, key) if own is None else own for key, own in layer} for layer in self.hidden
        )
        return tuple(
            CompleteLayer(**{**layer, "residual": bool(self.residual_of(index))})
            for index, layer in enumerate(settings)
        )

    def output_for(self, target: str) -> Output:
        """The output for one of several targets."""
        return (self.outputs or {}).get(target) or AutoOutput()

    def residual_of(self, index: int) -> bool | None:
        """Whether the hidden layer adds its inputs to its outputs; None if it cannot: see `residual`."""
        layer = self.hidden[index]
        if index == 0 or layer.units != self.hidden[index - 1].units:
            return None
        return self.residual if layer.residual is None else layer.residual

    def is_inherited(self, key: str) -> bool:
        """Whether a hidden layer has the model's setting, because it does not set its own."""
        return any(getattr(layer, key) is None for layer in self.hidden)

    def normalizes(self, kind: str) -> bool:
        """Whether a hidden layer has this normalization."""
        return any(layer.normalization.name == kind for layer in self.layers)

    @property
    def embeds_numbers(self) -> bool:
        """Whether numbers are embedded."""
        return not isinstance(self.numeric_embedding, NoEmbedding)
