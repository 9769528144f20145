"""The caller's treatment of floating-point errors holds for the caller's code alone.

Overflow and underflow are usual in the engine, which `np.errstate(all="raise")` around a call would stop. So
a call works in NumPy's default state, and its worker processes with it.
"""

from __future__ import annotations

import numpy as np


def default_errstate() -> np.errstate:
    """NumPy's default state, for a block or, as a decorator, for a function."""
    return np.errstate(divide="warn", over="warn", under="ignore", invalid="warn")
