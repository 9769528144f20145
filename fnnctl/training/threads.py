"""The number of threads of a matrix product. It affects the last bits of every result, so it is recorded.

BLAS may split the sum behind one element between threads, which changes its rounding.
"""

from __future__ import annotations

from fnnctl.nn.parameters import ParameterLayout

WIDE = 100_000
"""With at least this many parameters two threads are faster than one: see tests/benchmarks/threads.py."""


def default_threads(layout: ParameterLayout) -> int:
    """The threads for a network of this size. The machine plays no part, so that bits do not depend on it."""
    return 1 if layout.size < WIDE else 2
