from __future__ import annotations

from dataclasses import replace

from fnnctl.executors.admission import Machine


def test_only_what_differs_is_told() -> None:
    machine = Machine.this_machine()
    assert Machine.this_machine().differences(machine) == ""
    other = replace(machine, numpy="1.0", features=("SSE", "AVX"))
    told = other.differences(replace(machine, features=("SSE",)))
    assert (
        told
        == f"NumPy is 1.0, here {machine.numpy}; the list of NumPy's instruction sets is SSE AVX, here SSE"
    )
