"""Runs that `--resume` refuses, without changing them."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from fnnctl.cli import run as run_program
from fnnctl.store.folder import RunFolder
from fnnctl.store.run import open_run
from tests.commands.resuming import assert_same_bits, resumed_from, snapshot
from tests.program import DISTURBED, AtEpoch, Interrupt, Program, read_json

pytestmark = pytest.mark.usefixtures("no_figures")


def test_the_second_of_two_resumes_is_refused(program: Program, interrupt: Interrupt) -> None:
    run = interrupt(3)
    first = open_run(RunFolder(run))
    assert first is not None
    before = snapshot(run)
    second = program("train", "--resume", str(run))
    assert second.code == 2
    assert second.err == (
        f"the run {run} is still running in process {os.getpid()}: wait for it, or stop it first\n"
    )
    assert snapshot(run) == before
    first.let_go()
    assert program("train", "--resume", str(run)).code == 0


def test_a_living_training_is_not_resumed(
    program: Program, config: Path, undisturbed: Path, at_epoch: AtEpoch
) -> None:
    codes: list[int] = []
    at_epoch(3, lambda: codes.append(run_program(["train", "--resume", "latest"])))
    done = program("train", str(config), "--json")
    assert (done.code, codes) == (0, [2])
    assert f"is still running in process {os.getpid()}" in done.err
    assert_same_bits(Path(done.json["run"]), undisturbed)


def test_a_complete_run_stays_as_it_is(program: Program, undisturbed: Path) -> None:
    before = snapshot(undisturbed)
    done = program("train", "--resume", str(undisturbed), "--json")
    assert done.code == 0
    assert done.json["status"] == "completed"
    assert done.json["metrics"] == read_json(undisturbed / "metrics.json")
    assert done.err == f"{undisturbed} is complete: nothing to do\n"
    assert snapshot(undisturbed) == before


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["x.yaml"], "CONFIG"),
        (["--set", "seed=3"], "--set"),
        (["--name", ""], "--name"),
        (["--seed", "0"], "--seed"),
        (["x.yaml", "--seed", "1"], "CONFIG and --seed"),
    ],
)
def test_the_config_is_the_runs_own(program: Program, arguments: list[str], named: str) -> None:
    done = program("train", "--resume", "latest", *arguments)
    assert (done.code, done.err) == (2, f"--resume uses the run's own config: leave out {named}\n")


def test_a_run_that_is_not_there(program: Program, undisturbed: Path) -> None:
    assert program("train", "--resume", "latest").err.startswith("there are no runs in runs yet")
    done = program("train", "--resume", "nope", "--runs-dir", "undisturbed")
    assert (done.code, done.err.split(",")[0]) == (2, "there is no run 'nope' in undisturbed")


def test_a_run_of_another_kind(program: Program, interrupt: Interrupt) -> None:
    run = interrupt(3)
    manifest = read_json(run / "manifest.json")
    (run / "manifest.json").write_text(json.dumps({**manifest, "kind": "search"}))
    done = program("train", "--resume", str(run))
    assert (done.code, "a run of kind 'search'" in done.err) == (2, True)


def rows(count: int) -> str:
    return "x,label\n" + "".join(f"{i % 7},{i % 2}\n" for i in range(count))


def own_data(config: Path) -> Path:
    """Copy the data to a CSV file, and let the config name it."""
    data = config.with_name("own.csv")
    data.write_text(rows(60))
    config.write_text(DISTURBED.replace("{source: iris}", "{source: own.csv, target: label}"))
    return data


def assert_refused_and_untouched(program: Program, run: Path, *messages: str) -> None:
    before = snapshot(run)
    done = program("train", "--resume", str(run))
    after = snapshot(run)
    assert done.code == 2
    for message in messages:
        assert message in done.err
    for each in (before, after):
        del each[".lock"]
    assert after == before
    assert read_json(run / "manifest.json")["status"] == "interrupted"
    assert not RunFolder(run).is_alive()


@pytest.mark.usefixtures("keep_all")
def test_data_that_are_gone_or_changed(program: Program, config: Path, interrupt: Interrupt) -> None:
    data = own_data(config)
    run = interrupt(5)
    moved = data.rename(data.with_name("moved.csv"))
    assert_refused_and_untouched(program, run, f"{run / 'resolved.yaml'}:", "data.source: there is no file")
    data.write_text(rows(61))
    assert_refused_and_untouched(program, run, f"{run / 'resolved.yaml'}:", "data.sha256: ", "SHA-256")
    resolved = (run / "resolved.yaml").read_text()
    without = [line for line in resolved.splitlines() if "sha256" not in line]
    (run / "resolved.yaml").write_text("\n".join(without))
    assert_refused_and_untouched(
        program, run, "resolved.yaml: data: the data have changed since the run began"
    )
    (run / "resolved.yaml").write_text(resolved.replace("own.csv", moved.name))
    assert program("train", "--resume", str(run)).code == 0
    assert resumed_from(run) == ["epoch 5"]


def test_a_config_that_is_gone(program: Program, interrupt: Interrupt) -> None:
    run = interrupt(3)
    (run / "resolved.yaml").unlink()
    assert_refused_and_untouched(program, run, f"{run / 'resolved.yaml'}: is missing")


def test_a_signal_before_the_run_continues(
    program: Program, interrupt: Interrupt, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = interrupt(3)

    def load(*arguments: object, **options: object) -> None:
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr("fnnctl.commands.train.read_experiment", load)
    done = program("train", "--resume", str(run))
    assert (done.code, done.err.splitlines()[-1]) == (143, f"fnnctl train --resume {run}")
    assert read_json(run / "manifest.json")["status"] == "interrupted"
    assert not RunFolder(run).is_alive()
