"""BFGS between bounds, from several starts together.

The functions that it minimizes have few variables: the parameters of a Gaussian process, and the coordinates
of a configuration. So the inverse Hessian is stored as a matrix, and NumPy's overhead, which would dominate,
is shared by all starts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

import numpy as np

from fnnctl.arrays import BoolArray, FloatArray

Function: TypeAlias = Callable[[FloatArray], tuple[FloatArray, FloatArray]]
"""Takes (m, d) points; returns their (m,) values, which may be infinite, and (m, d) gradients."""

DECREASE: Final = 1e-4
"""The least decrease of a step, as a share of what the slope promises."""
SHRINK: Final = (0.1, 0.5)
"""The next step after a step that is too long, as a share of it: at least and at most."""
MOST_SHRINKS: Final = 12


def minimize(
    function: Function,
    starts: FloatArray,
    bounds: tuple[FloatArray, FloatArray],
    *,
    scale: FloatArray,
    evaluations: int,
    tolerance: float,
) -> tuple[FloatArray, FloatArray]:
    """Minimize from each of (m, d) starts; returns the points found and their values.

    `scale` are typical changes of the variables: the first step is at most as long. A search ends after so
    many evaluations, when no component of the gradient times `scale` is above `tolerance`, or when no step
    decreases the value.
    """
    low, high = bounds
    x = np.clip(starts, low, high)
    f, g = function(x)
    m, d = x.shape
    first = np.broadcast_to(np.diag(np.square(scale)), (m, d, d))
    H, fresh = first.copy(), np.ones(m, bool)
    step, shrinks = np.ones(m), np.zeros(m, int)
    p = np.zeros((m, d))
    aim = going = np.isfinite(f)
    for _ in range(evaluations - 1):
        free = ~(((x <= low) & (g > 0.0)) | ((x >= high) & (g < 0.0)))
        going = going & (np.abs(np.where(free, g * scale, 0.0)).max(axis=1) > tolerance)
        if not going.any():
            break
        aim = aim & going
        p[aim] = _direction(H[aim], g[aim], free[aim])
        slope = np.vecdot(p, g)
        lost = aim & ~(slope < 0.0)
        H[lost], fresh[lost] = first[lost], True
        p[lost] = _direction(H[lost], g[lost], free[lost])
        long = aim & fresh
        p[long] /= np.maximum(np.abs(p[long] / scale).max(axis=1), 1.0)[:, None]
        step[aim], shrinks[aim] = 1.0, 0

        rows = np.flatnonzero(going)
        tried = np.clip(x[rows] + step[rows, None] * p[rows], low, high)
        moved = tried - x[rows]
        value, gradient = function(tried)
        gain = np.vecdot(moved, g[rows])
        good = np.isfinite(value) & (value <= f[rows] + DECREASE * gain) & (gain < 0.0)
        taken = rows[good]
        H[taken], fresh[taken] = _updated(
            H[taken], fresh[taken], moved[good], gradient[good] - g[taken], first[0]
        )
        x[taken], f[taken], g[taken] = tried[good], value[good], gradient[good]
        aim = np.zeros(m, bool)
        aim[taken] = True

        bad = rows[~good]
        step[bad] *= _shrink(gain[~good], value[~good] - f[bad])
        shrinks[bad] += 1
        stuck = bad[shrinks[bad] >= MOST_SHRINKS]
        going[stuck[fresh[stuck]]] = False
        again = stuck[~fresh[stuck]]
        H[again], fresh[again], aim[again] = first[again], True, True
    return x, f


def _direction(H: FloatArray, g: FloatArray, free: BoolArray) -> FloatArray:
    """The direction −Hg in the variables that are not held by a bound."""
    return np.where(free, -(H @ np.where(free, g, 0.0)[:, :, None])[:, :, 0], 0.0)


def _shrink(gain: FloatArray, change: FloatArray) -> FloatArray:
    """The minimum of the parabola through the step's start, its slope there and its end."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        share = -gain / (2.0 * (change - gain))
    return np.clip(np.where(np.isfinite(share), share, SHRINK[0]), *SHRINK)


def _updated(
    H: FloatArray, fresh: BoolArray, s: FloatArray, y: FloatArray, first: FloatArray
) -> tuple[FloatArray, BoolArray]:
    """The BFGS update of inverse Hessians, where the curvature is positive."""
    sy = np.vecdot(s, y)
    curved = sy > 1e-12 * np.sqrt(np.vecdot(s, s) * np.vecdot(y, y))
    if not curved.any():
        return H, fresh
    s, y, sy = s[curved], y[curved], sy[curved]
    scaled = H[curved]
    new = fresh[curved]
    # the first matrix gets the size of the curvature that was found (Nocedal & Wright 6.20)
    size = sy[new] / np.einsum("mi,ij,mj->m", y[new], first, y[new])
    scaled[new] = first * size[:, None, None]
    Hy = (scaled @ y[:, :, None])[:, :, 0]
    factor = (1.0 + np.vecdot(y, Hy) / sy) / sy
    cross = Hy[:, :, None] * s[:, None, :] / sy[:, None, None]
    H, fresh = H.copy(), fresh.copy()
    H[curved] = (
        scaled + factor[:, None, None] * s[:, :, None] * s[:, None, :] - cross - cross.transpose(0, 2, 1)
    )
    fresh[curved] = False
    return H, fresh
