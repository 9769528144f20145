from __future__ import annotations

import errno
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fnnctl.errors import DataError, MachineError, UsageError
from fnnctl.store.folder import RunFolder
from fnnctl.store.labels import MAX_NOTE, MAX_TAGS, Labels, change_labels, read_labels, try_labels
from fnnctl.store.lock import hold_lock, release
from fnnctl.store.volumes import MemoryVolume
from tests.messages import Messages
from tests.store.faults import failing, make_run


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return make_run(tmp_path, "iris")


def test_labels_are_kept_beside_the_manifest(run: Path) -> None:
    manifest = (run / "manifest.json").read_bytes()
    assert read_labels(run) == Labels()
    change_labels(run, lambda labels: labels.with_tags(["paper", "v1.2"]))
    assert change_labels(run, lambda labels: labels.with_tags(["v1.2", "x"])).tags == ("paper", "v1.2", "x")
    change_labels(run, lambda labels: labels.with_note("  good\nand small 🐧\n"))
    change_labels(run, lambda labels: labels.without_tags(["paper", "x"]))
    assert read_labels(run) == Labels(("v1.2",), "good\nand small 🐧")
    assert RunFolder(run).read_labels() == read_labels(run)
    assert json.loads((run / "labels.json").read_text()) == {"tags": ["v1.2"], "note": "good\nand small 🐧"}
    assert change_labels(run, lambda labels: labels.with_note(" ")).note is None
    assert (run / "manifest.json").read_bytes() == manifest
    assert "labels.json" in RunFolder(run).files()


def test_a_run_in_memory_has_labels() -> None:
    volume = MemoryVolume()
    volume.make_folder(volume.root / "run")
    change_labels(volume.root / "run", lambda labels: labels.with_tags(["a"]))
    assert read_labels(volume.root / "run").tags == ("a",)


def test_a_run_that_is_still_running_is_tagged(run: Path) -> None:
    lock = hold_lock(run / ".lock")
    change_labels(run, lambda labels: labels.with_tags(["a"]))
    release(lock)
    assert read_labels(run).tags == ("a",)


def test_simultaneous_changes_lose_nothing(run: Path) -> None:
    words = [f"t{number}" for number in range(16)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda word: change_labels(run, lambda labels: labels.with_tags([word])), words))
    assert sorted(read_labels(run).tags) == sorted(words)


@pytest.mark.parametrize("word", ["", "a b", "-x", "ü", "a,b", "x" * 49, "null", "NULL", "a\n", "a=b", "~"])
def test_a_word_that_is_no_tag(run: Path, word: str, messages: Messages) -> None:
    with pytest.raises(UsageError) as caught:
        change_labels(run, lambda labels: labels.with_tags(["good", word]))
    messages.check(caught.value)
    assert not (run / "labels.json").exists()


def test_changes_that_cannot_be(run: Path, messages: Messages) -> None:
    tagged = Labels(("paper", "draft"))
    for labels, word in ((tagged, "papr"), (tagged, "x"), (Labels(), "paper")):
        with pytest.raises(UsageError) as caught:
            labels.without_tags([word])
        messages.check(caught.value)
    many = Labels(tuple(f"t{number}" for number in range(MAX_TAGS)))
    assert many.with_tags(["t0"]) == many
    with pytest.raises(UsageError) as caught:
        many.with_tags(["one-more"])
    messages.check(caught.value)
    assert len(Labels().with_note("x" * MAX_NOTE).note or "") == MAX_NOTE
    with pytest.raises(UsageError) as caught:
        Labels().with_note("x" * (MAX_NOTE + 1))
    messages.check(caught.value)


@pytest.mark.parametrize(
    "content", ["", "[]", "{", '{"tags": "a"}', '{"tags": ["a b"]}', '{"tags": [1]}', '{"note": 3}']
)
def test_a_damaged_file(run: Path, content: str, messages: Messages) -> None:
    """It is neither read nor overwritten; lists go on without it."""
    (run / "labels.json").write_text(content)
    with pytest.raises(DataError) as caught:
        change_labels(run, lambda labels: labels.with_tags(["a"]))
    messages.check(caught.value)
    assert try_labels(run) == (Labels(), str(caught.value))
    assert (run / "labels.json").read_text() == content


def test_a_folder_that_cannot_be_written(
    run: Path, monkeypatch: pytest.MonkeyPatch, messages: Messages
) -> None:
    monkeypatch.setattr("os.open", failing(errno.EROFS))
    with pytest.raises(MachineError) as caught:
        change_labels(run, lambda labels: labels.with_tags(["a"]))
    messages.check(caught.value)
