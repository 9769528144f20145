"""BFGS between bounds, from several starts together.

What it minimizes has few variables: the parameters of a Gaussian process, or the coordinates of a
configuration. So the inverse Hessian is a matrix, and the starts share NumPy's overhead, which would be most
of the time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

import numpy as np

from fnnctl.arrays import BoolArray, FloatArray, IntArray

Function: TypeAlias = Callable[[FloatArray], tuple[FloatArray, FloatArray]]
"""Takes (m, d) points; returns their (m,) values, which may be infinite, and (m, d) gradients."""
Bounds: TypeAlias = tuple[FloatArray, FloatArray]

DECREASE: Final = 1e-4
"""The least decrease of a step, as a share of what the slope promises."""
SHRINK: Final = (0.1, 0.5)
"""After a step that is too long, the next one as a share of it: at least and at most."""
MAX_SHRINKS: Final = 12
MIN_CURVATURE: Final = 1e-12
"""The least cosine of the angle between a step and the change of the gradient."""


def minimize(
    function: Function,
    starts: FloatArray,
    bounds: Bounds,
    *,
    scale: FloatArray,
    evaluations: int,
    tolerance: float,
) -> tuple[FloatArray, FloatArray]:
    """Minimize from each of (m, d) starts; returns the points where this ends and their values.

    `scale` is the typical change of each variable; no component of a first step is longer. A search ends
    after this number of `evaluations`, when no component of the gradient times `scale` is above `tolerance`,
    or when no step decreases the value. Where the value at the start is not finite, it ends there.
    """
    descents = _Descents(function, starts, bounds, scale)
    for _ in range(evaluations - 1):
        descents.check(tolerance)
        if not descents.going.any():
            break
        descents.advance()
    return descents.x, descents.f


class _Descents:
    """The searches from all starts; their first axis is the start."""

    def __init__(self, function: Function, starts: FloatArray, bounds: Bounds, scale: FloatArray) -> None:
        self._function, self._bounds, self._scale = function, bounds, scale
        self.x = np.clip(starts, *bounds)
        self.f, self._g = function(self.x)
        self.going: BoolArray = np.isfinite(self.f)
        count, size = self.x.shape
        self._first = np.diag(np.square(scale))
        self._H = np.tile(self._first, (count, 1, 1))
        self._fresh = np.ones(count, bool)
        """Whether the inverse Hessian is still the first one."""
        self._aimed = np.zeros(count, bool)
        self._direction = np.zeros((count, size))
        self._step, self._shrinks = np.ones(count), np.zeros(count, int)

    def check(self, tolerance: float) -> None:
        """End the searches with small gradients."""
        free = self._free(np.arange(len(self.x)))
        largest = np.abs(np.where(free, self._g, 0.0) * self._scale).max(axis=1, initial=0.0)
        self.going = self.going & (largest > tolerance)

    def advance(self) -> None:
        """Evaluate one step of every search; a step that is too long is repeated, shorter, the next time."""
        self._aim(np.flatnonzero(self.going & ~self._aimed))
        rows = np.flatnonzero(self.going)
        tried = np.clip(self.x[rows] + self._step[rows, None] * self._direction[rows], *self._bounds)
        moved = tried - self.x[rows]
        value, gradient = self._function(tried)
        promised = np.vecdot(moved, self._g[rows])
        good = np.isfinite(value) & (value <= self.f[rows] + DECREASE * promised) & (promised < 0.0)
        accepted, refused = rows[good], rows[~good]
        self._learn(accepted, moved[good], gradient[good] - self._g[accepted])
        self.x[accepted], self.f[accepted], self._g[accepted] = tried[good], value[good], gradient[good]
        self._aimed[accepted] = False
        self._shrink(refused, promised[~good], value[~good] - self.f[refused])

    def _free(self, rows: IntArray) -> BoolArray:
        """The variables that are not held by a bound."""
        (low, high), x, g = self._bounds, self.x[rows], self._g[rows]
        return ~(((x <= low) & (g > 0.0)) | ((x >= high) & (g < 0.0)))

    def _aim(self, rows: IntArray) -> None:
        """Set new directions; steepest descent where the matrix gives no descent."""
        self._direction[rows] = self._downhill(rows)
        lost = rows[~(np.vecdot(self._direction[rows], self._g[rows]) < 0.0)]
        self._forget(lost)
        self._direction[lost] = self._downhill(lost)
        first = rows[self._fresh[rows]]
        lengths = np.abs(self._direction[first] / self._scale).max(axis=1, initial=0.0)
        self._direction[first] /= np.maximum(lengths, 1.0)[:, None]
        self._step[rows], self._shrinks[rows], self._aimed[rows] = 1.0, 0, True

    def _downhill(self, rows: IntArray) -> FloatArray:
        free = self._free(rows)
        slope = np.where(free, self._g[rows], 0.0)
        return np.where(free, -(self._H[rows] @ slope[:, :, None])[:, :, 0], 0.0)

    def _forget(self, rows: IntArray) -> None:
        self._H[rows], self._fresh[rows] = self._first, True

    def _shrink(self, rows: IntArray, promised: FloatArray, change: FloatArray) -> None:
        """Go to the minimum of the parabola through both ends of the step with the slope at its start."""
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            share = -promised / (2.0 * (change - promised))
        self._step[rows] *= np.clip(np.where(np.isfinite(share), share, SHRINK[0]), *SHRINK)
        self._shrinks[rows] += 1
        stuck = rows[self._shrinks[rows] >= MAX_SHRINKS]
        self.going[stuck[self._fresh[stuck]]] = False
        self._forget(stuck)
        self._aimed[stuck] = False

    def _learn(self, rows: IntArray, s: FloatArray, y: FloatArray) -> None:
        """Update the inverse Hessians where the curvature is positive (Nocedal & Wright 2006, 6.17)."""
        curvature = np.vecdot(s, y)
        some = curvature > MIN_CURVATURE * np.sqrt(np.vecdot(s, s) * np.vecdot(y, y))
        rows, s, y, curvature = rows[some], s[some], y[some], curvature[some]
        first = self._fresh[rows]
        # the first matrix gets the size of the curvature (6.20)
        size = curvature[first] / np.einsum("mi,ij,mj->m", y[first], self._first, y[first])
        self._H[rows[first]] *= size[:, None, None]
        H = self._H[rows]
        Hy = (H @ y[:, :, None])[:, :, 0]
        s_share = s / curvature[:, None]
        cross = Hy[:, :, None] * s_share[:, None, :]
        along = (1.0 + np.vecdot(y, Hy) / curvature)[:, None, None] * s[:, :, None] * s_share[:, None, :]
        self._H[rows] = H + along - cross - cross.transpose(0, 2, 1)
        self._fresh[rows] = False
