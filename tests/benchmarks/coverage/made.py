"""Simulated tables of which as many rows as wanted can be drawn."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from fnnctl.arrays import FloatArray

SIZES: Final = (60, 100, 200, 500)
COLUMNS: Final = 6
FRESH_ROWS: Final = 2_000
SEED: Final = 45

Columns = Mapping[str, Any]
Draw = Callable[[FloatArray, FloatArray, np.random.Generator], Any]
"""The targets of n rows, from the columns (n, 6), a function of four of them, (n,), and random numbers."""


def _signal(x: FloatArray) -> FloatArray:
    """A function with an interaction, a slope and a square, after Friedman's first (1991)."""
    signal: FloatArray = 3 * np.sin(np.pi * x[:, 0] * x[:, 1]) + x[:, 2] + 0.5 * x[:, 3] ** 2
    return signal


def _two_classes(logits: FloatArray, rng: np.random.Generator) -> Any:
    return np.where(rng.random(len(logits)) < 1 / (1 + np.exp(-logits)), "yes", "no")


def _several_classes(x: FloatArray, signal: FloatArray, rng: np.random.Generator) -> Any:
    """Classes of about 40, 25, 14, 15, 4 and 2 percent of the rows."""
    effects = [signal, x[:, 0] - x[:, 5], 2 * x[:, 4], -signal, x[:, 1] + x[:, 2], 2 * x[:, 3]]
    logits = np.stack(effects, axis=1) + np.array([0.5, 0.7, -0.5, -1.0, -1.5, -3.0])
    return np.array(list("abcdef"))[(logits + rng.gumbel(size=logits.shape)).argmax(axis=1)]


def _three_classes(x: FloatArray, signal: FloatArray, rng: np.random.Generator) -> Any:
    logits = np.stack([signal, 2 * x[:, 0], x[:, 4] - x[:, 5]], axis=1)
    return np.array(["a", "b", "c"])[(logits + rng.gumbel(size=logits.shape)).argmax(axis=1)]


KINDS: Final[Mapping[str, Draw]] = {
    "smooth": lambda x, signal, rng: signal + rng.normal(size=len(x)),
    "linear": lambda x, signal, rng: x[:, 0] + x[:, 1] / 2 - x[:, 2] + rng.normal(size=len(x)),
    "heteroscedastic": lambda x, signal, rng: (
        signal + rng.normal(size=len(x)) * (0.3 + 1.5 * np.abs(x[:, 4]))
    ),
    "heavy tails": lambda x, signal, rng: signal + rng.standard_t(2.5, size=len(x)),
    "skewed": lambda x, signal, rng: np.exp(0.2 * signal + 0.5 * rng.normal(size=len(x))),
    "two classes": lambda x, signal, rng: _two_classes(signal - 0.8, rng),
    "rare class": lambda x, signal, rng: _two_classes(signal - 3.2, rng),
    "three classes": _three_classes,
    "rare classes": _several_classes,
}
CLASSES: Final = ("two classes", "rare class", "three classes", "rare classes")
"""The kinds whose targets are classes."""
DIVISIBLE: Final = tuple(kind for kind in KINDS if kind != "rare classes")
"""The kinds without a class of a single row, which cannot be divided."""


@dataclass(frozen=True, slots=True)
class MadeTable:
    """A table to train on, and fresh rows of the same distribution."""

    name: str
    kind: str
    columns: Columns
    """With the target in the column y."""
    fresh: Columns
    targets: Any
    """Of the fresh rows; some classes may be in no other row."""

    @property
    def rows(self) -> int:
        """How many there are to train on."""
        return len(self.columns["y"])

    @property
    def is_classification(self) -> bool:
        """Whether the target is a class."""
        return self.kind in CLASSES


def made_tables(count: int, kinds: Collection[str], sizes: Collection[int] = SIZES) -> Iterator[MadeTable]:
    """As many tables of each of these kinds and sizes, in turns.

    A table depends on its kind, its size and its number among these.
    """
    cells = [(kind, size) for size in sizes for kind in kinds]
    for number in range(count):
        kind, size = cells[number % len(cells)]
        yield _made(kind, size, number // len(cells))


def _made(kind: str, size: int, number: int) -> MadeTable:
    rng = np.random.default_rng([SEED, list(KINDS).index(kind), size, number])
    x, targets = _drawn(kind, size, rng)
    fresh, fresh_targets = _drawn(kind, FRESH_ROWS, rng)
    name = f"{kind}, {size} rows, {number}"
    return MadeTable(name, kind, {**_named(x), "y": targets}, _named(fresh), fresh_targets)


def _drawn(kind: str, rows: int, rng: np.random.Generator) -> tuple[FloatArray, Any]:
    x = rng.normal(size=(rows, COLUMNS))
    return x, KINDS[kind](x, _signal(x), rng)


def _named(x: FloatArray) -> dict[str, FloatArray]:
    return {f"x{number}": x[:, number] for number in range(COLUMNS)}
