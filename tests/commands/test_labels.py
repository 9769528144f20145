"""Tags and notes that a run is given afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.messages import Messages
from tests.program import Program
from tests.store.faults import make_run

IRIS, WINE = "2026-01-01T00-00-00Z-iris-000001", "2026-01-02T00-00-00Z-wine-000002"


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    for name in (IRIS, WINE):
        make_run(tmp_path / "runs", name)
    return tmp_path / "runs"


def found(program: Program, *conditions: str) -> list[str]:
    """The experiments of the runs that meet conditions."""
    options = [word for condition in conditions for word in ("--where", condition)]
    return [Path(entry["run"]).name[21:-7] for entry in program("runs", *options, "--json").json["runs"]]


def test_runs_are_tagged_annotated_and_found(program: Program, runs: Path) -> None:
    manifest = (runs / IRIS / "manifest.json").read_bytes()
    tagged = program("runs", "tag", "iris", "paper", "v1.2")
    assert (tagged.code, tagged.out, tagged.err) == (0, "", f"runs/{IRIS} has the tags paper, v1.2\n")
    noted = program("runs", "note", "iris", "better\n  on small rows", "--json").json
    assert noted == {"run": f"runs/{IRIS}", "tags": ["paper", "v1.2"], "note": "better\n  on small rows"}
    assert (runs / IRIS / "manifest.json").read_bytes() == manifest
    for condition, expected in {
        "tag=paper": ["iris"], "tags=v1.2": ["iris"], "tag=pap": [], "tag~PAP": ["iris"],
        "tag!=paper": ["wine"],
        "tag!=x": ["iris", "wine"], "tag=null": ["wine"], "tag!=null": ["iris"], "note~small": ["iris"],
        "note=null": ["wine"], "promoted=null": ["iris", "wine"], "promoted~a": [],
    }.items():  # fmt: skip
        assert found(program, condition) == expected, condition
    assert found(program, "tag=paper", "tag=v1.2") == ["iris"]
    assert program("runs").out.splitlines()[1].endswith("paper, v1.2")
    columns = program("runs", "--columns", "run,tags,note", "--sort", "tags").out.splitlines()
    assert columns[1].split(maxsplit=1)[1] == "paper, v1.2  better on small rows"
    assert columns[2].split() == [WINE, "–", "–"]
    one = program("runs", "tag", "iris", "--untag", "v1.2")
    assert one.err == f"runs/{IRIS} has the tag paper\nits note: better\n  on small rows\n"
    program("runs", "tag", "iris", "paper", "--untag")
    removed = program("runs", "note", "iris", "")
    assert removed.err == f"runs/{IRIS} has no tag\n"
    assert found(program, "note=null", "tag=null") == ["iris", "wine"]


def test_what_a_new_user_may_write(program: Program, runs: Path, messages: Messages) -> None:
    make_run(runs / WINE, "best")
    program("runs", "tag", "wine", "paper")
    for line in (
        "tag", "tag iris", "tag paper", "tag iris a,b", "tag iris --untag paper",
        "tag wine --untag papr", "tag wine --untag", "tag wine/best x", f"tag runs/{WINE}/best x",
        "tag nothing x", "tag iris -x", "note", "note iris", "note iris two words", "note nothing x",
        "--where tag<paper", "--where tagg=paper", "tags iris x",
    ):  # fmt: skip
        done = program("runs", *line.split())
        assert (done.code, done.out) == (2, ""), line
        messages.check(done.err)
    assert not (runs / IRIS / "labels.json").exists()


def test_damaged_labels_stop_only_what_needs_them(program: Program, runs: Path, messages: Messages) -> None:
    """The run is no damaged run, and it is not known to have no tag."""
    (runs / IRIS / "labels.json").write_text("[]")
    listed = program("runs")
    assert (listed.code, "damaged" in listed.out) == (0, False)
    messages.check(listed.err)
    for line in ("tag iris x", "note iris x"):
        done = program("runs", *line.split())
        assert done.code == 2
        messages.check(done.err)
    assert found(program, "tag=null") == found(program, "tag!=x") == ["wine"]
    (entry, _) = program("runs", "--json").json["runs"]
    assert (entry["status"], entry["tags"], "labels.json: is damaged" in entry["damage"]) == (
        "completed",
        None,
        True,
    )
    spared = program("runs", "prune", "--keep", "0", "--yes").err
    assert f"spared 1 run: {IRIS} (its tags cannot be read)" in spared
    reported = program("report", IRIS)
    assert (reported.code, "labels.json: is damaged" in " ".join(reported.out.split())) == (0, True)


def test_reports_and_exports_have_the_labels(program: Program, iris: Path) -> None:
    """The note is the run's, and the notes are the config's."""
    program("train", str(iris), "--quiet", "--no-figures", "--set", "notes=from the config")
    for line in (
        ["tag", "iris", "paper"],
        ["note", "iris", "one\n\n<b>two</b>"],
        ["promote", "iris", "--as", "best"],
    ):
        assert program("runs", *line).code == 0
    for form in ("terminal", "markdown", "html"):
        text = program("report", "iris", "--format", form, "--verbose", "--no-figures").out
        for words in ("promoted as", "paper", "from the config", "labels.json"):
            assert words in text, (form, words)
        assert ("<b>two" in text) == (form == "terminal")
    short = program("report", "iris", "--short").out
    for words in ("promoted as  best", "tags         paper"):
        assert f"\n  {words}\n" in short
    (entry,) = program("report", "iris", "--json").json["runs"]
    assert ([*entry["promoted"]], entry["tags"], entry["note"]) == (["best"], ["paper"], "one\n\n<b>two</b>")
