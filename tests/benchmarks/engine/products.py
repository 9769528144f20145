"""The matrix products of a step and nothing else: what the arithmetic of a network costs at the least."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np

from fnnctl.arrays import FloatArray
from tests.benchmarks.engine.work import Work

Product = tuple[FloatArray, FloatArray, FloatArray]
"""Two factors, and where their product goes."""


def flops(work: Work) -> int:
    """Operations of one member's products in an epoch, a multiplication with its addition being two."""
    products = 0
    for index, (outputs, inputs) in enumerate(_layers(work)):
        products += 2 * outputs * (inputs + 1)
        if index:  # no one asks for the error terms of the inputs
            products += outputs * inputs
    return 2 * products * len(work.X)


def examples_last(work: Work, stacks: list[int]) -> Callable[[], float]:
    """Seconds for the products of all epochs, with arrays (K, units, batch)."""
    return _timed(work, stacks, last=True)


def examples_first(work: Work, stacks: list[int]) -> Callable[[], float]:
    """The same with arrays (K, batch, units)."""
    return _timed(work, stacks, last=False)


def _timed(work: Work, stacks: list[int], *, last: bool) -> Callable[[], float]:
    epochs = {
        size: [
            product
            for start, stop in work.bounds
            for product in step_products(work, size, stop - start, last)
        ]
        for size in set(stacks)
    }

    def measure() -> float:
        seconds = 0.0
        for size in stacks:
            products = epochs[size]
            begun = time.perf_counter()
            for _ in range(work.epochs):
                for a, b, out in products:
                    np.matmul(a, b, out=out)
            seconds += time.perf_counter() - begun
        return seconds

    return measure


def _layers(work: Work) -> Iterator[tuple[int, int]]:
    """Outputs and inputs of each layer."""
    widths = work.shape.widths
    return zip(widths[1:], widths[:-1], strict=True)


def step_products(work: Work, members: int, batch: int, last: bool) -> list[Product]:
    """Wa, δaᵀ and Wᵀδ of each layer; all numbers are small, so that none becomes infinite or denormal."""
    rng = np.random.default_rng(0)

    def array(rows: int, columns: int) -> FloatArray:
        return rng.uniform(0.5, 1.0, (members, rows, columns)).astype(np.float32)

    products: list[Product] = []
    for index, (outputs, inputs) in enumerate(_layers(work)):
        W = array(outputs, inputs + 1) if last else array(inputs + 1, outputs)
        a = array(inputs + 1, batch) if last and index else array(batch, inputs + 1)
        if last and not index:
            a = a.transpose(0, 2, 1)  # rows of a data set stand one after the other
        delta = array(outputs, batch) if last else array(batch, outputs)
        if last:
            products += [(W, a, array(outputs, batch)), (delta, a.transpose(0, 2, 1), array(*W.shape[1:]))]
            if index:
                products.append((W[..., :-1].transpose(0, 2, 1), delta, array(inputs, batch)))
        else:
            products += [(a, W, array(batch, outputs)), (a.transpose(0, 2, 1), delta, array(*W.shape[1:]))]
            if index:
                products.append((delta, W[:, :-1].transpose(0, 2, 1), array(batch, inputs)))
    return products
