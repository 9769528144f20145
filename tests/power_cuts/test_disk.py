"""What the model of a disk says that a power cut may leave."""

from __future__ import annotations

import random

import pytest

from tests.power_cuts.disk import (
    LOSSES,
    ROOT,
    Disk,
    Files,
    Link,
    Loss,
    MakeNode,
    Operation,
    Rename,
    Sync,
    Truncate,
    Unlink,
    Write,
)

BEFORE: Files = {"old": b"1" * 600, "folder": None, "folder/inner": b"inner"}
OLD, FOLDER, INNER = 1, 2, 3
"""The nodes of the files before."""


NEW: list[Operation] = [MakeNode(9, is_folder=False), Link(ROOT, "new", 9), Write(9, 0, b"2" * 700)]
"""A new file."""


def states_after(*operations: Operation, losses: tuple[Loss, ...] = LOSSES) -> list[Files]:
    """All that 400 power cuts leave of these operations."""
    disk = Disk(BEFORE)
    for operation in operations:
        disk.do(operation)
    rng = random.Random(0)
    states: list[Files] = []
    for number in range(400):
        state = disk.after_cut(losses[number % len(losses)], rng)
        if state not in states:
            states.append(state)
    return states


def test_what_was_there_stays() -> None:
    assert states_after() == [BEFORE]


def test_a_sync_of_a_file_keeps_no_name_and_one_of_a_folder_keeps_no_content() -> None:
    content = b"2" * 700
    contents = {state.get("new") for state in states_after(*NEW)}
    assert {None, b"", content, bytes(700), content[:512]} <= contents
    assert {state.get("new") for state in states_after(*NEW, Sync(9))} == {None, content}
    assert None not in {state.get("new") for state in states_after(*NEW, Sync(ROOT))}
    assert states_after(*NEW, Sync(9), Sync(ROOT)) == [{**BEFORE, "new": content}]


def test_a_file_is_replaced_as_a_whole_only_if_its_content_was_synced() -> None:
    replace = Rename(ROOT, "new", "old", 9)
    assert {state["old"] for state in states_after(*NEW, Sync(9), replace)} == {b"1" * 600, b"2" * 700}
    assert any(set(state["old"] or b"") != {ord("2")} for state in states_after(*NEW, replace, Sync(ROOT)))


@pytest.mark.parametrize("sector", [512])
def test_what_is_appended_is_torn_at_sectors_and_what_was_synced_is_not(sector: int) -> None:
    states = states_after(Write(OLD, 600, b"2" * 1000), losses=("torn",))
    contents = [state["old"] or b"" for state in states]
    assert all(content.startswith(b"1" * 600) for content in contents)
    lost_before_kept = [content for content in contents if b"\0" in content and content.endswith(b"2")]
    assert lost_before_kept, "a later sector may be written first"
    assert {content.index(b"2", 1024) % sector for content in lost_before_kept if content[1023] == 0} == {0}


def test_a_file_that_was_cut_has_one_of_its_lengths() -> None:
    assert {state["old"] for state in states_after(Truncate(OLD, 5), losses=("nothing", "all"))} == {
        b"1" * 5,
        b"1" * 600,
    }


def test_names_are_kept_in_any_order_and_a_rename_as_a_whole() -> None:
    one, two = Unlink(FOLDER, "inner", INNER), Rename(ROOT, "old", "renamed", OLD)
    names = {tuple(sorted(state)) for state in states_after(one, two)}
    assert names == {
        ("folder", "folder/inner", "old"), ("folder", "old"), ("folder", "folder/inner", "renamed"),
        ("folder", "renamed"),
    }  # fmt: skip
    twice = states_after(two, Rename(ROOT, "renamed", "again", OLD))
    assert {name for state in twice for name in state if "/" not in name} == {
        "folder",
        "old",
        "renamed",
        "again",
    }
    assert all(len(state) == 3 for state in twice), "no file is there twice, and none is gone"


def test_what_is_in_a_lost_folder_is_lost() -> None:
    folder: list[Operation] = [MakeNode(9, is_folder=True), Link(ROOT, "made", 9)]
    file: list[Operation] = [MakeNode(10, is_folder=False), Link(9, "file", 10), Write(10, 0, b"text")]
    assert {tuple(state) for state in states_after(*folder, *file, Sync(10), Sync(9))} == {
        ("folder", "folder/inner", "old"),
        ("folder", "folder/inner", "made", "made/file", "old"),
    }
