"""Signals during Python's imports; the test determines exactly when one is sent."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import DEADLINE

posix = pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="signals cannot wait here")

SENDER = """\
import os, runpy, subprocess, sys
from tests.waiting import DEADLINE
class Sender:
    '''Has another process send a signal to this one when a module is imported.'''
    def find_spec(self, name, path=None, target=None):
        if name == MODULE:
            subprocess.run(["kill", f"-{NUMBER}", str(os.getpid())], check=True)
sys.meta_path.insert(0, Sender())
"""
IN_A_CALLBACK = """\
def profile(frame, event, arg):
    '''Sends the signal when the import system drops the lock of a module.'''
    if event == "call" and frame.f_code.co_name == "cb" and "numpy" in sys.modules:
        sys.setprofile(None)
        subprocess.run(["kill", f"-{NUMBER}", str(os.getpid())], check=True)
sys.setprofile(profile)
"""
AS_OPENBLAS = """\
import signal
class Blas:
    '''Does what OpenBLAS does if it cannot start its threads.'''
    def find_spec(self, name, path=None, target=None):
        if name == "numpy":
            signal.raise_signal(signal.SIGINT)
sys.meta_path.insert(0, Blas())
"""


def run(
    *arguments: str, module: str, number: int = signal.SIGINT, also: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run `python -m fnnctl` with these arguments, and send a signal when it imports the module."""
    script = f"MODULE, NUMBER = {module!r}, {int(number)}\n{SENDER}{also}"
    script += "runpy.run_module('fnnctl', run_name='__main__', alter_sys=True)"
    return subprocess.run(
        [sys.executable, "-c", script, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE,
    )


@posix
@pytest.mark.parametrize(
    ("module", "number", "code"),
    [("typer", signal.SIGINT, 130), ("numpy", signal.SIGTERM, 143), ("pydantic", signal.SIGINT, 130)],
)
def test_a_signal_while_python_imports_ends_in_order(iris: Path, module: str, number: int, code: int) -> None:
    done = run("train", str(iris), module=module, number=number)
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr == "interrupted before a run was created\n"
    assert not (iris.parent / "runs").exists()


@posix
@pytest.mark.parametrize("command", ["check", "report", "runs", "datasets", "schema", "init"])
def test_a_signal_ends_a_command_without_a_run_in_order_too(command: str, tmp_path: Path) -> None:
    done = run(command, module="typer")
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "interrupted\n")


@posix
@pytest.mark.parametrize("command", ["check", "train", "evaluate", "search", "plan"])
def test_a_signal_is_not_lost_in_a_callback_of_the_import_system(iris: Path, command: str) -> None:
    done = run(command, str(iris), "--json", module="", also=IN_A_CALLBACK)
    assert (done.returncode, done.stderr) == (130, "")
    assert json.loads(done.stdout)["error"]["kind"] == "interrupted"


@pytest.mark.skipif(not hasattr(signal, "sigtimedwait"), reason="a signal's sender is not known here")
def test_a_blas_without_threads_is_no_interruption(iris: Path) -> None:
    done = run("train", str(iris), module="", also=AS_OPENBLAS)
    assert done.returncode == 3
    assert done.stderr.startswith("OpenBLAS, NumPy's linear algebra library, cannot start its threads")
    assert "ulimit -u" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.skipif(shutil.which("sh") is None, reason="only a shell closes streams")
@pytest.mark.parametrize(
    ("command", "closed"),
    [("train", "2>&-"), ("train", "<&- >&- 2>&-"), ("search", "2>&-"), ("check", ">&-"), ("runs", "2>&-")],
)
def test_standard_streams_may_be_closed(
    iris: Path, command: str, closed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {
        "train": f"{iris} --no-figures --set training.epochs=2",
        "check": f"{iris}",
        "search": f"{iris} --method random --max-trials 2 --workers 2 --no-figures "
        "--set 'search.space={training.l2: {uniform: [0, 1]}}' --set training.epochs=2",
    }
    script = f"{sys.executable} -m fnnctl {command} {options.get(command, '')} --json {closed}"
    monkeypatch.setenv("FNNCTL_RUNS_DIR", str(iris.parent / "runs"))
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False, timeout=DEADLINE)
    assert done.returncode == 0, done.stderr
    if ">&-" in closed.split():
        assert done.stdout == ""
    else:
        assert "error" not in json.loads(done.stdout)


@pytest.mark.parametrize(("options", "is_printed"), [([], False), (["-W", "default"], True)])
def test_warnings_of_python_are_for_developers(options: list[str], is_printed: bool) -> None:
    script = (
        "import warnings, fnnctl.cli, fnnctl.__main__\n"
        "fnnctl.cli.main = lambda: warnings.warn('overflow encountered', RuntimeWarning)\n"
        "fnnctl.__main__.main()"
    )
    done = subprocess.run(
        [sys.executable, *options, "-c", script],
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE,
    )
    assert (done.returncode, "overflow encountered" in done.stderr) == (0, is_printed)


@pytest.mark.parametrize("code", ["raise ImportError('no such symbol')", "import a_missing_module"])
def test_a_broken_typer_is_said_in_a_sentence(tmp_path: Path, code: str) -> None:
    """It is imported before any command, also before `doctor`."""
    (tmp_path / "typer.py").write_text(code)
    script = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from fnnctl.__main__ import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", script, "doctor", "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE,
    )
    assert (done.returncode, done.stdout) == (3, "")
    assert re.fullmatch(r"Typer, .* \(.*(no such symbol|a_missing_module).*\): run `.* typer`\n", done.stderr)
