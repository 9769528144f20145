from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

from fnnctl.doctor import subprocesses
from fnnctl.doctor.subprocesses import Answer, answers_of

ENDED_BY_SIGNAL = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
def test_answers_come_in_order_even_if_a_process_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCED", "yes")
    question = "import os; print(os.environ.get('FORCED'))"
    assert answers_of([ENDED_BY_SIGNAL, question, "raise SystemExit(3)"], {"FORCED": None}) == [
        Answer("", -signal.SIGKILL),
        Answer("None", 0),
        Answer("", 3),
    ]


def test_a_process_that_does_not_end_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocesses, "SECONDS", 0.1)
    assert answers_of(["import time; time.sleep(600)"]) == [Answer("", None)]


def test_no_more_processes_than_processors_run_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Imports that wait for one another would count as slow."""
    monkeypatch.setattr(subprocesses, "usable_processors", lambda: 1)
    ended = tmp_path / "ended"
    first = f"import time; time.sleep(0.2); open({str(ended)!r}, 'w').close()"
    second = f"import os; print(os.path.exists({str(ended)!r}))"
    assert answers_of([first, second]) == [Answer("", 0), Answer("True", 0)]


def test_no_process_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    assert answers_of(["pass"]) == [None]


def test_files_of_the_working_directory_are_no_modules(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "colorsys.py").write_text("raise ImportError")
    monkeypatch.chdir(tmp_path)
    assert answers_of(["import colorsys"]) == [Answer("", 0)]
