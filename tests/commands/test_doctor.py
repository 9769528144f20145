"""`fnnctl doctor`; tests/doctor has the facts and problems themselves."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fnnctl.commands import doctor as command
from fnnctl.doctor.facts import Training
from fnnctl.doctor.problems import MachineProblem
from fnnctl.store.provenance import blas_core
from tests.program import Program

PROBLEM = MachineProblem("full_disk", "1.0 MB are free", "delete something")
KEYS = {
    "fnnctl", "python", "numpy", "blas", "processors", "memory", "extras", "train_seconds", "problems",
}  # fmt: skip
"""What scripts rely on."""
FORCED = """\
import sys
from fnnctl.cli import run
from fnnctl.commands import doctor
from fnnctl.doctor import packages
packages.EXTRAS, packages.REQUIRED = {}, packages.REQUIRED[:1]  # imports take seconds
doctor.SETTINGS["training"] = {"epochs": 1}
sys.exit(run(["doctor", "--json"]))
"""
RUN = "import sys; from fnnctl.cli import run; sys.exit(run(['doctor', *{}]))"


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without problems, and no packages, whose imports take seconds."""
    monkeypatch.setattr(command, "problems_of", lambda facts: ())
    monkeypatch.setattr("fnnctl.doctor.facts.required_and_extras", lambda: ((), ()))


@pytest.mark.usefixtures("here")
def test_it_trains_a_network_and_leaves_nothing(program: Program, tmp_path: Path) -> None:
    done = program("doctor", "--json")
    assert (done.code, done.err) == (0, "")
    assert done.json.keys() >= KEYS
    assert done.json["blas"].keys() >= {"name", "threads", "kernel"}
    assert done.json["train_seconds"] > 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("here")
def test_a_problem_is_shown_last_and_ends_with_1(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "_training", lambda: Training(0.5))
    assert "no problems found" in program("doctor").out
    monkeypatch.setattr(command, "problems_of", lambda facts: (PROBLEM,))
    done = program("doctor")
    assert done.code == 1
    assert done.out.endswith("Problems\n  - 1.0 MB are free: delete something\n")
    assert max(map(len, done.out.splitlines())) <= 80
    done = program("doctor", "--json")
    assert done.code == 1
    assert done.json["problems"] == [PROBLEM.to_dict()]


@pytest.mark.usefixtures("here")
def test_the_folder_of_runs_is_the_users(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: list[Path] = []
    monkeypatch.setattr("fnnctl.doctor.facts.disk_of", looked_at.append)
    monkeypatch.setattr(command, "_training", lambda: Training(0.5))
    assert program("doctor", "--runs-dir", "elsewhere").code == 0
    assert looked_at == [Path("elsewhere")]


def test_a_training_that_fails_is_a_problem(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> Any:
        raise MemoryError("no room")

    monkeypatch.setattr("fnnctl.doctor.facts.required_and_extras", lambda: ((), ()))
    monkeypatch.setattr("fnnctl.commands.train.train", fail)
    done = program("doctor", "--json")
    assert done.code == 1
    assert done.json["train_seconds"] is None
    assert done.json["problems"][0]["what"] == "no network can be trained (MemoryError: no room)"


@pytest.mark.skipif(platform.machine() not in {"x86_64", "AMD64"}, reason="kernels are those of x86")
@pytest.mark.skipif(blas_core() is None, reason="NumPy's BLAS is not OpenBLAS")
def test_a_forced_kernel_is_a_problem(tmp_path: Path) -> None:
    environment = {**os.environ, "OPENBLAS_CORETYPE": "Prescott"}
    done = subprocess.run(
        [sys.executable, "-c", FORCED],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    facts = json.loads(done.stdout)
    forced = [problem for problem in facts["problems"] if problem["kind"] == "forced_kernel"]
    assert [problem["advice"].startswith("unset OPENBLAS_CORETYPE") for problem in forced] == [True]
    assert facts["train_seconds"] > 0


@pytest.mark.parametrize(
    ("code", "failure", "options"),
    [
        ("raise ImportError('libopenblas.so: no such file')", "libopenblas.so: no such file", []),
        ("raise SystemExit(0)", "SystemExit: 0", ["--json"]),
        pytest.param(
            "import os, signal; os.kill(os.getpid(), signal.SIGILL)",  # a wheel for newer processors
            "the import ended with SIGILL",
            ["--json"],
            marks=pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal"),
        ),
    ],
)
def test_a_broken_numpy_is_a_problem(tmp_path: Path, code: str, failure: str, options: list[str]) -> None:
    (tmp_path / "numpy").mkdir()
    (tmp_path / "numpy" / "__init__.py").write_text(code)
    paths = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    required = "packages.EXTRAS, packages.REQUIRED = {}, packages.REQUIRED[::5]"  # Matplotlib needs NumPy
    script = f"from fnnctl.doctor import packages; {required}; {RUN.format(options)}"
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, "")
    shown = " ".join(done.stdout.split())
    assert failure in shown
    assert shown.count("cannot be imported") == 1
