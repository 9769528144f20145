"""The number of threads of a matrix product. It affects the last bits of every result, so it is recorded.

BLAS may split the sum behind one element between threads, which changes its rounding.
"""

from __future__ import annotations

from fnnctl.messages import Message
from fnnctl.nn.parameters import ParameterLayout

WIDE = 100_000
"""With at least this many parameters two threads are faster than one: see tests/benchmarks/engine/wide.py."""


def default_threads(layout: ParameterLayout, networks: int = 1) -> int:
    """The threads for networks of this size. The machine plays no part, so that bits do not depend on it.

    Several networks train as a stack, whose products are many small ones: one thread is faster.
    """
    return 1 if networks > 1 or layout.size < WIDE else 2


def threads_warning(threads: int, layout: ParameterLayout, networks: int) -> list[Message]:
    """A warning if this number of threads is usually slower than one."""
    if threads == 1 or default_threads(layout, networks) > 1:
        return []
    products = (
        "an ensemble's matrix products" if networks > 1 else "the matrix products of a network of this size"
    )
    sentence = (
        f"training.threads is {threads}, but {products} are too small to be divided: one thread is usually "
        "faster; remove the setting"
    )
    return [Message("many_threads", sentence)]
