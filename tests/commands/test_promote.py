"""Names that stand for runs, in every command that takes a run."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import pytest

from tests.messages import Messages
from tests.program import Program
from tests.store.faults import failing, make_run

IRIS, WINE = "2026-01-01T00-00-00Z-iris-000001", "2026-01-02T00-00-00Z-wine-000002"


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    for name in (IRIS, WINE):
        make_run(tmp_path / "runs", name)
    return tmp_path / "runs"


def test_a_run_is_promoted_and_its_history_is_listed(program: Program, runs: Path) -> None:
    assert program("runs", "promote", "--history").err.startswith("no run in runs was promoted")
    first = program("runs", "promote", "iris", "--as", "champion")
    assert (first.code, first.out) == (0, "")
    assert first.err == f"runs/{IRIS} is promoted as 'champion'\n"
    again = program("runs", "promote", "champion", "--as", "champion")
    assert (again.code, again.err.startswith(f"runs/{IRIS} is promoted as 'champion' already, since ")) == (
        0,
        True,
    )
    second = program("runs", "promote", "wine", "--as", "champion")
    assert f"runs/{WINE} is promoted as 'champion'; before it was {IRIS}, since 2" in second.err
    told = program("runs", "promote", "champion", "--as", "stable", "--json").json
    assert (told["name"], told["run"], told["former"], told["is_new"]) == (
        "stable", f"runs/{WINE}", None, True,
    )  # fmt: skip
    (runs / IRIS).rename(runs.parent / IRIS)
    lines = [line.split() for line in program("runs", "promote", "--history").out.splitlines()]
    assert [line[:2] for line in lines] == [
        ["name", "run"], ["champion", IRIS], ["champion", WINE], ["stable", WINE],
    ]  # fmt: skip
    assert lines[1][2] == "(gone)"
    entries = program("runs", "promote", "--history", "--as", "stable", "--json").json["promotions"]
    assert [(entry["name"], entry["run"]) for entry in entries] == [("stable", f"runs/{WINE}")]
    assert entries[0]["promoted"].endswith("Z")
    gone = program("runs", "promote", "--withdraw", "stable")
    assert gone.err == f"'stable' stands for no run any more; it was {WINE}\n"
    assert program("runs", "promote", "--history").out.splitlines()[-1].split()[:2] == [
        "stable",
        "(withdrawn)",
    ]
    withdrawn = program("runs", "promote", "--withdraw", "champion", "--json").json
    assert withdrawn["run"] == f"runs/{WINE}"


def test_what_a_new_user_may_write(program: Program, runs: Path, messages: Messages) -> None:
    """Each mistake ends with exit code 2 and changes nothing."""
    make_run(runs, "2026-01-03T00-00-00Z-late-000003", status="failed")
    make_run(runs, "2026-01-04T00-00-00Z-early-000004", status="running")
    for line in (
        "promote", "promote iris", "promote --as champion", "promote --withdraw iris",
        "promote --history iris",
        "promote iris --as champion --history", "promote --withdraw a --as b",
        "promote iris wine --as champion",
        "promote nothing --as champion", "promote iris --as latest", "promote iris --as wine",
        "promote iris --as 2026-01-01", "promote iris --as runs/champion", "promote iris --as the.best",
        "promote iris --as", "promote late --as champion", "promote early --as champion",
        "promote --history --as champion", "promote iris --name champion", "promot iris --as champion",
    ):  # fmt: skip
        done = program("runs", *line.split())
        assert (done.code, done.out) == (2, ""), line
        messages.check(done.err)
    assert not (runs / "promoted.json").exists()


def test_lists_have_the_names(program: Program, runs: Path) -> None:
    heading = program("runs").out.splitlines()[0].split()
    assert "promoted" not in heading
    for name in ("champion", "stable"):
        program("runs", "promote", "wine", "--as", name)
    lines = program("runs").out.splitlines()
    assert lines[0].split()[-1] == "promoted"
    assert lines[2].endswith("champion, stable")
    listed = program("runs", "--where", "promoted=stable", "--json").json["runs"]
    assert [(entry["run"], entry["promoted"]) for entry in listed] == [
        (f"runs/{WINE}", ["champion", "stable"])
    ]
    (runs / WINE).rename(runs.parent / WINE)
    done = program("runs")
    assert (done.code, len(done.out.splitlines())) == (0, 2)
    assert f"the run {WINE} is gone, which was promoted as 'champion'" in done.err


def test_a_promoted_name_is_a_run_everywhere(program: Program, iris: Path, tmp_path: Path) -> None:
    run = program("train", str(iris), "--quiet", "--no-figures").out.strip()
    program("runs", "promote", "iris", "--as", "champion")
    later = program("train", str(iris), "--name", "champion", "--seed", "3", "--no-figures")
    assert f"'champion' is the promoted run {Path(run).name}: the new run is found by its folder" in later.err
    other = program("train", str(iris), "--seed", "3", "--quiet", "--no-figures").out.strip()
    rows = tmp_path / "rows.csv"
    rows.write_text(
        "sepal_length_cm,sepal_width_cm,petal_length_cm,petal_width_cm\n5,3,1,0.2\n6,3,5,2\n7,3,6,2\n"
    )
    for command in (
        ["report", "champion"], ["evaluate", "champion"],
        ["export", "champion", "--format", "tensorboard", "-o", "l"],
        ["train", "--resume", "champion"],
    ):  # fmt: skip
        assert program(*command, "--json").json.get("run", run) == run, command
    (reported,) = program("report", "champion", "--json").json["runs"]
    assert (reported["run"], [*reported["promoted"]]) == (run, ["champion"])
    assert program("predict", "champion", str(rows)).out == program("predict", run, str(rows)).out
    assert program("describe", str(rows), "--against", "champion").code == 0
    compared = program("compare", "champion", other, "--verbose")
    assert compared.out == program("compare", run, other, "--verbose").out
    (gate,) = program("report", other, "--not-worse-than", "champion", "--json").json["gates"]
    assert gate["not_worse_than"] == run
    itself = program("report", "champion", "--not-worse-than", "champion")
    assert (itself.code, "is the run itself" in itself.err) == (2, True)


def test_damaged_promotions_stop_only_what_needs_them(
    program: Program, runs: Path, messages: Messages
) -> None:
    (runs / "promoted.json").write_text("{")
    listed = program("runs")
    assert (listed.code, len(listed.out.splitlines())) == (0, 3)
    messages.check(listed.err)
    for line in (
        "prune --keep 0 --yes",
        "promote iris --as a",
        f"promote {IRIS} --as a",
        "promote --history",
    ):
        done = program("runs", *line.split())
        assert done.code == 2
        messages.check(done.err)
    assert (runs / "promoted.json").read_text() == "{"
    assert program("runs", "tag", IRIS, "x").code == 0
    reported = program("report", IRIS)
    assert (reported.code, "promoted.json: is damaged" in " ".join(reported.out.split())) == (0, True)


def test_a_folder_that_cannot_be_written(
    program: Program, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 3; what is there is read as before."""
    program("runs", "promote", "iris", "--as", "champion")
    before = (runs / "promoted.json").read_text()
    for number in (errno.EACCES, errno.EROFS, errno.ENOSPC):
        with monkeypatch.context() as context:
            context.setattr(Path, "replace", failing(number))
            for line in (
                "promote wine --as champion",
                "promote --withdraw champion",
                "tag wine x",
                "note wine x",
            ):
                done = program("runs", *line.split())
                assert (done.code, "cannot be written: " in done.err) == (3, True), line
    assert (runs / "promoted.json").read_text() == before
    assert not (runs / WINE / "labels.json").exists()
    assert json.loads(before)["layout"] == 1
