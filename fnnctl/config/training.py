"""The `training` section: how the weights are found, and when to stop."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from fnnctl.config.section import Section, Shorthand

LearningRate = Annotated[float, Field(gt=0.0, le=1e6)]
Decay = Annotated[float, Field(ge=0.0, lt=1.0)]
Epsilon = Annotated[float, Field(gt=0.0, le=1.0)]

Monitor = Literal[
    "train_loss", "train_accuracy",
    "validation_loss", "validation_accuracy", "validation_balanced_accuracy", "validation_f1_macro",
]  # fmt: skip


class SgdOptimizer(Section):
    """Stochastic gradient descent."""

    name: Literal["sgd"]
    """Which optimizer."""
    learning_rate: LearningRate = 0.1
    """The step length."""


class MomentumOptimizer(Section):
    """Gradient descent with momentum."""

    name: Literal["momentum"]
    """Which optimizer."""
    learning_rate: LearningRate = 0.01
    """The step length."""
    momentum: Decay = 0.9
    """The share of the last step that is kept."""


class NesterovOptimizer(Section):
    """Gradient descent with Nesterov's momentum."""

    name: Literal["nesterov"]
    """Which optimizer."""
    learning_rate: LearningRate = 0.01
    """The step length."""
    momentum: Decay = 0.9
    """The share of the last step that is kept."""


class AdagradOptimizer(Section):
    """Adagrad (Duchi et al., 2011): every weight's step shrinks with the gradients it has seen."""

    name: Literal["adagrad"]
    """Which optimizer."""
    learning_rate: LearningRate = 0.01
    """The step length."""
    epsilon: Epsilon = 1e-10
    """Added to the denominator."""


class RmspropOptimizer(Section):
    """RMSprop (Tieleman & Hinton, 2012): steps are divided by the gradient's running root mean square."""

    name: Literal["rmsprop"]
    """Which optimizer."""
    learning_rate: LearningRate = 0.001
    """The step length."""
    decay: Decay = 0.9
    """The decay of the squared gradient's running mean."""
    epsilon: Epsilon = 1e-8
    """Added to the denominator."""


class AdadeltaOptimizer(Section):
    """Adadelta (Zeiler, 2012): steps have the size of past steps."""

    name: Literal["adadelta"]
    """Which optimizer."""
    learning_rate: LearningRate = 1.0
    """A factor of the steps."""
    decay: Decay = 0.9
    """The decay of the running means of squared gradients and steps."""
    epsilon: Epsilon = 1e-6
    """Added to both means; it sets the size of the first steps."""


class AdamOptimizer(Section):
    """Adam (Kingma & Ba, 2015)."""

    name: Literal["adam"] = "adam"
    """Which optimizer."""
    learning_rate: LearningRate = 0.001
    """The step length."""
    beta1: Decay = 0.9
    """The decay of the gradient's running mean."""
    beta2: Decay = 0.999
    """The decay of the squared gradient's running mean."""
    epsilon: Epsilon = 1e-8
    """Added to the denominator."""


Optimizer = Annotated[
    Annotated[
        SgdOptimizer
        | MomentumOptimizer
        | NesterovOptimizer
        | AdagradOptimizer
        | RmspropOptimizer
        | AdadeltaOptimizer
        | AdamOptimizer,
        Field(discriminator="name"),
    ],
    Shorthand("name", default="adam"),
]


class EarlyStopping(Section):
    """End when the monitored value has not improved for a while; the best weights are kept."""

    monitor: Monitor = "validation_loss"
    """The column of history.csv that is watched; losses should fall, metrics should rise."""
    patience: Annotated[int, Field(ge=1, le=10_000_000)] = 20
    """How many epochs without an improvement are allowed."""
    tolerance: Annotated[float, Field(ge=0.0)] = 0.0
    """A change smaller than this is no improvement."""
    restore_best: bool = True
    """Whether the weights of the best epoch are kept, or those of the last."""


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
    l2: Annotated[float, Field(ge=0.0, le=1e6)] = 0.0001
    """The λ of the structured risk: ½·λ times the squared Frobenius norm of all weights is added to the
    mean loss. Biases are not penalised. (scikit-learn's alpha is this times the batch size.)"""
    early_stopping: EarlyStopping | None = EarlyStopping()
    """When to end before the last epoch; null for never."""
    precision: Literal["float32", "float64"] = "float32"
    """The numbers' width in the network."""
    threads: Annotated[int, Field(ge=1, le=1024)] | Literal["auto"] = "auto"
    """Threads of the matrix products. Results are repeated to the bit for the same number only; `auto`
    follows from the network's size."""
