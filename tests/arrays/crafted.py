"""Crafted NPY headers: for each, the reader must raise its own error and nothing else."""

from __future__ import annotations

import io

import numpy as np


def with_header(text: str, version: tuple[int, int] = (1, 0)) -> bytes:
    """An NPY file whose header is this text."""
    length = len(text).to_bytes(2 if version == (1, 0) else 4, "little")
    return np.lib.format.magic(*version) + length + text.encode("latin-1")


def with_shape(shape: str, descr: str = "'<f8'") -> bytes:
    return with_header(f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}}}")


def header_of(shape: tuple[int, ...], descr: str = "<f8") -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": descr, "fortran_order": False, "shape": shape})
    return buffer.getvalue()


NO_HEADER, NO_SHAPE = (
    "is not an array in NumPy's format, or its header is damaged",
    "a shape that no array can have",
)
CRAFTED: dict[str, tuple[bytes, str]] = {
    "no end of a bracket (TokenError)": (with_header("{'descr': ("), NO_HEADER),
    "a text without an end": (with_header("{'descr': '''"), NO_HEADER),
    "wrong indentation": (with_header("  {\n}\n 1"), NO_HEADER),
    "too many brackets (MemoryError)": (with_header("(" * 9000), NO_HEADER),
    "too many signs (RecursionError)": (with_header("-" * 9000 + "1"), NO_HEADER),
    "too long": (with_header(" " * 20000 + "{}"), NO_HEADER),
    "longer than the file": (np.lib.format.magic(2, 0) + b"\xff\xff\xff\xff{}", NO_HEADER),
    "a number of too many digits": (with_shape("(" + "9" * 5000 + ",)"), NO_HEADER),
    "no type": (with_shape("(3,)", "()"), NO_HEADER),
    "a type of too many elements": (with_shape("(3,)", f"('<f8', {10**30})"), NO_HEADER),
    "a type of nonsense": (with_shape("(3,)", "[('a', [[[]]])]"), NO_HEADER),
    "a name of nonsense": (with_shape("(3,)", "[(('a', 'b', 'c'), '<f8')]"), NO_HEADER),
    "a key twice as a list": (with_header("{[]: 1}"), NO_HEADER),
    "a shape that is no tuple": (with_shape("3"), NO_HEADER),
    "a negative number": (with_shape("(-3,)"), NO_SHAPE),
    "two negative numbers": (with_shape("(-3, -2)"), NO_SHAPE),
    "more than any number": (header_of((10**30, 10**30)), NO_SHAPE),
    "a number of hexadecimal digits": (with_shape(f"(0x{'f' * 4000}, 0x{'f' * 4000})"), NO_SHAPE),
    "no elements, of too many": (with_shape(f"(0, {2**40}, {2**40})"), NO_SHAPE),
    "too many dimensions": (with_shape("(" + "1, " * 33 + ")"), NO_SHAPE),
    "elements of no size": (with_shape(f"({10**15},)", "'<U0'"), NO_SHAPE),
}
