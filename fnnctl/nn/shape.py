"""What the members of a stack have in common: the shape of their network, and its parts.

Everything else (seed, learning rate, penalty, an activation's parameter, a dropout rate) may differ from
member to member. A part is present in all members or in none; a rate of 0 is not the same as absence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

import numpy as np

from fnnctl.arrays import IntArray
from fnnctl.nn.losses.joint import loss_class

NormalizationKind = Literal["batch", "layer"]
EmbeddingCode = Literal["linear", "steps", "both"]


@dataclass(frozen=True, slots=True)
class HiddenShape:
    """One hidden layer: its units, its activation, and the operations around it."""

    units: int
    """The number of units."""
    activation: str
    """The activation function."""
    shared: bool = False
    """For learned slopes: whether the layer shares one, instead of one per unit."""
    pieces: int = 1
    """For maxout: linear pieces per unit."""
    normalization: NormalizationKind | None = None
    """The kind of normalization of the pre-activations."""
    dropout: bool = False
    """Whether activations are dropped while training."""
    residual: bool = False
    """Whether the layer's inputs are added to its outputs, which requires equally many of both."""

    @property
    def rows(self) -> int:
        """The number of rows of the weight matrix, and of pre-activations."""
        return self.units * self.pieces


@dataclass(frozen=True, slots=True)
class NumericEmbeddingShape:
    """The embedding of numbers, which are the first features, by their coordinates among their bins."""

    numbers: int
    """The number of columns."""
    bins: int
    """The most bins of a number."""
    size: int
    """The inputs of the first layer that each number becomes, itself included."""
    own_edges: bool = False
    """Whether each network has edges of its own among the coordinates. If not, bin i begins at i."""
    code: EmbeddingCode = "linear"
    """Which functions of a coordinate are mixed: see `layers.input_stage`."""

    @property
    def functions(self) -> int:
        """The number of functions of a coordinate."""
        return 2 * self.bins if self.code == "both" else self.bins


@dataclass(frozen=True, slots=True)
class CategoryStatisticsShape:
    """The statistics of the target of categorical columns, by the codes of their values."""

    codes: tuple[int, ...]
    """The number of each column's codes."""
    size: int
    """The number of statistics of a category: those of the target, and one of the number of its rows."""

    @property
    def values(self) -> int:
        """The number of inputs of the first layer that the columns become."""
        return len(self.codes) * self.size

    @property
    def first_rows(self) -> IntArray:
        """The row of each column's first code among the codes of all columns, (columns,)."""
        return np.cumsum((0, *self.codes[:-1]), dtype=np.int64)


@dataclass(frozen=True, slots=True)
class InputStageShape:
    """What each network has of its own between the features and the first layer."""

    numeric: NumericEmbeddingShape | None = None
    """The embedding of numbers; None if they are inputs of the first layer as they are."""
    categories: CategoryStatisticsShape | None = None
    """The statistics of categories; None if no column has any."""
    scaled: bool = False
    """Whether each input of the first layer has a trained factor."""

    @property
    def numbers(self) -> int:
        """The number of embedded numbers, and of features that are their coordinates."""
        return 0 if self.numeric is None else self.numeric.numbers

    @property
    def embedded(self) -> int:
        """The values of the embeddings of numbers, without the numbers themselves."""
        return 0 if self.numeric is None else self.numeric.numbers * (self.numeric.size - 1)

    @property
    def coded(self) -> int:
        """The number of columns with statistics, and of features that are their codes."""
        return 0 if self.categories is None else len(self.categories.codes)

    def values(self, features: int) -> int:
        """How many of the features, the first ones, are neither coordinates nor codes."""
        return features - self.numbers - self.coded

    def fixed_inputs(self, features: int) -> int:
        """How many inputs of the first layer, the first ones, are not learned."""
        return self.values(features) + (0 if self.categories is None else self.categories.values)

    def outputs(self, features: int) -> int:
        """The number of inputs of the first layer."""
        return self.fixed_inputs(features) + self.embedded


@dataclass(frozen=True, slots=True)
class OutputShape:
    """The output layer with its loss."""

    size: int
    """The number of outputs that the task needs per example: one per class or level, or one value."""
    kind: str = "softmax"
    """The name of the output with its loss, see `loss_of`."""
    positive: int = 1
    """For a single score of two classes: the index of the class whose score it is."""
    loss_parameter: float = 1.0
    """The parameter of the loss function, such as Huber's δ; without effect on one that has none."""
    levels: tuple[float, ...] = ()
    """The levels of quantiles, rising, one per output; empty for other outputs."""
    target: str = ""
    """The name of the target, if the layer is a part of another one."""
    parts: tuple[OutputShape, ...] = ()
    """With several targets, the layer of each: its outputs follow those of the former ones. Empty with one.
    """

    @classmethod
    def of_parts(cls, parts: tuple[OutputShape, ...]) -> Self:
        """The output layer of several targets."""
        return cls(sum(part.size for part in parts), "joint", parts=parts)

    @property
    def target_axis(self) -> tuple[int, ...]:
        """The axis of a row's targets: (T,) with several, and none with one."""
        return (len(self.parts),) if self.parts else ()


@dataclass(frozen=True, slots=True)
class NetworkShape:
    """A network from `inputs` features to the task's outputs; without a hidden layer, a linear model."""

    inputs: int
    hidden: tuple[HiddenShape, ...]
    output: OutputShape
    inner_members: int = 1
    """The networks within each member of a stack, which share hidden weights: see `layers.shared_weights`."""
    stage: InputStageShape | None = None
    """The input stage; None if the first layer reads the features themselves."""

    @property
    def first_inputs(self) -> int:
        """The number of inputs of the first layer."""
        return self.inputs if self.stage is None else self.stage.outputs(self.inputs)

    @property
    def first_learned(self) -> int:
        """The first of these inputs whose gradient the input stage needs; it needs those of all after it.

        Inner members need all of them, because their first layer gives back the gradient as a whole.
        """
        if self.stage is None:
            return self.first_inputs
        needs_all = self.scales_inputs or self.inner_members > 1
        return 0 if needs_all else self.stage.fixed_inputs(self.inputs)

    @property
    def scales_weights(self) -> bool:
        """Whether trained factors multiply the first layer's weights instead of its inputs.

        With adult's 111 inputs this saves a tenth of the time of training. Networks with neither edges nor
        statistics of their own scale the inputs: another order of the products would change the last bits,
        and runs of version 0.7 and before would not repeat.
        """
        stage = self.stage
        return (
            stage is not None
            and stage.scaled
            and (stage.categories is not None or (stage.numeric is not None and stage.numeric.own_edges))
            and (bool(self.hidden) and not self.hidden[0].residual)
            and self.inner_members == 1
        )

    @property
    def scales_inputs(self) -> bool:
        """Whether trained factors multiply the first layer's inputs."""
        return self.stage is not None and self.stage.scaled and not self.scales_weights

    @property
    def hidden_inputs(self) -> tuple[int, ...]:
        """The number of inputs of each hidden layer."""
        return (self.first_inputs, *(layer.units for layer in self.hidden))[: len(self.hidden)]

    @property
    def widths(self) -> tuple[int, ...]:
        """Units of every layer, features first and scores last.

        If the first layer has not as many inputs as there are features, both numbers are among them.
        """
        first = (self.inputs,) if self.first_inputs == self.inputs else (self.inputs, self.first_inputs)
        return (*first, *(layer.units for layer in self.hidden), self.scores)

    @property
    def scores(self) -> int:
        """Output units, from whose scores the outputs follow."""
        return loss_class(self.output).scores_of(self.output)
