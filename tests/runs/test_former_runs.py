"""Runs that earlier versions wrote, in tests/former_runs: they are reported, used, repeated and resumed.

`tests/former_runs/uses.py` has what users are promised.
"""

from __future__ import annotations

import csv
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from fnnctl import __version__
from fnnctl.arrays import FloatArray
from fnnctl.store.provenance import machine
from tests.former_runs.uses import (
    FOLDS_ARE_TRAINED_AGAIN,
    TWINS_HAVE_OTHER_BITS,
    USES,
    VERSIONS,
    Use,
    copy_runs,
)
from tests.program import Program, assert_same_files, assert_same_networks, read_json

WARNING = "the run began with fnnctl {}, and continues with " + __version__
COMPLETED = ("default", "settings", "regression", "classic", "search/best")
COMPARED = ("default", "settings")
"""Those that have the most settings, of which all could differ from those of a new run."""


@pytest.fixture(scope="module", params=VERSIONS)
def kept(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A version's runs, whose data are where its files say; tests only read them."""
    folder = tmp_path_factory.mktemp("kept") / "former"
    copy_runs(request.param, folder)
    return folder


@pytest.fixture(params=VERSIONS)
def former(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of a version's runs, which a test changes."""
    folder = tmp_path / "former"
    copy_runs(request.param, folder)
    return folder


def former_version(former: Path) -> str:
    version: str = read_json(former / "default" / "manifest.json")["fnnctl"]
    return version


def bits_may_differ(former: Path) -> bool:
    """Whether the run's sums of floats are others: it has plain twins, whose products of before 0.5 had their
    unused columns, or this machine differs in what sums depend on.
    """
    manifest, now = read_json(former / "manifest.json"), machine(blas_threads=1)
    has_twins = "plain_twins: true" in (former / "resolved.yaml").read_text(encoding="utf-8")
    if has_twins and manifest["fnnctl"] in TWINS_HAVE_OTHER_BITS:
        return True
    libraries = [("packages", "numpy"), ("blas", "version"), ("blas", "core")]
    processor = [("processor", "model"), ("processor", "features")]
    return any(manifest[part][key] != now[part][key] for part, key in libraries + processor)


def outputs(table: str) -> FloatArray:
    """The numbers that a table of predictions has for each row, after the row's own number."""
    rows = list(csv.DictReader(table.splitlines()))
    names = [name for name in rows[0] if name.startswith("p_")] or ["prediction"]
    return np.array([[float(row[name]) for name in ("row", *names)] for row in rows])


def saved_outputs(run: Path) -> FloatArray:
    return outputs((run / "predictions.csv").read_text(encoding="utf-8"))


def assert_same_numbers(run: Path, former: Path, *, with_networks: bool = True) -> None:
    """Equal bytes, or on another machine equal predictions but for the rounding of float32."""
    if bits_may_differ(former):
        np.testing.assert_allclose(saved_outputs(run), saved_outputs(former), rtol=1e-3, atol=1e-3)
        return
    assert_same_files(run, former, "history.csv", "predictions.csv")
    if with_networks:
        assert_same_networks(run, former)


@pytest.mark.parametrize("name", COMPLETED)
def test_a_completed_run_repeats_and_is_as_useful_as_a_new_one(
    program: Program, kept: Path, name: str
) -> None:
    run = kept / name
    repeated = Path(program("train", str(run / "resolved.yaml"), "--json").json["run"])
    assert_same_numbers(repeated, run)

    if name in COMPARED:
        assert "90 rows" in program("report", str(run)).out
        told = program("compare", str(run), str(repeated)).out
        assert re.search(r"A and B are tied|a tie at this sample size", told)
        assert "Settings that differ" not in told, f"the record of a new setting needs `since`: {told}"
    predicted = outputs(program("predict", str(run), str(kept / "table.csv"), "--quiet").out)
    rows = saved_outputs(run)[:, 0].astype(int)
    np.testing.assert_allclose(predicted[rows], saved_outputs(run), rtol=1e-5)


def test_an_interrupted_training_resumes(program: Program, former: Path) -> None:
    run = former / "default-interrupted"
    done = program("train", "--resume", str(run))
    assert done.code == 0
    assert "resuming from epoch 3" in done.err
    assert WARNING.format(former_version(former)) in " ".join(done.err.split())
    assert_same_numbers(run, former / "default")


def test_an_interrupted_cross_validation_resumes(program: Program, former: Path) -> None:
    run = former / "folds-interrupted"
    done = program("evaluate", "--resume", str(run))
    assert done.code == 0
    if former_version(former) in FOLDS_ARE_TRAINED_AGAIN:
        assert "some saved folds cannot be used and are trained again" in done.err
    else:
        assert WARNING.format(former_version(former)) in " ".join(done.err.split())
    assert_same_numbers(run, former / "folds", with_networks=False)


def test_a_search_is_reported_but_not_continued(program: Program, former: Path) -> None:
    begun = former_version(former)
    for name, end in (("search", "completed"), ("search-interrupted", "interrupted")):
        report = program("report", str(former / name)).out
        assert end in report
        assert "4 trials" in report
    interrupted = former / "search-interrupted"
    before = {file: file.read_bytes() for file in interrupted.rglob("*") if file.is_file()}
    done = program("search", "--resume", str(interrupted))
    assert done.code == 2
    assert f"began with fnnctl {begun}, and this is {__version__}: trials of the two" in done.err
    assert "Resume with that version, or start a new search" in done.err
    assert before == {file: file.read_bytes() for file in before}


def test_what_a_search_knew_of_the_default_settings_is_reported(program: Program, kept: Path) -> None:
    run = kept / "search-interrupted"
    report = " ".join(program("report", str(run), "--format", "markdown").out.split())
    facts = read_json(run / "manifest.json")["search"]
    default_trial = facts.get("default_trial") or facts.get("own_settings") or {}  # the key until 0.6
    restored_weights = facts.get("restored_weights") or facts.get("kept_alone")
    for sentence, is_known in (
        ("the default settings: they were not tried", bool(default_trial)),
        ("2 other trials cannot be told from it", default_trial.get("ties") == 2),
        ("another epoch may have been", restored_weights is not None),
    ):
        assert (sentence in report) == is_known, sentence


def test_a_search_repeats(program: Program, kept: Path) -> None:
    search = kept / "search"
    repeated = Path(program("search", str(search / "resolved.yaml"), "--json").json["run"])
    if not bits_may_differ(search):
        assert (repeated / "leaderboard.csv").read_bytes() == (search / "leaderboard.csv").read_bytes()


TRIED = [
    pytest.param(use, version, id=f"{use.calls[0]} of {version}", marks=[pytest.mark.extra] * bool(use.needs))
    for use in USES
    for version in use.tried_versions
]


@pytest.mark.parametrize(("use", "version"), TRIED)
def test_what_else_is_done_with_runs(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, use: Use, version: str
) -> None:
    if use.needs:
        pytest.importorskip(use.needs)
    copy_runs(version, tmp_path / "former")
    monkeypatch.chdir(tmp_path / "former")
    for call in use.calls:
        done = program(*call.split())
        if use.refuses(version):
            assert done.code == 2
            assert use.message in done.err
        else:
            assert done.code == 0, done.err


def test_each_promise_has_a_test() -> None:
    """Runs of the last version are among them, so what works since a version is tried before and after it."""
    tests = {name for name in vars(sys.modules[__name__]) if name.startswith("test_")}
    assert [use.command for use in USES if not use.calls and use.test not in tests] == []
    assert [use.command for use in USES if use.test and use.test not in tests] == []
    assert [use.command for use in USES if use.refuses(VERSIONS[0]) != bool(use.reason)] == []
    for use in USES:
        if use.since:
            assert {use.refuses(version) for version in use.tried_versions} == {False, True}, use.command
