from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from fnnctl.errors import DataError, Problem
from fnnctl.store import listing, listing_cache
from fnnctl.store.labels import Labels, change_labels
from fnnctl.store.listing import ListedFacts, list_runs
from fnnctl.store.listing_cache import RunCache, stamp
from fnnctl.store.names import LISTED_FACTS
from tests.store.faults import make_run

SETTLED = 1_700_000_000


@pytest.fixture(autouse=True)
def _cached(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if there were many runs, whose files were written long ago."""
    monkeypatch.setattr(listing_cache, "MIN_CACHED_RUNS", 1)
    monkeypatch.setattr(listing_cache, "time", lambda: 4e9)


def test_values_are_kept_until_a_stamp_differs(tmp_path: Path) -> None:
    file = tmp_path / ".cache"
    written = RunCache(file, "numbers")
    written.put("a", "1", [1, None, "ü"])
    written.put("b", "1", {"x": 2.5})
    written.put("gone", "1", 3)
    written.store(["a", "b"])
    read = RunCache(file, "numbers")
    assert [read.get("a", "1"), read.get("b", "1"), read.get("a", "2")] == [[1, None, "ü"], {"x": 2.5}, None]
    assert read.get("gone", "1") is None
    assert RunCache(file, "other numbers").get("a", "1") is None


@pytest.mark.parametrize(
    "content", [b"", b"\xff", b"{}", b"%s\n\n", b"%s\na\n", b"%s\na\t1\tx\n", b"%s\na\t1\t"]
)
def test_a_damaged_file_is_an_empty_cache(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / ".cache"
    empty = RunCache(file, "x")
    empty.put("a", "1", 1)
    empty.store(["a"])
    file.write_bytes(content.replace(b"%s", file.read_bytes().splitlines()[0]))
    assert RunCache(file, "x").get("a", "1") is None


def test_few_runs_and_odd_names_are_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values = RunCache(tmp_path / ".cache", "x")
    values.put("a\nb", "1", 1)
    values.put("just changed", "", 1)
    values.store(["a\nb", "just changed"])
    assert not (tmp_path / ".cache").exists()
    values.put("a", "1", 1)
    monkeypatch.setattr(listing_cache, "MIN_CACHED_RUNS", 2)
    values.store(["a"])
    assert not (tmp_path / ".cache").exists()


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    make_run(tmp_path, "a", seed=7)
    (tmp_path / LISTED_FACTS).mkdir()
    listed = list_runs(tmp_path)
    assert list_runs(tmp_path) == listed
    assert [(entry.path.name, entry.facts and entry.facts.seed) for entry in listed] == [("a", 7)]
    assert [*(tmp_path / LISTED_FACTS).iterdir()] == []


def test_a_stamp_changes_with_every_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also if size and time of change stay the same, as after `cp -p`."""
    file, stamps = tmp_path / "file", []
    stamps.append(stamp(str(tmp_path), ["file", "other"]))
    for content in ("one", "two"):
        file.unlink(missing_ok=True)
        (tmp_path / "new").write_text(content)
        (tmp_path / "new").rename(file)
        os.utime(file, (SETTLED, SETTLED))
        stamps.append(stamp(str(tmp_path), ["file", "other"]))
    file.write_text("six")
    os.utime(file, (SETTLED, SETTLED))
    stamps.append(stamp(str(tmp_path), ["file", "other"]))
    assert len({*stamps}) == 4
    monkeypatch.undo()
    assert stamp(str(tmp_path), ["file"]) == ""


def test_lists_are_the_same_with_and_without_a_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make_run(tmp_path, "a", seed=7, data={"name": "iris", "task": "classification"})
    make_run(tmp_path, "b", status="running")
    make_run(tmp_path, "c", layout=2)
    for accuracy in (0.5, 0.75):
        (folder / "metrics.json").write_text(json.dumps({"test": {"accuracy": accuracy}}))
        first = list_runs(tmp_path)
        assert [entry.facts and entry.facts.metric for entry in first] == [None, accuracy, None]
        with monkeypatch.context() as context:
            context.setattr(listing, "_facts", refused)
            assert list_runs(tmp_path)[1:] == first[1:]
        assert list_runs(tmp_path) == first


def refused(path: Path) -> ListedFacts:
    """Reads no manifest."""
    raise DataError(Problem(f"{path} is read"))


@pytest.mark.parametrize(
    "value", ["3", "[]", '["running","train","x","t",null,"2",7,null,null,null,null,"",null]']
)
def test_odd_values_in_the_cache_are_read_again(tmp_path: Path, value: str) -> None:
    make_run(tmp_path, "a", seed=7)
    expected = list_runs(tmp_path)
    file = tmp_path / ".listed-facts"
    first, line = file.read_text().splitlines()
    file.write_text(f"{first}\n{line.rpartition(chr(9))[0]}\t{value}\n")
    assert list_runs(tmp_path) == expected


def test_labels_are_cached_with_the_facts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a change no file is opened, whether a run has labels or not; a change is seen."""
    for name in ("a", "b"):
        make_run(tmp_path, name)
    change_labels(tmp_path / "a", lambda labels: labels.with_tags(["x", "y"]).with_note("one\ttwo\n"))
    first = list_runs(tmp_path, {"b": ("champion",)})
    assert [(entry.labels, entry.promoted) for entry in first] == [
        (Labels(("x", "y"), "one\ttwo"), ()),
        (Labels(), ("champion",)),
    ]
    with monkeypatch.context() as context:
        context.setattr(listing, "_facts", refused)
        context.setattr(listing, "try_labels", refused)
        assert list_runs(tmp_path, {"b": ("champion",)}) == first
    change_labels(tmp_path / "b", lambda labels: labels.with_tags(["z"]))
    assert [entry.labels.tags for entry in list_runs(tmp_path)] == [("x", "y"), ("z",)]
    (tmp_path / "b" / "labels.json").write_text("3")
    damaged = list_runs(tmp_path)[1]
    assert (damaged.displayed_status, damaged.labels) == ("completed", Labels())
    assert "is not a JSON object" in (damaged.labels_damage or "")
    (tmp_path / "b" / "labels.json").unlink()
    assert list_runs(tmp_path)[1].labels_damage is None


def test_the_cache_knows_how_many_files_a_run_has(tmp_path: Path) -> None:
    """Whether it is a search is asked once."""
    cache = RunCache(tmp_path / LISTED_FACTS, "x")
    cache.put("a", "1 2 3", 1)
    assert (cache.stamped_files("a"), cache.stamped_files("b")) == (3, 0)
