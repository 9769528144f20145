"""The matrix products of a step and nothing else: what the arithmetic of a network costs at the least."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from fnnctl.arrays import FloatArray
from tests.benchmarks.engine.work import Work
from tests.benchmarks.measuring import CLOCK

Product = tuple[np.ufunc, FloatArray, FloatArray, FloatArray]
"""What multiplies, two factors, and where their product goes."""


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
    batches = [stop - start for start, stop in work.bounds]
    steps = {
        (size, batch): step_products(work, size, batch, last=last)
        for size in set(stacks)
        for batch in set(batches)
    }

    def measure() -> float:
        seconds = 0.0
        for size in stacks:
            products = [product for batch in batches for product in steps[size, batch]]
            begun = CLOCK.seconds()
            for _ in range(work.epochs):
                for product, a, b, out in products:
                    product(a, b, out=out)
            seconds += CLOCK.seconds() - begun
        return seconds

    return measure


def _layers(work: Work) -> Iterator[tuple[int, int]]:
    """Outputs and inputs of each layer."""
    widths = work.shape.widths
    return zip(widths[1:], widths[:-1], strict=True)


def step_products(work: Work, members: int, batch: int, *, last: bool) -> list[Product]:
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
        dW, z, below = array(*W.shape[1:]), array(*delta.shape[1:]), array(inputs, batch)
        if last:
            products += [_product(W, a, z), _product(delta, a.transpose(0, 2, 1), dW)]
            if index:
                products.append(_product(W[..., :-1].transpose(0, 2, 1), delta, below))
        else:
            products += [_product(a, W, z), _product(a.transpose(0, 2, 1), delta, dW)]
            if index:
                below = below.reshape(members, batch, inputs)
                products.append(_product(delta, W[:, :-1].transpose(0, 2, 1), below))
    return products


def _product(a: FloatArray, b: FloatArray, out: FloatArray) -> Product:
    """A column times a row has no sums: BLAS takes four times as long for it as the elementwise product."""
    return np.matmul if a.shape[-1] > 1 else np.multiply, a, b, out
