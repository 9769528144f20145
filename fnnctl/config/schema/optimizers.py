"""The optimizers of the `training` section: each with its own hyperparameters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from fnnctl.config.problems import predicate
from fnnctl.config.schema.section import Section, Shorthand
from fnnctl.config.schema.setting import Place, Rule, Setting
from fnnctl.errors import Problem

if TYPE_CHECKING:
    from fnnctl.config.schema.experiment import Experiment

LearningRate = Annotated[
    float, Field(gt=0.0, le=1e6), Setting(is_common=True, synonyms=("learning_rate_init", "lr"))
]
Decay = Annotated[float, Field(ge=0.0, lt=1.0)]
Epsilon = Annotated[float, Field(gt=0.0, le=1.0), Setting(synonyms=("eps",))]


def not_with_lbfgs(off: str) -> Rule:
    """The rule that a setting must be off with lbfgs, which is written so.

    A line search needs a fixed function: nothing random, and nothing else that changes the weights. It also
    has one step length for all parameters, so a parametrization that changes rates has no meaning.
    """

    def rule(experiment: Experiment, place: Place) -> Iterator[Problem]:
        if place.value != off and isinstance(experiment.training.optimizer, LbfgsOptimizer):
            advice = f"write {place.key}: {off}, or choose another training.optimizer"
            yield predicate("cannot be used with lbfgs", "training.optimizer.name", advice=advice)

    rule.__doc__ = f"With lbfgs, unless it is {off}."
    return rule


class OptimizerSection(Section):
    """An optimizer with its hyperparameters."""

    name: str
    """The optimizer."""


class _FirstOrderOptimizer(OptimizerSection):
    """An optimizer whose steps follow the gradient of a batch."""

    learning_rate: LearningRate
    """The learning rate."""


class SgdOptimizer(_FirstOrderOptimizer):
    """Stochastic gradient descent."""

    name: Literal["sgd"]
    learning_rate: LearningRate = 0.1


class _MomentumOptimizer(_FirstOrderOptimizer):
    """Gradient descent with one of the two kinds of momentum."""

    learning_rate: LearningRate = 0.01
    momentum: Decay = 0.9
    """The share of the previous step that is added to the next."""


class MomentumOptimizer(_MomentumOptimizer):
    """Gradient descent with momentum."""

    name: Literal["momentum"]


class NesterovOptimizer(_MomentumOptimizer):
    """Gradient descent with Nesterov's momentum."""

    synonyms = ("nesterov_momentum", "nesterovs_momentum")
    name: Literal["nesterov"]


class AdagradOptimizer(_FirstOrderOptimizer):
    """Adagrad (Duchi et al., 2011): each weight's step is divided by the root of its summed squared
    gradients.
    """

    name: Literal["adagrad"]
    learning_rate: LearningRate = 0.01
    epsilon: Epsilon = 1e-10
    """Added to the denominator."""


class RmspropOptimizer(_FirstOrderOptimizer):
    """RMSprop (Tieleman & Hinton, 2012): steps are divided by the gradient's running root mean square."""

    name: Literal["rmsprop"]
    learning_rate: LearningRate = 0.001
    decay: Decay = 0.9
    """The decay of the squared gradient's running mean."""
    epsilon: Epsilon = 1e-8
    """Added to the denominator."""


class AdadeltaOptimizer(_FirstOrderOptimizer):
    """Adadelta (Zeiler, 2012): steps are scaled by the running size of past steps."""

    name: Literal["adadelta"]
    learning_rate: LearningRate = 1.0
    """A factor that multiplies the steps."""
    decay: Decay = 0.9
    """The decay of the running means of squared gradients and squared steps."""
    epsilon: Epsilon = 1e-6
    """Added to both means; it sets the size of the first steps."""


class _AdamVariant(_FirstOrderOptimizer):
    """Adam, or a variant of it."""

    learning_rate: LearningRate = 0.001
    beta1: Decay = 0.9
    """The decay of the gradient's running mean."""
    beta2: Decay = 0.999
    """The decay of the squared gradient's running mean."""
    epsilon: Epsilon = 1e-8
    """Added to the denominator."""


class AdamOptimizer(_AdamVariant):
    """Adam (Kingma & Ba, 2015)."""

    name: Literal["adam"] = "adam"


class AdamwOptimizer(_AdamVariant):
    """Adam with decoupled weight decay (Loshchilov & Hutter, 2019)."""

    name: Literal["adamw"]
    weight_decay: Annotated[float, Field(ge=0.0, le=1e6)] = 0.01
    """Each step multiplies the weights by 1 − learning rate · weight_decay. `training.l2` is applied in
    addition; write `l2: 0` to use weight decay alone."""


class NadamOptimizer(_AdamVariant):
    """Adam with Nesterov's momentum (Dozat, 2016)."""

    name: Literal["nadam"]


class LbfgsOptimizer(OptimizerSection):
    """L-BFGS on all rows at once, with a line search for the strong Wolfe conditions; for small data sets."""

    synonyms = ("bfgs", "l-bfgs", "l_bfgs")
    name: Literal["lbfgs"]
    """The optimizer. One iteration counts as one epoch."""
    memory: Annotated[int, Field(ge=1, le=1000), Setting(synonyms=("history_size",))] = 10
    """The number of past steps from which the curvature is approximated."""
    max_evaluations: Annotated[int, Field(ge=2, le=1000)] = 20
    """The most evaluations of the loss in one line search."""
    gradient_tolerance: Annotated[float, Field(ge=0.0, le=1.0)] = 1e-5
    """Training has converged when no component of the gradient is larger than this."""
    decrease_tolerance: Annotated[float, Field(ge=0.0, le=1.0)] = 1e-14
    """Training has converged when an iteration lowers the risk by no more than this, or by no more than this
    share of the risk if that is larger."""


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
