"""The run of a search: its journal, its timeline, and the winner and the ensemble that are replaced whole."""

from __future__ import annotations

import json
import re
from contextlib import closing
from pathlib import Path

import pytest

from fnnctl.errors import DataError
from fnnctl.store import names
from fnnctl.store.folder import RunFolder
from fnnctl.store.names import BEST, FORMER_BEST, NEXT_BEST
from fnnctl.store.run import OpenRun, create_run, open_run, take_over_run


def test_a_search_begins_with_its_journal_and_continues_with_it(tmp_path: Path) -> None:
    header = {"record": "header", "configuration": "3fa9"}
    run = create_run(tmp_path, name="iris", kind="search", manifest={"seed": 0}, journal=[header])
    assert run.read_journal() == [header]
    with closing(run.open_journal()) as journal:
        journal.append([{"record": "end", "reason": "complete"}])
    assert (run.path / "journal.jsonl").read_bytes().count(b"\n") == 2
    assert run.read_journal() == [header, {"record": "end", "reason": "complete"}]


def test_a_search_without_a_journal_is_damaged(tmp_path: Path) -> None:
    run = create_run(tmp_path, name="iris", kind="search", manifest={}, journal=[{"record": "header"}])
    (run.path / "journal.jsonl").unlink()
    for read in (run.read_journal, run.open_journal):
        with pytest.raises(DataError, match=r"journal\.jsonl: is missing: .* restore a copy"):
            read()
    assert not (run.path / "journal.jsonl").exists()


def test_a_run_that_is_no_search_has_no_journal(run: OpenRun) -> None:
    assert run.read_journal() is None


def test_times_are_in_the_timeline(run: OpenRun) -> None:
    run.note_times([{"event": "begun", "worker": "a\nb"}, {"event": "done", "trial": 3}])
    run.note_times([{"event": "over"}])
    lines = (run.path / "timeline.jsonl").read_text(encoding="utf-8").splitlines()
    events = [json.loads(line) for line in lines]
    assert [event["event"] for event in events] == ["begun", "done", "over"]
    assert (events[0]["worker"], events[1]["trial"]) == ("a\nb", 3)
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", event["time"]) for event in events)
    assert run.read_timeline() == events


def test_damaged_lines_of_a_timeline_are_left_out(run: OpenRun) -> None:
    assert run.read_timeline() == []
    run.note_times([{"event": "begun"}])
    with (run.path / "timeline.jsonl").open("ab") as file:
        file.write(b"[1]\n\xff\xfe\n" + b"[" * 100_000 + b'\n{"event": "done"}\n{"event": "torn')
    assert [event["event"] for event in run.read_timeline()] == ["begun", "done"]


def test_a_timeline_that_cannot_be_written_ends_nothing(run: OpenRun) -> None:
    (run.path / "timeline.jsonl").mkdir()
    run.note_times([{"event": "begun"}])


def test_the_leaderboard_is_a_table(run: OpenRun) -> None:
    run.write_table(
        names.LEADERBOARD,
        ["rank", "trial", "objective", "model.hidden"],
        [[1, 4, 0.1 + 0.2, [64, 32]], [2, 0, None, None]],
    )
    assert (run.path / "leaderboard.csv").read_text(encoding="utf-8") == (
        'rank,trial,objective,model.hidden\n1,4,0.30000000000000004,"[64, 32]"\n2,0,,\n'
    )


@pytest.fixture
def search(tmp_path: Path) -> OpenRun:
    """A search with a winner, and a new winner that is to replace it."""
    run = create_run(tmp_path, name="iris", kind="search", manifest={})
    for name in (BEST, NEXT_BEST):
        create_run(run.path, name=name, kind="train", manifest={}, folder=name).let_go()
    return run


def winners_name(search: RunFolder) -> str:
    winner = search.winner()
    assert winner is not None
    return winner.read_manifest().name


def test_a_winner_is_replaced(search: OpenRun) -> None:
    search.replace_winner()
    assert winners_name(search) == NEXT_BEST
    assert {path.name for path in search.path.iterdir() if path.is_dir()} == {BEST}


@pytest.mark.parametrize(("renames", "stays"), [(1, BEST), (2, NEXT_BEST)])
def test_an_interrupted_replacement(search: OpenRun, renames: int, stays: str) -> None:
    for source, target in [(BEST, FORMER_BEST), (NEXT_BEST, BEST)][:renames]:
        (search.path / source).rename(search.path / target)
    assert winners_name(search) == stays
    search.let_go()
    again = take_over_run(RunFolder(search.path))
    assert winners_name(again) == stays
    assert {path.name for path in search.path.iterdir() if path.is_dir()} == {BEST}
    again.let_go()


def test_the_first_ensemble_and_the_next_one(search: OpenRun) -> None:
    """Until the first is in its place there is none; the next one replaces it."""
    for name in ("first", "next"):
        create_run(search.path, name=name, kind="train", manifest={}, folder=names.NEXT_ENSEMBLE).let_go()
        before = search.ensemble()
        assert (before is None) == (name == "first")
        search.replace_ensemble()
        ensemble = search.ensemble()
        assert ensemble is not None
        assert ensemble.read_manifest().name == name
    assert {path.name for path in search.path.iterdir() if path.is_dir()} == {BEST, NEXT_BEST, names.ENSEMBLE}


@pytest.mark.parametrize(("renames", "stays"), [(0, "first"), (1, "first"), (2, "next")])
def test_an_interrupted_replacement_of_the_ensemble(search: OpenRun, renames: int, stays: str) -> None:
    for name, folder in (("first", names.ENSEMBLE), ("next", names.NEXT_ENSEMBLE)):
        create_run(search.path, name=name, kind="train", manifest={}, folder=folder).let_go()
    both = [(names.ENSEMBLE, names.FORMER_ENSEMBLE), (names.NEXT_ENSEMBLE, names.ENSEMBLE)]
    for source, target in both[:renames]:
        (search.path / source).rename(search.path / target)
    search.let_go()
    again = take_over_run(RunFolder(search.path))
    ensemble = again.ensemble()
    assert ensemble is not None
    assert ensemble.read_manifest().name == stays
    assert {path.name for path in search.path.iterdir() if path.is_dir()} == {BEST, names.ENSEMBLE}
    again.let_go()


def test_what_was_rebuilt_from_the_network_is_deleted_when_it_may_change(search: OpenRun) -> None:
    for name in names.REBUILT:
        search.write_rebuilt(name, ["x\n"])
    assert set(names.REBUILT) < set(search.files())
    search.let_go()
    take_over_run(RunFolder(search.path)).let_go()
    assert set(names.REBUILT).isdisjoint(search.files())


def test_a_complete_search_can_be_taken_over(search: OpenRun) -> None:
    search.finish("completed", {"total": 1.0, "training": 1.0})
    assert open_run(RunFolder(search.path)) is None
    again = take_over_run(RunFolder(search.path))
    assert again.is_alive()
    again.let_go()


def test_the_plan_of_a_search_that_is_extended(search: OpenRun) -> None:
    search.write_resolved("search: {}\n")
    written = (search.path / "resolved.yaml").stat().st_mtime_ns
    search.write_resolved("search: {}\n")
    assert (search.path / "resolved.yaml").stat().st_mtime_ns == written
    search.write_resolved("search: {trials: 9}\n")
    assert search.read_resolved() == b"search: {trials: 9}\n"
