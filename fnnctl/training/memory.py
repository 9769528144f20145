"""Estimates the memory that training needs, before anything is allocated."""

from __future__ import annotations

from math import prod

from fnnctl.nn.layers.activations import ACTIVATIONS
from fnnctl.nn.optimizers.first_order import OPTIMIZERS
from fnnctl.nn.parameters import ParameterLayout
from fnnctl.nn.shape import HiddenShape, NetworkShape
from fnnctl.training.members import StackSettings
from fnnctl.training.pool import fits_in_memory
from fnnctl.training.scoring import rows_at_once
from fnnctl.training.target_edges import BIN


def training_bytes(settings: StackSettings, *, rows: int) -> int:
    """The peak memory, in bytes, of training and then scoring, including the pool of `rows` examples.

    It is that of one network, or of all members of one ensemble.

    A pool in memory stays there throughout; rows made on demand need no memory. Training also needs
    `_stack_bytes`. Scoring runs member by member. It needs the parameters and, per row and output, 8 bytes
    for the probability, 8 for the copy that ranking sorts and 2 for its masks. Before training, edges that
    tell the targets apart are looked for in the fine bins of all rows, and statistics of categories are
    computed.
    """
    shape, dtype = settings.shape, settings.dtype
    has_bins = shape.stage is not None and shape.stage.numeric is not None
    in_memory = fits_in_memory(rows, shape.inputs, dtype, has_bins=has_bins)
    pool = rows * (shape.inputs + 1) * dtype.itemsize if in_memory else 0
    members = settings.ensemble
    parameters = members * ParameterLayout(settings.shape).size * settings.dtype.itemsize
    scoring = parameters + rows * settings.shape.output.size * (8 + 8 + 2)
    numeric = shape.stage.numeric if shape.stage else None
    bins = rows * numeric.numbers * BIN.itemsize if numeric and numeric.own_edges else 0
    before_training = _category_bytes(settings, rows) + max(bins, _counting_bytes(shape, rows))
    return pool + max(_stack_bytes(settings, rows, members), scoring, before_training)


def _stack_bytes(settings: StackSettings, rows: int, members: int) -> int:
    """What a stack allocates for training.

    Parameters, gradient, scratch, best and final weights, an average and the optimizer's state are (K, P)
    each. In the neural-tangent parametrization there are factors of the learning rate and of ε, (1, P) each.
    """
    layout = ParameterLayout(settings.shape)
    itemsize = settings.dtype.itemsize
    vectors = members * (5 + _optimizer_vectors(settings) + (1 if settings.averaging else 0))
    vectors += 2 if settings.parametrization == "neural_tangent" else 0
    parameters = vectors * layout.size * itemsize
    penalised = members * (2 if "l1" in settings.techniques else 1) * layout.size * itemsize
    drawing = 8 * max(prod(layer.weights.shape) for layer in layout.layers)
    shape = settings.shape
    scaled_weights = members * prod(layout.layers[0].weights.shape) * itemsize if shape.scales_weights else 0
    per_column = shape.output.size * itemsize
    per_column += sum(_layer_bytes(layer, itemsize) for layer in shape.hidden)
    per_column += 3 * max((layer.units for layer in shape.hidden), default=0) * itemsize
    if shape.inner_members > 1:
        per_column += (sum(shape.hidden_inputs) + sum(layer.rows for layer in shape.hidden)) * itemsize
    per_example = (shape.inputs + 1) * itemsize + _stage_bytes(shape, itemsize)
    per_example += shape.inner_members * per_column
    batches = min(settings.batch_size, rows) + rows_at_once(shape)
    statistics = 2 * members * layout.statistics_size * itemsize + _category_bytes(settings, rows)
    batch_bytes = members * batches * per_example
    validation = _calibration_bytes(settings, rows)
    return parameters + penalised + drawing + statistics + scaled_weights + batch_bytes + validation


def _calibration_bytes(settings: StackSettings, rows: int) -> int:
    """What the loss of calibrated probabilities needs: see `tasks.temperature.calibrated_losses`.

    It is the outputs of the networks that are averaged, and in float64 their logarithms, twice for a while,
    and the average. `rows` are all of them, of which validation rows are a part without bags.
    """
    if not settings.calibrated:
        return 0
    together = settings.networks_per_member if settings.bags else settings.ensemble
    networks = together * settings.shape.inner_members
    averaging = 8 * (2 * networks + 1) if networks > 1 else 0
    return rows * settings.shape.output.size * (networks * settings.dtype.itemsize + averaging)


def _category_bytes(settings: StackSettings, rows: int) -> int:
    """The size of the statistics of categories for training rows, which members with equal rows share."""
    stage = settings.shape.stage
    if stage is None or stage.categories is None:
        return 0
    bags = settings.ensemble // settings.networks_per_member if settings.bags else 1
    bags *= settings.separate_targets
    return bags * rows * stage.categories.values * settings.dtype.itemsize


def _counting_bytes(shape: NetworkShape, rows: int) -> int:
    """What computing the statistics of categories for one member needs, in whole numbers and float64.

    Per row these are the codes; the target, its weight, its fold and the fold of its category; the outcomes,
    their products with the weights and the statistics, as such and while they are scaled.
    """
    stage = shape.stage
    if stage is None or stage.categories is None:
        return 0
    return 8 * rows * (stage.coded + 4 + 4 * stage.categories.size)


def _optimizer_vectors(settings: StackSettings) -> int:
    """The number of (K, P) arrays in the optimizer's state."""
    if settings.optimizer == "lbfgs":
        return 2 * settings.memory + 6
    return len(OPTIMIZERS[settings.optimizer].state_names)


def _stage_bytes(shape: NetworkShape, itemsize: int) -> int:
    """The size of the input stage's buffers per example: see `nn.layers.input_stage.StageBuffers`."""
    stage, outputs = shape.stage, shape.first_inputs
    if stage is None:
        return 0
    values = outputs + 1 + (0 if stage.categories is None else stage.categories.values)
    values += (outputs - shape.first_learned) + (outputs if shape.scales_inputs else 0)
    if stage.numeric is not None:
        values += stage.numeric.numbers * (
            stage.numeric.functions + 1
        )  # functions, and a copy of coordinates
    return values * itemsize


def _layer_bytes(layer: HiddenShape, itemsize: int) -> int:
    """The size of a hidden layer's buffers per example: see `nn.layers.hidden.HiddenBuffers`.

    The error terms and zeros, which layers share, are not counted.
    """
    kind = ACTIVATIONS[layer.activation]
    narrow = 1 + int(kind.learned) + int(layer.dropout) + int(layer.residual)
    wide = int(kind.keeps_slope) + int(layer.pieces > 1) + 2 * int(layer.normalization is not None)
    masks = layer.rows + (layer.units if layer.dropout else 0)
    return (narrow * layer.units + wide * layer.rows) * itemsize + masks
