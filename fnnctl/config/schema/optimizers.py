"""The optimizers of the `training` section: each with its own hyperparameters."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from fnnctl.config.schema.section import Section, Shorthand

LearningRate = Annotated[float, Field(gt=0.0, le=1e6)]
Decay = Annotated[float, Field(ge=0.0, lt=1.0)]
Epsilon = Annotated[float, Field(gt=0.0, le=1.0)]


class SgdOptimizer(Section):
    """Stochastic gradient descent."""

    name: Literal["sgd"]
    """Which optimizer."""
    learning_rate: LearningRate = 0.1
    """The step length."""


class _MomentumHyperparameters(Section):
    """What the kinds of momentum have in common."""

    name: str
    """Which optimizer."""
    learning_rate: LearningRate = 0.01
    """The step length."""
    momentum: Decay = 0.9
    """The share of the last step that is kept."""


class MomentumOptimizer(_MomentumHyperparameters):
    """Gradient descent with momentum."""

    name: Literal["momentum"]
    """Which optimizer."""


class NesterovOptimizer(_MomentumHyperparameters):
    """Gradient descent with Nesterov's momentum."""

    name: Literal["nesterov"]
    """Which optimizer."""


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


class _AdamHyperparameters(Section):
    """What Adam and its kin have in common."""

    name: str
    """Which optimizer."""
    learning_rate: LearningRate = 0.001
    """The step length."""
    beta1: Decay = 0.9
    """The decay of the gradient's running mean."""
    beta2: Decay = 0.999
    """The decay of the squared gradient's running mean."""
    epsilon: Epsilon = 1e-8
    """Added to the denominator."""


class AdamOptimizer(_AdamHyperparameters):
    """Adam (Kingma & Ba, 2015)."""

    name: Literal["adam"] = "adam"
    """Which optimizer."""


class AdamwOptimizer(_AdamHyperparameters):
    """Adam whose weights decay beside the gradient (Loshchilov & Hutter, 2019)."""

    name: Literal["adamw"]
    """Which optimizer."""
    weight_decay: Annotated[float, Field(ge=0.0, le=1e6)] = 0.01
    """The share of each weight that a step takes away, times the step length. training.l2 comes on top of
    it: write `l2: 0` for this alone."""


class NadamOptimizer(_AdamHyperparameters):
    """Adam with Nesterov's momentum (Dozat, 2016)."""

    name: Literal["nadam"]
    """Which optimizer."""


class LbfgsOptimizer(Section):
    """L-BFGS on all rows at once, with a line search for Wolfe's strong conditions: for small data sets."""

    name: Literal["lbfgs"]
    """Which optimizer. An epoch is one of its iterations."""
    memory: Annotated[int, Field(ge=1, le=1000)] = 10
    """How many of the last steps its picture of the curvature is made of."""
    max_evaluations: Annotated[int, Field(ge=2, le=1000)] = 20
    """How often a line search may evaluate the network, at most."""
    gradient_tolerance: Annotated[float, Field(ge=0.0, le=1.0)] = 1e-5
    """Training has converged when no number of the gradient is larger."""
    decrease_tolerance: Annotated[float, Field(ge=0.0, le=1.0)] = 1e-14
    """Training has converged when an iteration lowers the risk by no more than this, or this share of it if
    that is more."""


Optimizer = Annotated[
    Annotated[
        SgdOptimizer
        | MomentumOptimizer
        | NesterovOptimizer
        | AdagradOptimizer
        | RmspropOptimizer
        | AdadeltaOptimizer
        | AdamOptimizer
        | AdamwOptimizer
        | NadamOptimizer
        | LbfgsOptimizer,
        Field(discriminator="name"),
    ],
    Shorthand("name", default="adam"),
]
