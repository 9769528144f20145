"""The kernels of OpenBLAS: which are in use, which it would choose, and what the processor offers.

OpenBLAS chooses the kernels of a processor type as it is loaded. A variable may force an older type, whose
products take up to twice the time; the choice without it is found by loading OpenBLAS again, in a process
without the variable.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from fnnctl.doctor.subprocesses import answers_of

KERNEL_VARIABLE: Final = "OPENBLAS_CORETYPE"
_AVX2 = 2
_KERNELS: Final = (
    {"katmai", "coppermine", "northwood", "prescott", "banias", "atom", "core2", "penryn", "dunnington",
     "nehalem", "athlon", "opteron", "opteron_sse3", "barcelona", "bobcat", "nano", "viac3"},
    {"sandybridge", "bulldozer", "piledriver", "steamroller"},
    {"haswell", "zen", "excavator"},
    {"skylakex", "cooperlake", "sapphirerapids"},
)  # fmt: skip
"""The processor types of x86 whose kernels use SSE, AVX, AVX2 and AVX-512."""
_OFFERS_AVX2: Final = {"AVX2", "X86_V3"}
"""What NumPy calls it, in former versions and in later ones."""
_ASK: Final = "from fnnctl.store.provenance import blas_core; print(blas_core() or '')"


def own_kernel() -> str | None:
    """The kernels that OpenBLAS chooses if no variable forces others; None if that is unknown."""
    (answer,) = answers_of([_ASK], {KERNEL_VARIABLE: None})
    return (answer.text or None) if answer and answer.code == 0 else None


def is_older(kernel: str, own: str) -> bool:
    """Whether kernels are for older processors than those that OpenBLAS would choose.

    Kernels that use the same instructions are as fast. Of other processors than x86 nothing is known: there
    every other choice counts as older.
    """
    level, own_level = _level(kernel), _level(own)
    if level is None or own_level is None:
        return kernel.lower() != own.lower()
    return level < own_level


def is_behind(kernel: str, features: Sequence[str]) -> bool:
    """Whether kernels do without AVX2, which the processor has."""
    level = _level(kernel)
    return level is not None and level < _AVX2 and not _OFFERS_AVX2.isdisjoint(features)


def _level(kernel: str) -> int | None:
    return next((level for level, names in enumerate(_KERNELS) if kernel.lower() in names), None)
