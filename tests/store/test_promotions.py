from __future__ import annotations

import errno
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fnnctl.errors import DataError, MachineError, UsageError
from fnnctl.store import lock, promotions
from fnnctl.store.catalogue import find_run, is_run
from fnnctl.store.lock import hold_lock, release, writing
from fnnctl.store.promotions import (
    MAX_NAME,
    Promotions,
    notes_on_name,
    promote,
    promotions_of,
    read_promotions,
    refuse_odd_name,
    try_promotions,
    withdraw,
)
from tests.messages import Messages
from tests.store.faults import failing, make_run

IRIS, WINE = "2026-01-01T00-00-00Z-iris-000001", "2026-01-02T00-00-00Z-wine-000002"


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    for name in (IRIS, WINE):
        make_run(tmp_path / "runs", name)
    return tmp_path / "runs"


@pytest.fixture(autouse=True)
def _times(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each promotion is a second later."""
    seconds = iter(range(1000))
    monkeypatch.setattr(
        promotions, "now_text", lambda: f"2026-02-01T00:{next(seconds) // 60:02}:00.000000Z", raising=True
    )


def test_a_name_stands_for_the_run_that_was_promoted_last(runs: Path) -> None:
    first, predecessor, is_new = promote(runs / IRIS, "champion", runs)
    assert (first.run, predecessor, is_new) == (IRIS, None, True)
    second, predecessor, is_new = promote(runs / WINE, "champion", runs)
    assert (second.run, predecessor, is_new) == (WINE, first, True)
    assert promote(runs / WINE, "champion", runs) == (second, first, False)
    promote(runs / WINE, "stable", runs)
    with pytest.raises(UsageError, match="at most 48 letters"):
        promote(runs / WINE, "x" * (MAX_NAME + 1), runs)
    refuse_odd_name("x" * MAX_NAME)
    promoted = read_promotions(runs)
    assert [(entry.name, entry.run) for entry in promoted.history] == [
        ("champion", IRIS), ("champion", WINE), ("stable", WINE),
    ]  # fmt: skip
    assert promoted.by_folder() == {WINE: ("champion", "stable")}
    assert [entry.name for entry in promotions_of(runs / WINE)[0]] == ["champion", "stable"]
    assert promotions_of(runs / IRIS) == ([], None)
    assert find_run("champion", runs).path == runs / WINE
    assert find_run("champion", runs, lambda run: False).path == runs / WINE


def test_a_name_is_withdrawn(runs: Path, messages: Messages) -> None:
    for name in ("champion", "stable"):
        promote(runs / IRIS, name, runs)
    assert withdraw("champion", runs).run == IRIS
    assert [*read_promotions(runs).present] == ["stable"]
    for name in ("champion", "champoin", "x"):
        with pytest.raises(UsageError) as caught:
            withdraw(name, runs)
        messages.check(caught.value)
    with pytest.raises(UsageError):
        find_run("champion", runs)
    _, predecessor, _ = promote(runs / WINE, "champion", runs)
    assert predecessor is None
    assert promote(runs / WINE, "champion", runs).predecessor is None


def test_a_withdrawn_name_may_be_taken(runs: Path, messages: Messages) -> None:
    promote(runs / IRIS, "champion", runs)
    withdraw("champion", runs)
    make_run(runs, "2026-01-03T00-00-00Z-champion-000003")
    with pytest.raises(UsageError) as caught:
        promote(runs / WINE, "champion", runs)
    messages.check(caught.value)


def test_simultaneous_promotions_lose_nothing(runs: Path) -> None:
    paths = [make_run(runs, f"2026-01-03T00-00-00Z-other-00000{number}") for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda path: promote(path, "champion", runs), paths))
    history = read_promotions(runs).history
    assert sorted(entry.run or "" for entry in history) == [path.name for path in paths]
    assert find_run("champion", runs).path.name == history[-1].run


@pytest.mark.parametrize(
    "name",
    [
        "", "latest", "Latest", "null", "iris", "IRIS", "Wide-Iris", "wide-iris", "other", "oth", "2026",
        "runs/x", "./x", "a b", "ü", "-x", "a.yaml", "x" * 49, "Champion", "champion\n",
    ],
)  # fmt: skip
def test_a_name_that_cannot_be_given(runs: Path, name: str, messages: Messages) -> None:
    make_run(runs, "other")
    make_run(runs, "Wide Iris").rename(runs / "2026-01-03T00-00-00Z-renamed-000003")
    promote(runs / WINE, "champion", runs)
    before = (runs / "promoted.json").read_bytes()
    with pytest.raises(UsageError) as caught:
        promote(runs / WINE, name, runs)
    messages.check(caught.value)
    assert (runs / "promoted.json").read_bytes() == before


def test_a_promoted_name_comes_before_an_experiment_and_after_a_folder(runs: Path) -> None:
    """An experiment, and a folder, may get it later."""
    promote(runs / IRIS, "champion", runs)
    later = make_run(runs, "2027-01-01T00-00-00Z-champion-000009")
    assert find_run("champion", runs).path == runs / IRIS
    promote(later, "champion", runs)
    assert find_run("champion", runs).path == later
    promote(runs / IRIS, "champion", runs)
    (note,) = notes_on_name("Champion", runs)
    assert note.startswith(f"'champion' is the promoted run {IRIS}: ")
    assert notes_on_name("iris", runs) == []
    folder = make_run(runs, "champion")
    assert find_run("champion", runs).path == folder


def test_the_winner_of_a_search_is_promoted(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also if its folder is being replaced, and by a path from anywhere."""
    best = make_run(runs / WINE, "best")
    promote(best, "champion", runs)
    assert find_run("champion", runs).path == best
    assert [entry.run for entry in promotions_of(best)[0]] == [f"{WINE}/best"]
    assert promotions_of(runs / WINE)[0] == []
    assert read_promotions(runs).by_folder() == {WINE: ("champion",)}
    former_best = best.rename(runs / WINE / ".former-best")
    assert find_run("champion", runs).path == former_best
    assert [entry.name for entry in promotions_of(former_best)[0]] == ["champion"]
    monkeypatch.chdir(runs / WINE)
    promote(Path(), "search", Path(".."))
    assert [entry.name for entry in promotions_of(Path())[0]] == ["search"]
    assert find_run("search", Path("..")).path == Path("..") / WINE
    make_run(runs / WINE, "best")
    assert find_run("search/best", runs).path == best


def test_a_run_of_another_folder_is_not_promoted(runs: Path, tmp_path: Path, messages: Messages) -> None:
    for path in (make_run(tmp_path / "elsewhere", "x"), make_run(runs / WINE, "x"), runs):
        with pytest.raises(UsageError) as caught:
            promote(path, "champion", runs)
        messages.check(caught.value)
    assert not (runs / "promoted.json").exists()


def test_a_promoted_run_that_is_gone(runs: Path, messages: Messages) -> None:
    """An experiment of that name does not take its place."""
    promote(make_run(runs / WINE, "best"), "winner", runs)
    promote(runs / IRIS, "champion", runs)
    (runs / IRIS).rename(runs.parent / IRIS)
    (runs / WINE / "best").rename(runs.parent / "best")
    make_run(runs, "2027-01-01T00-00-00Z-champion-000009")
    for name in ("champion", "champion/best", "winner", "champoin"):
        with pytest.raises(UsageError) as caught:
            find_run(name, runs)
        messages.check(caught.value)
    assert not is_run("champion", runs)
    with pytest.raises(UsageError, match="was removed meanwhile"):
        promote(runs / IRIS, "champion", runs)


@pytest.mark.parametrize(
    "content",
    [
        "", "[]", "{}", '{"layout": 2}', '{"layout": 1, "promotions": {}}',
        '{"promotions": [{"name": "a b", "run": "x", "time": ""}]}',
        '{"promotions": [{"name": "a", "run": "../x", "time": ""}]}',
        '{"promotions": [{"name": "a", "run": "x/y", "time": ""}]}',
        '{"promotions": [{"name": "a", "run": 3, "time": ""}]}',
        '{"promotions": [{"name": "a", "run": "x"}]}',
    ],
)  # fmt: skip
def test_a_damaged_file(runs: Path, content: str, messages: Messages) -> None:
    """Names that it may have are not guessed; others, and lists, go on."""
    (runs / "promoted.json").write_text(content)
    with pytest.raises(DataError) as named:
        find_run("iris", runs)
    messages.check(named.value)
    with pytest.raises(DataError) as caught:
        promote(runs / IRIS, "a", runs)
    assert try_promotions(runs) == (Promotions(), str(caught.value))
    for name in (None, "latest", IRIS, "2026-01-01", str(runs / IRIS)):
        assert find_run(name, runs).path.parent == runs
    assert (runs / "promoted.json").read_text() == content


def test_a_folder_that_cannot_be_written(
    runs: Path, monkeypatch: pytest.MonkeyPatch, messages: Messages
) -> None:
    promote(runs / IRIS, "champion", runs)
    before = json.loads((runs / "promoted.json").read_text())
    with monkeypatch.context() as context:
        context.setattr(Path, "replace", failing(errno.ENOSPC))
        with pytest.raises(MachineError) as caught:
            promote(runs / WINE, "champion", runs)
    messages.check(caught.value)
    assert json.loads((runs / "promoted.json").read_text()) == before
    assert [path.name for path in runs.iterdir() if path.name.endswith(".tmp")] == []
    monkeypatch.setattr("os.open", failing(errno.EROFS))
    with pytest.raises(MachineError) as caught:
        promote(runs / WINE, "champion", runs)
    messages.check(caught.value)


def test_a_lock_that_is_held_for_long(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "TRIES_TO_WRITE", 2)
    held = hold_lock(runs / ".promoted.lock")
    with pytest.raises(UsageError, match=r"runs is being written in process \d+: try again"):
        promote(runs / IRIS, "champion", runs)
    release(held)
    with writing(runs / ".promoted.lock"):
        pass
    assert promote(runs / IRIS, "champion", runs)[2]
