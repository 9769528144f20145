"""How many threads a matrix product uses: a part of every result, so it is chosen, set and recorded.

The sum behind one number of a product may be split between threads, and then its last bit changes.
"""

from __future__ import annotations

from fnnctl.nn.parameters import ParameterLayout

WIDE = 100_000
"""Parameters from which two threads a product are faster than one: see tests/benchmarks/threads.py."""


def default_threads(layout: ParameterLayout) -> int:
    """The threads for a network of this size, on any machine: a number of processors is no part of it."""
    return 1 if layout.size < WIDE else 2
