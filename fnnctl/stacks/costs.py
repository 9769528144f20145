"""How long training takes, roughly and by counts alone: what decides on workers before any is imported.

The times are rough values for one thread of a processor of 2024. For steps that touch 200 to 220,000 values
(networks of 4 to 600 hidden units), measured ones were up to 2.4 times as long while other programs were
running.
"""

from __future__ import annotations

import math

from fnnctl.modelling.fit import Fit
from fnnctl.nn.parameters import ParameterLayout
from fnnctl.training.members import StackSettings

SECONDS_A_VALUE = 3e-9
"""Seconds per value and step, in stacks of small networks."""
SECONDS_A_STEP = 2e-5
"""Seconds per step and network that the calls take, however few values they touch."""
SECONDS_A_MESSAGE = 1e-3
"""The time of an epoch's messages to a worker and back, without their content: a judgement on the safe side,
because an epoch also waits for its slowest worker."""
SECONDS_A_BYTE = 2e-9
"""The time that a byte of a member's state takes to the worker and back: it is copied, sent and received."""
MIN_STEPS_PER_MESSAGE_TIME = 8.0
"""The steps of an epoch must take at least this many times as long as its messages.

A judgement: two workers save half of the steps' time, of which messages then take at most a quarter.
"""


def step_values(settings: StackSettings) -> int:
    """The number of values that a step of a fit touches: activations of a batch, and parameters.

    Those of all members count if it is an ensemble.
    """
    shape = settings.shape
    stage = 0
    if shape.stage is not None:
        numeric = shape.stage.numeric
        stage = shape.first_inputs + 1 + (numeric.numbers * numeric.functions if numeric else 0)
    widths = sum(layer.rows for layer in shape.hidden) + shape.output.size
    if shape.inner_members > 1:  # scaled inputs and products: see `nn.layers.shared_weights`
        widths += sum(shape.hidden_inputs) + sum(layer.rows for layer in shape.hidden)
    per_row = shape.inputs + 1 + stage + shape.inner_members * widths
    return settings.ensemble * (settings.batch_size * per_row + ParameterLayout(shape).size)


def rough_seconds(settings: StackSettings, *, train_rows: int, epochs: int) -> float:
    """A rough training time per fit of a stack, within a factor of two on a processor of 2024."""
    steps = epochs * math.ceil(train_rows / settings.batch_size)
    return steps * (SECONDS_A_STEP * settings.ensemble + SECONDS_A_VALUE * step_values(settings))


def pays_off(fit: Fit, *, workers: int) -> bool:
    """Whether the members of a fit train faster on several workers.

    Each epoch their states go to the workers and back. Only counts decide: rows, epochs, sizes of arrays.
    """
    settings, training = fit.settings, fit.experiment.training
    workers = min(workers, settings.ensemble)
    if workers < 2 or settings.optimizer == "lbfgs" or training.threads not in ("auto", 1):
        return False
    seconds = rough_seconds(settings, train_rows=fit.trained_rows, epochs=training.epochs)
    state_bytes = 3 * settings.ensemble * fit.layout.size * settings.dtype.itemsize
    messages = SECONDS_A_MESSAGE * workers + SECONDS_A_BYTE * state_bytes
    return seconds / training.epochs >= MIN_STEPS_PER_MESSAGE_TIME * messages
