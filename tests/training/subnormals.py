"""Counts the subnormal numbers that enter and leave the operations of a training, inside its steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar
from unittest import mock

import numpy as np
import numpy.typing as npt

PRODUCTS = ("matmul", "vecdot")


@dataclass
class StepCounts:
    """The numbers that enter the products of a step, and those that enter or leave any operation."""

    products: int = 0
    subnormal_in_products: int = 0
    all: int = 0
    subnormal: int = 0

    def add(self, array: npt.NDArray[Any], *, enters_product: bool) -> None:
        sizes = np.abs(array)
        subnormal = int(np.count_nonzero((sizes > 0.0) & (sizes < np.finfo(array.dtype).tiny)))
        self.all += array.size
        self.subnormal += subnormal
        if enters_product:
            self.products += array.size
            self.subnormal_in_products += subnormal


class Counted(np.ndarray[Any, Any]):
    """An array whose operations, and those of its views and results, are counted."""

    counts: ClassVar[StepCounts | None] = None
    """Where to count; None if not now."""

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        operands = [_plain(value) for value in inputs]
        _count(operands, in_product=ufunc.__name__ in PRODUCTS)
        out = options.get("out")
        if out is None:
            result = getattr(ufunc, method)(*operands, **options)
            _count([result])
            return result.view(Counted) if isinstance(result, np.ndarray) else result
        options["out"] = tuple(_plain(array) for array in out)
        getattr(ufunc, method)(*operands, **options)
        _count(options["out"])
        return out[0]


def _plain(value: Any) -> Any:
    return value.view(np.ndarray) if isinstance(value, Counted) else value


def _count(values: Any, *, in_product: bool = False) -> None:
    if Counted.counts is not None:
        for value in values:
            if isinstance(value, np.ndarray) and value.dtype.kind == "f":
                Counted.counts.add(value, enters_product=in_product)


def _counted(make: Callable[..., Any]) -> Callable[..., Any]:
    def made(*arguments: Any, **options: Any) -> Any:
        array = make(*arguments, **options)
        return array.view(Counted) if array.dtype.kind == "f" else array

    return made


@contextmanager
def allocating_counted() -> Iterator[None]:
    """Arrays that are allocated meanwhile count their operations."""
    names = ("empty", "zeros", "ones", "empty_like", "zeros_like", "ones_like")
    patches = [mock.patch.object(np, name, _counted(getattr(np, name))) for name in names]
    for patch in patches:
        patch.start()
    try:
        yield
    finally:
        for patch in patches:
            patch.stop()
