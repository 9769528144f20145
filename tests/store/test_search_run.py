"""The run of a search: its journal, its timeline, and the winner and the ensemble that are replaced whole."""

from __future__ import annotations

import errno
import json
import re
from contextlib import closing
from pathlib import Path

import pytest

from fnnctl.errors import DataError, MachineError
from fnnctl.store import names
from fnnctl.store.folder import RunFolder
from fnnctl.store.run import OpenRun, create_run, open_run, take_over_run
from tests.store.faults import failing


def test_a_search_begins_with_its_journal_and_continues_with_it(tmp_path: Path) -> None:
    header = {"record": "header", "configuration": "3fa9"}
    run = create_run(tmp_path, name="iris", kind="search", manifest={"seed": 0}, journal=[header])
    assert run.read_journal() == [header]
    with closing(run.open_journal()) as journal:
        journal.append([{"record": "end", "reason": "complete"}])
    assert (run.path / "journal.jsonl").read_bytes().count(b"\n") == 2
    assert run.read_journal() == [header, {"record": "end", "reason": "complete"}]


def test_a_search_without_a_journal_is_damaged(search: OpenRun, run: OpenRun) -> None:
    for read in (search.read_journal, search.open_journal):
        with pytest.raises(DataError, match=r"journal\.jsonl: is missing: .* restore a copy"):
            read()
    assert not (search.path / "journal.jsonl").exists()
    assert run.read_journal() is None, "it is no search"


def test_times_are_in_the_timeline(run: OpenRun) -> None:
    """Damaged lines are left out, and a timeline that cannot be written ends nothing."""
    assert run.read_timeline() == []
    run.note_times([{"event": "begun", "worker": "a\nb"}, {"event": "done", "trial": 3}])
    run.note_times([{"event": "over"}])
    path = run.path / "timeline.jsonl"
    events = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [event["event"] for event in events] == ["begun", "done", "over"]
    assert (events[0]["worker"], events[1]["trial"]) == ("a\nb", 3)
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", event["time"]) for event in events)
    with path.open("ab") as file:
        file.write(b"[1]\n\xff\xfe\n" + b"[" * 100_000 + b'\n{"event": "later"}\n{"event": "torn')
    assert run.read_timeline() == [*events, {"event": "later"}]
    path.unlink()
    path.mkdir()
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


def add_run(search: OpenRun, folder: str, name: str) -> None:
    create_run(search.path, name=name, kind="train", manifest={}, folder=folder).let_go()


@pytest.fixture
def search(tmp_path: Path) -> OpenRun:
    return create_run(tmp_path, name="iris", kind="search", manifest={})


PARTS = {
    "winner": (names.BEST, names.FORMER_BEST, names.NEXT_BEST),
    "ensemble": (names.ENSEMBLE, names.FORMER_ENSEMBLE, names.NEXT_ENSEMBLE),
}
"""The folders of the present, the former and the next one."""


def part_of(search: RunFolder, part: str) -> str | None:
    """The name of the run that is the search's winner or ensemble."""
    run = search.winner() if part == "winner" else search.ensemble()
    return None if run is None else run.read_manifest().name


@pytest.mark.parametrize("part", PARTS)
def test_a_part_of_a_search_is_replaced(search: OpenRun, part: str) -> None:
    """Until the first is in its place there is none; the next one replaces it."""
    present, _, following = PARTS[part]
    before = None
    for name in ("first", "next"):
        add_run(search, following, name)
        assert part_of(search, part) == before
        search.replace_winner() if part == "winner" else search.replace_ensemble()
        assert part_of(search, part) == name
        before = name
    assert [path.name for path in search.path.iterdir() if path.is_dir()] == [present]


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize(("renames", "stays"), [(0, "first"), (1, "first"), (2, "next")])
def test_an_interrupted_replacement(search: OpenRun, part: str, renames: int, stays: str) -> None:
    present, former, following = PARTS[part]
    add_run(search, present, "first")
    add_run(search, following, "next")
    for source, target in [(present, former), (following, present)][:renames]:
        (search.path / source).rename(search.path / target)
    assert part_of(search, part) == stays
    search.let_go()
    again = take_over_run(RunFolder(search.path))
    assert part_of(again, part) == stays
    assert [path.name for path in search.path.iterdir() if path.is_dir()] == [present]
    again.let_go()


@pytest.mark.parametrize("part", PARTS)
def test_what_cannot_be_replaced_stays(search: OpenRun, part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system refuses the name to the next one."""
    present, _, following = PARTS[part]
    add_run(search, present, "first")
    add_run(search, following, "next")
    real = Path.rename

    def rename(path: Path, target: Path) -> Path:
        return failing(errno.ENOSPC)() if path.name == following else real(path, target)

    monkeypatch.setattr(Path, "rename", rename)
    with pytest.raises(MachineError, match=f"{present} cannot be written: No space left"):
        search.replace_winner() if part == "winner" else search.replace_ensemble()
    folders = {path.name: RunFolder(path) for path in search.path.iterdir() if path.is_dir()}
    named = {folder: run.read_manifest().name for folder, run in folders.items()}
    assert named == {present: "first", following: "next"}


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
