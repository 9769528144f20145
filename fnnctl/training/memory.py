"""What training would take of the memory, and what there is: asked before anything is allocated."""

from __future__ import annotations

import os
from pathlib import Path

from fnnctl.nn.activations import ACTIVATIONS
from fnnctl.nn.optimizers import OPTIMIZERS
from fnnctl.nn.parameters import ParameterLayout
from fnnctl.training.members import StackSettings
from fnnctl.training.scoring import SCORING_BATCH


def training_bytes(settings: StackSettings, *, rows: int, members: int = 1) -> int:
    """Bytes that a stack's training takes at its peak, the pool of `rows` examples included.

    Parameters, gradient, scratch, best and final weights and the optimizer's state are a row of P each;
    a pass keeps four arrays and a mask a hidden layer.
    """
    layout = ParameterLayout(settings.shape)
    itemsize = settings.dtype.itemsize
    vectors = 5 + len(OPTIMIZERS[settings.optimizer].state_names)
    parameters = members * vectors * layout.size * itemsize
    penalised = layout.size * itemsize
    widest = max(outputs * inputs for outputs, inputs in (layer.weights.shape for layer in layout.layers))
    drawing = 8 * widest
    per_example = (settings.shape.inputs + 1 + settings.shape.classes) * itemsize
    for layer in settings.shape.hidden:
        arrays = 4 if ACTIVATIONS[layer.activation].learned else 3
        per_example += layer.units * (arrays * itemsize + 1)
    batches = min(settings.batch_size, rows) + min(SCORING_BATCH, rows)
    pool = rows * (settings.shape.inputs + 1) * itemsize
    return parameters + penalised + drawing + members * batches * per_example + pool


def available_bytes() -> int | None:
    """Bytes that a process may still take: the machine's, or its container's; None where that is unknown."""
    found = [amount for amount in (_machine_bytes(), _container_bytes()) if amount is not None]
    return min(found, default=None)


def _machine_bytes() -> int | None:
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None


def _container_bytes() -> int | None:
    group = Path("/sys/fs/cgroup")
    try:
        limit = (group / "memory.max").read_text(encoding="ascii").strip()
        used = int((group / "memory.current").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
    return None if limit == "max" else max(int(limit) - used, 0)
