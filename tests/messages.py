"""What the program says, kept in `messages.txt` beside the tests that make it say so.

    pytest tests/data -p no:xdist --write-messages

writes the file of each folder whose tests were run; the difference is then read as the user would. An entry
has the name of a test and a line `=> …` per message, in the order in which the test checks them.
"""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Final

import pytest

WRITE: Final = "--write-messages"
FILE: Final = "messages.txt"
_MORE: Final = "   "
"""Before the second and later lines of a message."""

Entries = dict[str, list[str]]
"""The messages of a folder, by test."""
_WRITTEN: Final = pytest.StashKey[dict[Path, Entries]]()


class Messages:
    """The messages of one test."""

    def __init__(self, expected: list[str], folder: Path, *, writes: bool = False) -> None:
        self.expected = expected
        self.checked: list[str] = []
        self._folder, self._writes = folder, writes

    def check(self, message: object) -> None:
        """The message, or its lines, must be the next of the test's entry, to the letter."""
        text = str(message).replace(str(self._folder), "<folder>").strip("\n")
        lines = [line if line.isprintable() else repr(line) for line in text.split("\n")]
        self.checked.append(f"\n{_MORE}".join(lines))
        if not self._writes:
            assert self.expected[len(self.checked) - 1 :][:1] == self.checked[-1:], f"see {FILE} and {WRITE}"


def read_entries(file: Path) -> Entries:
    """The messages in a file, by test; none if there is no file."""
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    sections = (section.strip("\n").split("\n=> ") for section in f"\n{text}".split("\n## ")[1:])
    return {name: messages for name, *messages in sections}


def write_entries(file: Path, entries: Entries) -> None:
    sections = [
        "".join([f"## {name}", *(f"\n=> {line}" for line in entries[name])]) for name in sorted(entries)
    ]
    file.write_text("\n\n".join(sections) + "\n", encoding="utf-8")


@pytest.fixture
def messages(request: pytest.FixtureRequest, tmp_path: Path) -> Messages:
    """Compares messages with those in `messages.txt`, in which `<folder>` is the test's own folder."""
    expected = read_entries(request.path.with_name(FILE)).get(_name(request.node), [])
    return Messages(expected, tmp_path, writes=request.config.getoption(WRITE))


def _name(item: pytest.Item) -> str:
    return f"{item.path.name}::{item.name}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """A test that ends well has checked all its messages; one that is skipped or fails keeps them."""
    messages = getattr(item, "funcargs", {}).get("messages")
    if not isinstance(messages, Messages):
        return (yield)
    entries: Entries = {}
    if item.config.getoption(WRITE):
        entries = item.config.stash.setdefault(_WRITTEN, {}).setdefault(item.path.with_name(FILE), {})
    entries[_name(item)] = messages.expected
    result = yield
    if not item.config.getoption(WRITE):
        assert len(messages.checked) == len(messages.expected), f"{FILE} has more messages of {_name(item)}"
    entries[_name(item)] = messages.checked
    return result


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(WRITE, action="store_true", help=f"write {FILE} beside the tests, instead of comparing")


def pytest_sessionfinish(session: pytest.Session) -> None:
    for file, entries in session.config.stash.get(_WRITTEN, {}).items():
        functions = {name.partition("[")[0] for name in entries}
        kept = {
            name: texts
            for name, texts in read_entries(file).items()
            if name.partition("[")[0] not in functions
        }
        write_entries(file, {name: texts for name, texts in (kept | entries).items() if is_test(file, name)})


def is_test(file: Path, name: str) -> bool:
    """Whether the test of an entry exists."""
    module, _, function = name.partition("[")[0].partition("::")
    path = file.with_name(module)
    return path.exists() and f"def {function}(" in path.read_text(encoding="utf-8")
