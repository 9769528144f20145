"""The `model` section: the network's layers, activations, embeddings, initial weights and output."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field

from fnnctl.config.schema.activations import AUTO_INITIALIZATION, Activation, PlainActivation
from fnnctl.config.schema.losses import OUTPUTS_BY_TASK, AutoOutput, Output
from fnnctl.config.schema.section import Section, Shorthand
from fnnctl.config.schema.setting import Setting


class NoEmbedding(Section):
    """Numbers are inputs as they are."""

    name: Literal["none"]
    """The embedding."""


class PiecewiseLinearEmbeddingConfig(Section):
    """Each number x is joined by learned functions of it, linear between quantiles of the training part."""

    name: Literal["piecewise_linear"]
    """The embedding."""
    bins: Annotated[int, Field(ge=1, le=1000)] = 16
    """The number of bins between the quantiles; fewer if quantiles coincide."""
    size: Annotated[int, Field(ge=2, le=1000)] = 4
    """The number of inputs that each number becomes, itself included."""


NumericEmbeddingConfig = Annotated[
    Annotated[NoEmbedding | PiecewiseLinearEmbeddingConfig, Field(discriminator="name")],
    Shorthand("name"),
]


Units = Annotated[int, Field(ge=1, le=1_000_000)]
DEFAULT_THRESHOLD: Final = 0.5
DropoutRate = Annotated[float, Field(ge=0.0, le=0.99)]
NormalizationEpsilon = Annotated[float, Field(gt=0.0, le=1.0), Setting(synonyms=("eps",))]
Initialization = Literal[
    "auto", "glorot_uniform", "glorot_normal", "he_uniform", "he_normal",
    "lecun_uniform", "lecun_normal", "orthogonal",
]  # fmt: skip


class NoNormalization(Section):
    """No normalization."""

    name: Literal["none"]
    """The normalization."""


class BatchNormalizationConfig(Section):
    """Batch normalization: each unit's pre-activations have mean 0 and variance 1 over the batch."""

    synonyms = ("batch_norm", "batch_normalization", "batchnorm")
    name: Literal["batch"]
    """The normalization."""
    momentum: Annotated[float, Field(gt=0.0, le=1.0)] = 0.1
    """The weight of a batch in the running mean and variance, which are used after training."""
    epsilon: NormalizationEpsilon = 1e-5
    """Added to the variance."""


class LayerNormalizationConfig(Section):
    """Layer normalization: each example's pre-activations have mean 0 and variance 1 over the layer."""

    synonyms = ("layer_norm", "layer_normalization", "layernorm")
    name: Literal["layer"]
    """The normalization."""
    epsilon: NormalizationEpsilon = 1e-5
    """Added to the variance."""


Normalization = Annotated[
    Annotated[
        NoNormalization | BatchNormalizationConfig | LayerNormalizationConfig,
        Field(discriminator="name"),
    ],
    Shorthand("name"),
]


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


class HiddenLayerConfig(Section):
    """One hidden layer; settings that are left out are those of the model."""

    units: Units
    """The number of units."""
    activation: Activation | None = None
    """The layer's activation; null for the model's."""
    initialization: Initialization | None = None
    """The layer's initialization; null for the model's."""
    normalization: Normalization | None = None
    """The layer's normalization; null for the model's."""
    dropout: DropoutRate | None = None
    """The layer's dropout rate; null for the model's."""
    residual: bool | None = None
    """Whether the layer adds its inputs to its outputs if there are equally many of both; null for the
    model's. The first hidden layer never does."""


class EnsembleConfig(Section):
    """Several networks whose predictions are averaged."""

    members: Annotated[int, Field(ge=1, le=1000)] = 1
    """The number of networks that are trained, each with its own random numbers. Their probabilities, or in a
    regression their values, are averaged; when to stop is decided by the average's scores. A search trains
    one network per trial, and this many for its winner; on bags, this many per trial."""
    share_weights: bool = False
    """Whether the members share the weights of hidden layers; each then has factors of a layer's inputs and
    outputs, biases and an output layer of its own, and all train on the same batches."""
    bags: bool = False
    """Whether the networks train on every row outside the test part: the rows are divided into as many folds
    as there are members. Each member trains on all folds but one and is validated on that one. Not with
    `data.split.by`."""
    plain_twins: Annotated[bool, Setting(searched_on_bags=True)] = False
    """Whether each member has a twin that trains on the same rows and reads numbers without their embedding.
    The rows that a member is validated on say how much members and twins count. Only with
    `model.numeric_embedding: piecewise_linear`."""

    @property
    def networks(self) -> int:
        """The number of networks, twins included."""
        return 2 * self.members if self.plain_twins else self.members


class ModelConfig(Section):
    """The network between the features and the target."""

    hidden: Annotated[
        tuple[Annotated[HiddenLayerConfig, Shorthand("units")], ...],
        Field(strict=False, max_length=1000),
        Setting(is_common=True, synonyms=("hidden_layer_sizes", "hidden_layers", "layers")),
    ] = (HiddenLayerConfig.model_construct(units=100),)
    """The hidden layers from first to last, each a number of units or a mapping `{units, activation,
    initialization, normalization, dropout, residual}`. An empty list is a linear model: softmax or linear
    regression."""
    numeric_embedding: NumericEmbeddingConfig = NoEmbedding.model_construct(name="none")
    """How each numeric column becomes several inputs of the first layer: `none` or `piecewise_linear`."""
    scaling_layer: bool = False
    """Whether each input of the first layer is multiplied by a trained factor, which is 1 at first."""
    activation: Annotated[
        Activation,
        Setting(is_common=True, synonyms=("activation_function",)),
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
        Setting(is_common=True),
    ] = NoNormalization.model_construct(name="none")
    """The normalization of the hidden layers' pre-activations."""
    dropout: Annotated[DropoutRate, Setting(is_common=True, synonyms=("drop_rate", "dropout_rate"))] = 0.0
    """The dropout rate: the share of each hidden layer's activations that is dropped at random in each
    training step. With selu it is alpha dropout."""
    residual: Annotated[bool, Setting(synonyms=("skip_connections",))] = False
    """Whether each hidden layer after the first adds its inputs to its outputs if there are equally many
    of both, unless the layer has its own setting."""
    ensemble: Annotated[
        EnsembleConfig,
        Shorthand("members"),
        Setting(
            is_common=True,
            not_counted="the first member of an ensemble is the network that is trained alone",
            not_searched="each trial trains one network, because an ensemble of N takes N times as long; "
            "write model.ensemble: 5 outside of the search section, and the winner is refitted as an "
            "ensemble of 5",
            not_searched_on_bags="all trials have the same bags, so that their out-of-bag predictions can be "
            "compared and averaged; only model.ensemble.plain_twins can be searched",
        ),
    ] = EnsembleConfig.model_construct()
    """The networks that are trained and averaged: their number, or a mapping `{members, share_weights,
    bags}`."""
    output: Annotated[
        Output,
        Field(description=OUTPUTS_BY_TASK),
        Setting(synonyms=("criterion", "loss", "loss_function")),
    ] = AutoOutput.model_construct()
    """The output layer and its loss."""
    clip_outputs: Annotated[bool, Setting(not_counted="it limits predictions, not training")] = False
    """Whether each network's values in a regression are limited to the range of the target in the training
    rows, which are all rows outside the test part with bags. The loss that is minimized is that of the values
    without limits."""
    calibration: Annotated[
        Calibration, Setting(not_counted="it is fitted after training, to the same network")
    ] = "none"
    """How probabilities are calibrated: `temperature` divides all scores by one number, fitted to the
    validation rows; `shrunk_temperature` keeps it near 1 where these are few, and with bags at most at 1,
    because the average of the members is never more certain than they are (with class weights it has no
    limit). With class weights a power of them is fitted, too, even with `none`. All this changes no predicted
    class, unless a number is given as `threshold`."""
    threshold: Annotated[
        Threshold, Setting(not_counted="it is chosen after training, for the same network")
    ] = DEFAULT_THRESHOLD
    """With two classes: the positive class is predicted if its probability is at least this number. `f1`,
    `youden` (recall minus false positive rate) and `{cost: {false_positive: 1, false_negative: 10}}` choose
    the best one on the validation rows, after calibration. At 0.5 the more probable class is predicted, and
    with class weights the one with the larger product of weight and probability."""

    def residual_of(self, index: int) -> bool | None:
        """Whether the hidden layer adds its inputs to its outputs; None if it cannot: see `residual`."""
        layer = self.hidden[index]
        if index == 0 or layer.units != self.hidden[index - 1].units:
            return None
        return self.residual if layer.residual is None else layer.residual
