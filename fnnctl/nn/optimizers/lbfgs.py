"""Limited-memory BFGS on all rows, for a whole stack: one line search per member, one evaluation for all.

The two-loop recursion (Nocedal & Wright, 2006, algorithm 7.4) walks over a member's pairs vector by vector.
Here it is written as matrix products (Byrd, Nocedal & Schnabel, 1994, theorem 2.2), which give the same
direction in a third of the time or less: NumPy calls BLAS twice per member instead of 4m times.

    d = −γg + γYa − Sc,  a = R⁻¹Sᵀg,  c = R⁻ᵀ(Da − γ(Yᵀg − YᵀYa))

R is the part of SᵀY in which the change is not older than the step, and D its diagonal. A new pair adds a
column to R⁻¹; removing the oldest pair removes its row and column. So R⁻¹ itself is stored, and no system is
solved. These products do not depend on the order of the pairs, so a new pair takes the slot of the oldest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import Any, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from fnnctl.arrays import BoolArray, FloatArray, IntArray
from fnnctl.nn.optimizers.line_search import LineSearch, strong_wolfe

Evaluate: TypeAlias = Callable[[FloatArray], tuple[FloatArray, FloatArray]]
Arrays: TypeAlias = Mapping[str, npt.NDArray[Any]]

MEMORY = 10
HYPERPARAMETER_NAMES = ("gradient_tolerance", "decrease_tolerance", "max_evaluations")
STATE_NAMES = (
    "point", "value", "gradient", "pairs", "inverse", "products", "curvature", "scale", "taken", "status",
)  # fmt: skip
# The error of a value, a sum over many rows, in units in the last place.
_NOISE = 8.0
# A smaller decrease, in the same units, counts as none.
_MIN_DECREASE = 64.0


class LbfgsStatus(IntEnum):
    """How a member's last iteration ended."""

    GOING = 0
    SMALL_GRADIENT = 1
    SMALL_DECREASE = 2
    STALLED = 3
    DIVERGED = 4


class Lbfgs:
    """L-BFGS for K members of P parameters each, with a memory of m pairs.

    `state` is all that must be saved to continue. The first axis of its arrays is the member:

    - point, gradient (K, P), in the working type, and value (K,), float64;
    - pairs (K, 2, m, P): the steps S and the changes Y of the gradient, 0 if there is none yet;
    - inverse and products (K, m, m), R⁻¹ and YᵀY, curvature (K, m), sᵀy, and scale (K,), γ: float64;
    - taken (K,): how many pairs were taken since the memory was empty; status (K,): a `LbfgsStatus`.

    A member's bits do not depend on the other members, because no product spans two members.
    """

    def __init__(self, hyperparameters: Arrays, state: Arrays) -> None:
        """Continue from a copy of a state; the hyperparameters are (K,) each.

        A member has converged if no component of its gradient is larger than `gradient_tolerance`, or if an
        iteration changed its value by at most `decrease_tolerance` times the value, or times 1 if that is
        more; 0 switches this off. A member that still remembers pairs first forgets them and tries steepest
        descent, because at the kinks of relu its estimate of the curvature is wrong and searches stall. A
        line search makes at most `max_evaluations`.
        """
        self.hyperparameters = {name: np.array(hyperparameters[name]) for name in HYPERPARAMETER_NAMES}
        self._point, self._value, self._gradient, self._pairs, *rest = (
            np.array(state[name], order="C") for name in STATE_NAMES
        )
        self._inverse, self._products, self._curvature, self._scale, self._taken, self._status = rest
        self._direction, self._trial, self._fresh = (np.empty_like(self._point) for _ in range(3))
        members, _, memory, size = self._pairs.shape
        self._flat = self._pairs.reshape(members, 2 * memory, size)
        self._weights = np.empty((members, 2 * memory, 1), self._point.dtype)
        self._epsilon = float(np.finfo(self._point.dtype).eps)

    @classmethod
    def start(
        cls, hyperparameters: Arrays, point: FloatArray, evaluate: Evaluate, memory: int = MEMORY
    ) -> Self:
        """Start at a (K, P) array of points, which is evaluated once."""
        members, size = point.shape
        value, gradient = evaluate(point)
        state = {
            "point": point,
            "value": np.asarray(value, np.float64),
            "gradient": gradient,
            "pairs": np.zeros((members, 2, memory, size), point.dtype),
            "inverse": np.zeros((members, memory, memory)),
            "products": np.zeros((members, memory, memory)),
            "curvature": np.zeros((members, memory)),
            "scale": np.ones(members),
            "taken": np.zeros(members, np.int64),
            "status": np.zeros(members, np.int8),
        }
        begun = cls(hyperparameters, state)
        begun._forget(np.arange(members))
        largest = np.abs(begun._gradient).max(axis=1)
        begun._status[largest <= begun.hyperparameters["gradient_tolerance"]] = LbfgsStatus.SMALL_GRADIENT
        begun._status[~np.isfinite(begun._value) | ~np.isfinite(largest)] = LbfgsStatus.DIVERGED
        return begun

    @property
    def state(self) -> dict[str, npt.NDArray[Any]]:
        """The arrays themselves; the next iteration overwrites them."""
        return {name: getattr(self, f"_{name}") for name in STATE_NAMES}

    @property
    def status(self) -> IntArray:
        """One `LbfgsStatus` per member."""
        return self._status

    def iterate(self, evaluate: Evaluate) -> None:
        """Make one iteration of every member that has not ended.

        `evaluate` takes (K, P) points and returns their (K,) values and (K, P) gradients. For a member whose
        search has ended, the row is the point where it ended; for a member that has ended altogether, its
        current point. The results for them are ignored. If a search finds no lower value, the member does not
        move and forgets its pairs; if it has none, it has stalled. If `evaluate` raises an error, no member
        has moved, and the iteration can be repeated.
        """
        going = self._status == LbfgsStatus.GOING
        if not going.any():
            return
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            slope = self._aim(going)
            moved, value = self._search(evaluate, going, slope)
            self._move(going, moved, value)

    def _aim(self, going: BoolArray) -> FloatArray:
        """Set the directions, and return the slopes along them."""
        memory, dtype = self._curvature.shape[1], self._point.dtype
        projected = np.matmul(self._flat, self._gradient[:, :, None]).astype(np.float64, copy=False)
        along_steps, along_changes = projected[:, :memory], projected[:, memory:]
        scale = self._scale[:, None, None]
        # d is a sum over the pairs, with the factors −c for steps and γa for changes, and −γg.
        a = self._inverse @ along_steps
        c = self._curvature[:, :, None] * a - scale * (along_changes - self._products @ a)
        self._weights[:, :memory] = -(self._inverse.transpose(0, 2, 1) @ c)
        self._weights[:, memory:] = scale * a
        np.matmul(self._weights.transpose(0, 2, 1), self._flat, out=self._direction[:, None, :])
        np.multiply(self._gradient, scale[:, 0].astype(dtype), out=self._trial)
        self._direction -= self._trial
        slope: FloatArray = np.vecdot(self._direction, self._gradient)
        lost = np.flatnonzero(going & ~((slope < 0.0) & np.isfinite(slope)))
        if lost.size:  # no descent direction: forget the pairs and use steepest descent
            self._forget(lost)
            self._direction[lost] = self._gradient[lost] * -self._scale[lost, None].astype(dtype)
            slope[lost] = np.vecdot(self._direction[lost], self._gradient[lost])
        if not going.all():
            self._direction[~going] = 0.0
        return slope

    def _search(
        self, evaluate: Evaluate, going: BoolArray, slope: FloatArray
    ) -> tuple[BoolArray, FloatArray]:
        """Search along the directions; return which members moved (to `_trial`) and the values there."""
        members = len(going)
        steps, value = np.zeros(members), self._value.copy()
        searches: dict[int, LineSearch] = {}
        rounding = (_NOISE * self._epsilon * np.abs(self._value)).tolist()
        limits = self.hyperparameters["max_evaluations"].tolist()
        starts = list(zip(self._value.tolist(), slope.tolist(), strict=True))
        for k in np.flatnonzero(going).tolist():
            search = strong_wolfe(*starts[k], 1.0, max_evaluations=int(limits[k]), rounding=rounding[k])
            if (step := next(search, None)) is not None:
                searches[k], steps[k] = search, step
        while searches:
            np.multiply(self._direction, steps.astype(self._trial.dtype)[:, None], out=self._trial)
            self._trial += self._point
            values, gradients = evaluate(self._trial)
            answers = list(zip(values.tolist(), np.vecdot(self._direction, gradients).tolist(), strict=True))
            ended = []
            for k, search in list(searches.items()):
                try:
                    steps[k] = search.send(answers[k])
                except StopIteration as end:
                    del searches[k]
                    steps[k] = end.value.step
                    if steps[k]:
                        ended.append(k)
            rows = slice(None) if len(ended) == members else ended
            value[rows], self._fresh[rows] = values[rows], gradients[rows]
        return steps > 0.0, value

    def _move(self, going: BoolArray, moved: BoolArray, value: FloatArray) -> None:
        """Move to the points found, store the new pairs, and set how the iteration ended."""
        if not moved.all():
            self._trial[~moved], self._fresh[~moved] = self._point[~moved], self._gradient[~moved]
        # The arrays of the old point and gradient are reused: for the differences, then as scratch.
        step = np.subtract(self._trial, self._point, out=self._point)
        change = np.subtract(self._fresh, self._gradient, out=self._gradient)
        self._point, self._trial = self._trial, step
        self._gradient, self._fresh = self._fresh, change
        before, self._value = self._value, value
        self._learn(moved, step, change)

        largest = np.abs(self._gradient).max(axis=1)
        size = np.maximum(np.maximum(np.abs(before), np.abs(value)), 1.0)
        tolerance = self.hyperparameters["decrease_tolerance"]
        tolerance = np.where(tolerance > 0.0, np.maximum(tolerance, _MIN_DECREASE * self._epsilon), 0.0)
        small = (tolerance > 0.0) & (np.abs(before - value) <= tolerance * size)
        stuck = going & (small | ~moved)
        without_memory = self._taken <= moved  # apart from this step's pair
        self._status[stuck & without_memory] = np.where(
            moved, LbfgsStatus.SMALL_DECREASE, LbfgsStatus.STALLED
        )[stuck & without_memory]
        self._status[moved & (largest <= self.hyperparameters["gradient_tolerance"])] = (
            LbfgsStatus.SMALL_GRADIENT
        )
        if stuck.any():
            self._forget(np.flatnonzero(stuck & ~without_memory))

    def _learn(self, moved: BoolArray, step: FloatArray, change: FloatArray) -> None:
        """Store the pair of each member that moved, unless its curvature is lost in rounding."""
        memory = self._curvature.shape[1]
        curvature, step_square, square = (
            np.vecdot(one, other).astype(np.float64, copy=False)
            for one, other in ((step, change), (step, step), (change, change))
        )
        taking = moved & (curvature > self._epsilon * np.sqrt(step_square) * np.sqrt(square))
        rows, slot = _index(taking, self._taken % memory)
        projected = np.matmul(self._flat, change[:, :, None])[rows].astype(np.float64, copy=False)
        along_changes = projected[:, memory:, 0]
        curvature, square = curvature[rows], square[rows]
        self._inverse[rows, slot] = 0.0  # remove the oldest pair, whose slot this is
        self._inverse[rows, :, slot] = 0.0
        column = np.matmul(self._inverse[rows], projected[:, :memory])[:, :, 0]
        # The inverse of [[R, Sᵀy], [0, sᵀy]] is [[R⁻¹, −R⁻¹Sᵀy/sᵀy], [0, 1/sᵀy]].
        self._inverse[rows, :, slot] = column / -curvature[:, None]
        self._inverse[rows, slot, slot] = 1.0 / curvature
        self._products[rows, slot] = along_changes
        self._products[rows, :, slot] = along_changes
        self._products[rows, slot, slot] = square
        self._curvature[rows, slot] = curvature
        self._pairs[rows, 0, slot] = step[rows]
        self._pairs[rows, 1, slot] = change[rows]
        self._scale[rows] = curvature / square  # Nocedal & Wright (7.20)
        self._taken += taking
        if not self._taken.all():
            self._rescale(np.flatnonzero(moved & (self._taken == 0)))

    def _forget(self, rows: IntArray) -> None:
        """Empty the memory of these members."""
        for array in (self._pairs, self._inverse, self._products, self._curvature, self._taken):
            array[rows] = 0
        self._rescale(rows)

    def _rescale(self, rows: IntArray) -> None:
        """Without pairs the curvature is unknown, so the step is −g, but not longer than 1."""
        gradient = self._gradient[rows].astype(np.float64)
        self._scale[rows] = 1.0 / np.maximum(np.sqrt(np.vecdot(gradient, gradient)), 1.0)


def _index(chosen: BoolArray, slots: IntArray) -> tuple[slice | IntArray, int | IntArray]:
    """The chosen members and their slots; slices, which are much faster, if all are chosen and agree."""
    first = int(slots[0])
    if chosen.all() and (slots == first).all():
        return slice(None), first
    rows = np.flatnonzero(chosen)
    return rows, slots[rows]
