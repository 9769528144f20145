from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from fnnctl.config.installed_plugins import FAULTS
from fnnctl.executors.admission import Admission, Machine
from fnnctl.plugins import scope
from tests.plugin_packages import write_example


def test_only_what_differs_is_told() -> None:
    machine = Machine.this_machine()
    assert Machine.this_machine().differences(machine) == ""
    other = replace(machine, numpy="1.0", features=("SSE", "AVX"))
    told = other.differences(replace(machine, features=("SSE",)))
    assert (
        told
        == f"NumPy is 1.0, here {machine.numpy}; the list of NumPy's instruction sets is SSE AVX, here SSE"
    )


def test_a_worker_with_another_version_of_a_plugin_gets_no_work(
    tmp_path: Path, installed: Callable[[Path | None], None]
) -> None:
    """Each worker answers with the packages of its own folder."""
    versions = {"same": "1.0", "other": "1.1"}
    sites = {name: write_example(tmp_path / name, version) for name, version in versions.items()}
    installed(sites["same"])

    def call(function: Callable[..., Any], *args: Any, workers: Sequence[str]) -> Mapping[str, Any]:
        answers = {}
        for worker in workers:
            installed(sites[worker])
            answers[worker] = function(*args)
        return answers

    told: list[str] = []
    with scope() as plugins, plugins.opened():
        plugins.find("loss", "cauchy", FAULTS["loss"])
        admission = Admission(lambda message: told.append(str(message)), lambda event: None)
    assert admission.admit(call, ["same", "other"]) == ["same"]
    admission.pass_on()
    reason = "the loss 'cauchy' is that of fnnctl-extras 1.1, not of fnnctl-extras 1.0"
    assert f"worker other gets no work: {reason}" in told
