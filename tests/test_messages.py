"""Messages are kinds with sentences: each kind is made in one place, and nothing depends on the words."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

from fnnctl.messages import Message, sentences
from tests import sources
from tests.messages import FILE, Messages, is_test, read_entries, write_entries

DEAD = Message("dead_units", "60% of the units are dead")


def test_what_is_stored_of_a_message_gives_the_message() -> None:
    inside = DEAD.of_part("ensemble", "the ensemble")
    assert str(inside) == "the ensemble: 60% of the units are dead"
    assert (DEAD.stored_kind, inside.stored_kind) == ("dead_units", "ensemble.dead_units")
    for message in (DEAD, inside):
        assert Message.from_stored(message.stored_kind, str(message)) == message


def test_severity_is_not_stored_and_so_not_compared() -> None:
    severe = Message("dead_units", "60% of the units are dead", is_severe=True)
    assert severe == DEAD
    assert severe.of_part("best", "trial 3").is_severe


def test_sentences_keep_their_order() -> None:
    assert sentences([DEAD, Message("few_rows", "3 rows")]) == ["60% of the units are dead", "3 rows"]


def kinds() -> list[tuple[str, str]]:
    """The kind and the file of each `Message(...)` of the program whose kind is written there."""
    return [
        (node.args[0].value, file)
        for file in sources.FILES
        for node in sources.nodes(file)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Message"
        if node.args and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str)
    ]


def test_each_kind_is_a_word_that_one_place_makes() -> None:
    """A kind that several branches of one function make is a constant beside them."""
    counts = Counter(kind for kind, _ in kinds())
    assert len(counts) > 40
    assert [kind for kind, count in counts.items() if count > 1] == []
    assert [kind for kind in counts if not re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*", kind)] == []


def test_no_code_reads_the_sentence_of_a_message() -> None:
    """`str()` is for those who show or store it; the sentence itself is the message module's business."""
    readers = [
        f"{file}:{node.lineno}"
        for file in sources.FILES
        if file != "messages.py"
        for node in sources.nodes(file)
        if isinstance(node, ast.Attribute) and node.attr == "sentence"
    ]
    assert readers == []


def test_each_entry_of_a_file_of_messages_has_its_test() -> None:
    entries = [(file, name) for file in Path(__file__).parent.rglob(FILE) for name in read_entries(file)]
    assert [f"{file}: {name}" for file, name in entries if not is_test(file, name)] == []


def test_messages_are_compared_to_the_letter(tmp_path: Path) -> None:
    expected = ["no.yaml: 3 problems", "a line\n   a second"]
    write_entries(tmp_path / FILE, {"test_a.py::test_b[=> c]": expected, "test_a.py::test_a": []})
    assert read_entries(tmp_path / FILE)["test_a.py::test_b[=> c]"] == expected
    checked = Messages(expected, tmp_path / "made")
    with pytest.raises(AssertionError):
        Messages(expected, tmp_path).check("no.yaml: 4 problems")
    checked.check("no.yaml: 3 problems")
    checked.check("a line\na second\n")
    with pytest.raises(AssertionError):
        checked.check("a third")
