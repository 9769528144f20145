"""Progress lines and the bar: first and last epoch are shown, and the terminal may be closed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fnnctl.console.output import Output
from fnnctl.console.progress import TerminalListener, epoch_line
from fnnctl.progress import TrainingPosition
from tests.messages import Messages
from tests.program import Program, only_run, read_json
from tests.waiting import DEADLINE


class Clock:
    """The time in seconds; a test turns the hands."""

    now = 0.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    turned = Clock()
    monkeypatch.setattr("time.monotonic", lambda: turned.now)
    return turned


def epochs_in(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"^epoch (\d+)/", text, re.MULTILINE)]


def test_the_first_and_the_last_epoch_have_a_line(program: Program, iris: Path) -> None:
    """A very short run, without a line in between. If training ends early, its last epoch is shown."""
    done = program("train", str(iris))
    assert epochs_in(done.err) == [1, 12]
    stopping = "training.early_stopping={monitor: validation_accuracy, patience: 1, tolerance: 1.0}"
    assert epochs_in(program("train", str(iris), "--set", stopping).err) == [1, 2]


def test_a_line_is_due_every_five_seconds(capsys: pytest.CaptureFixture[str], clock: Clock) -> None:
    """An epoch takes 1.5 s, so those at 1.5 s, 7.5 s and 13.5 s are shown, and the last one."""
    position = TrainingPosition(12)
    with TerminalListener(Output()).epochs(position) as show:
        for epoch in range(1, 13):
            clock.now = 1.5 * epoch
            position.end_epoch(epoch)
            show.epoch({})
    assert epochs_in(capsys.readouterr().err) == [1, 5, 9, 12]


def test_lines_of_many_networks_say_what_is_best_and_how_long_it_takes(
    capsys: pytest.CaptureFixture[str], clock: Clock, messages: Messages
) -> None:
    """100 epochs a second; 400 were done by an earlier process."""
    with TerminalListener(Output()).amount(10_000) as show:
        show(400, lambda: "nothing yet")
        for second in range(1, 13):
            clock.now = float(second)
            show(400 + 100 * second, lambda: "best accuracy 0.9")
    messages.check(capsys.readouterr().err)


LIMIT = {"time_limit": 60.0}


@pytest.mark.parametrize(
    ("total", "options", "done"),
    [
        (1000, {}, {0: 0, 6: 1}),
        (204, {"bound": "at least"}, {0: 0, 6: 102, 12: 230}),
        # an epoch a second; beyond what was expected, the time limit is but a bound
        (1000, LIMIT, {0: 0, 12: 12, 36: 36, 66: 40}),
        (50, LIMIT, {0: 0, 12: 12, 36: 36, 66: 40}),
        (20, LIMIT, {0: 0, 12: 12, 36: 36, 66: 40}),
    ],
    ids=["minutes", "more than expected", "limit first", "limit later", "limit and more than expected"],
)
def test_the_time_left(
    capsys: pytest.CaptureFixture[str],
    clock: Clock,
    messages: Messages,
    total: int,
    options: Any,
    done: dict[int, int],
) -> None:
    with TerminalListener(Output()).amount(total, **options) as show:
        for second, epochs in done.items():
            clock.now = float(second)
            show(epochs)
    messages.check(capsys.readouterr().err)


def test_a_warning_has_the_word_behind_what_it_is_about(capsys: pytest.CaptureFixture[str]) -> None:
    for output in (Output(), Output(quiet=True)):
        TerminalListener(output).warning("the rows differ")
        TerminalListener(output).warning("the rows differ", about="b.yaml")
    assert capsys.readouterr().err == "warning: the rows differ\nb.yaml: warning: the rows differ\n"


def test_columns_are_told_every_few_seconds_unless_quiet(
    capsys: pytest.CaptureFixture[str], clock: Clock
) -> None:
    for output in (Output(), Output(quiet=True)):
        clock.now = 0.0
        with TerminalListener(output).columns(100, "importance") as show:
            for done in range(1, 8):
                clock.now = float(done)
                show(done)
    assert capsys.readouterr().err == "importance of 5 of 100 columns; about 95 s left\n"


@pytest.mark.parametrize(
    ("output", "epochs"), [(Output(verbose=True), [1, 2, 3, 4]), (Output(), [1, 4]), (Output(quiet=True), [])]
)
def test_verbose_shows_every_epoch_and_quiet_none(
    output: Output, epochs: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    position = TrainingPosition(4)
    with TerminalListener(output).epochs(position) as show:
        for epoch in range(1, 5):
            position.end_epoch(epoch)
            show.epoch({"train_loss": np.array([1.0 / epoch])})
    assert epochs_in(capsys.readouterr().err) == epochs


def test_a_line_has_what_was_recorded_of_the_first_member() -> None:
    record = {"validation_loss": np.array([0.51239, 9.0]), "train_loss": np.array([123456.0, 9.0])}
    line = epoch_line(12, record, epochs=200)
    assert line == "epoch 12/200  train_loss 1.235e+05  validation_loss 0.5124"
    of_target = {f"{part}_targets.price.loss": np.array([1.0, 9.0]) for part in ("train", "validation")}
    assert epoch_line(12, record | of_target, epochs=200) == line


TERMINAL = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
CONTROLLED = (
    "import fcntl, os, signal, termios; os.setsid(); fcntl.ioctl(2, termios.TIOCSCTTY, 0); "
    "signal.signal(signal.SIGHUP, signal.SIG_DFL); "  # the tests may run under nohup
)
START = "from fnnctl.cli import main; main()"


@pytest.mark.parametrize(("script", "epochs", "code"), [(START, 3_000, 0), (CONTROLLED + START, 40_000, 129)])
def test_a_terminal_that_is_closed_while_the_bar_is_drawn(
    iris: Path, tmp_path: Path, script: str, epochs: int, code: int
) -> None:
    """A run continues to its end, unless the terminal controls it: then the system sends SIGHUP."""
    changes = ["--set", f"training.epochs={epochs}", "--set", "training.early_stopping=null", "--no-figures"]
    terminal, stderr = pytest.importorskip("pty").openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", script, "train", str(iris), *changes],
        cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=stderr,
        env=TERMINAL,
    )  # fmt: skip
    os.close(stderr)
    screen = b""
    while not re.search(rb"epoch [1-9]\d*/%d,?000" % (epochs // 1000), screen):
        screen += os.read(terminal, 4096)
    os.close(terminal)
    out, _ = process.communicate(timeout=DEADLINE)
    assert process.returncode == code
    run = only_run(tmp_path)
    manifest = read_json(run / "manifest.json")
    history = (run / "history.csv").read_text().splitlines()
    assert len(history) - 1 == manifest["training"]["epochs"]
    assert (run / "model.npz").is_file()
    if code == 0:
        assert manifest["status"] == "completed"
        assert manifest["training"]["epochs"] == epochs
        assert run.name.encode() in out
    else:
        assert manifest["status"] == "interrupted"
        assert 1 <= manifest["training"]["epochs"] < epochs


def drawn_by(script: str) -> tuple[str, str]:
    """What a script draws on a terminal, and its output."""
    terminal, stderr = pytest.importorskip("pty").openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=stderr, env=TERMINAL, text=True
    )
    os.close(stderr)
    out, _ = process.communicate(timeout=DEADLINE)
    drawn = os.read(terminal, 65536).decode()
    os.close(terminal)
    return drawn, out


def test_the_bar_of_several_networks_has_no_thread() -> None:
    """A process with a drawing thread cannot fork workers, which would delay them by half a second."""
    drawn, out = drawn_by(
        "import os, threading\n"
        "from fnnctl.console.output import Output\nfrom fnnctl.console.progress import TerminalListener\n"
        "with TerminalListener(Output()).amount(100, time_limit=1e-9) as show:\n    show(7)\n"
        "    os.write(1, b'%d' % threading.active_count())\n"
    )
    assert "epoch 7 of at most 100" in drawn
    assert "╸" not in drawn, "the bar is full, because the time is over"
    assert out == "1"


def test_the_bar_of_a_file_needs_no_estimate_and_takes_names_as_they_are() -> None:
    """No `--:--` before anything is known; brackets in a file's name are no markup."""
    drawn, _ = drawn_by(
        "import time\n"
        "from fnnctl.console.output import Output\nfrom fnnctl.console import progress\n"
        "progress.SECONDS_BEFORE_BAR = 0.0\n"
        "with progress.TerminalListener(Output()).reading() as on_read:\n"
        "    for share in (0.0, 0.0, 0.4):\n        on_read('[/]{0}.csv', share)\n        time.sleep(0.2)\n"
    )
    assert "reading [/]{0}.csv" in drawn
    assert "40 %" in drawn
    assert "--:--" not in drawn


def test_a_slow_epoch_shows_its_steps_and_the_time_left(
    capsys: pytest.CaptureFixture[str], clock: Clock, messages: Messages
) -> None:
    """A step takes 2 s, an epoch has 10 steps."""
    position = TrainingPosition(6, steps=10)
    with TerminalListener(Output()).epochs(position) as show:
        for step in range(1, 16):
            clock.now = 2.0 * step
            if step == 10:
                position.end_epoch(1)
                show.epoch({"train_loss": np.array([0.5])})
            else:
                position.end_step()
                show.step()
    messages.check(capsys.readouterr().err)


def test_reading_is_told_every_few_seconds_and_a_second_pass_begins_again(
    capsys: pytest.CaptureFixture[str], clock: Clock, messages: Messages
) -> None:
    for output in (Output(), Output(quiet=True)):
        clock.now = 0.0
        with TerminalListener(output).reading() as on_read:
            for second in range(1, 20):
                clock.now = float(second)
                on_read("t.csv", (second % 10) / 10)
    messages.check(capsys.readouterr().err)
