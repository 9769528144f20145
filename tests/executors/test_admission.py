from __future__ import annotations

from dataclasses import replace

from fnnctl.executors.admission import Machine


def test_only_what_differs_is_told() -> None:
    here = Machine.here()
    assert Machine.here().differences(here) == ""
    other = replace(here, numpy="1.0", features=("SSE", "AVX"))
    told = other.differences(replace(here, features=("SSE",)))
    assert (
        told == f"NumPy is 1.0, here {here.numpy}; the list of NumPy's instruction sets is SSE AVX, here SSE"
    )
