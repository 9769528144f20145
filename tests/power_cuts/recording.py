"""Records what a command does to the files below a folder, also past `store`.

The functions of `os` and `open` are replaced while the command runs in this process; `pathlib` and `shutil`
call them. They do what they always do, but a sync is only recorded.
"""

from __future__ import annotations

import builtins
import io
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import RLock
from typing import Any, Final, Literal, Protocol

import pytest

from fnnctl.cli import run
from fnnctl.data.row_digests import SALT_BYTES
from fnnctl.plugins import scope
from tests.power_cuts.disk import (
    Files,
    Kind,
    Link,
    MakeNode,
    Operation,
    Rename,
    Request,
    Say,
    Sync,
    Trace,
    Truncate,
    Unlink,
    Write,
    files_below,
    nodes_of,
)
from tests.program import KEEP_ALL


class Hook(Protocol):
    """Called before each operation of the disk; an OSError that it raises is that of the operation."""

    def __call__(self, kind: Kind, path: str, size: int = 0) -> int:
        """Return how many of the `size` bytes of a write are written."""


def without_errors(kind: Kind, path: str, size: int = 0) -> int:
    """The hook of a disk on which nothing fails."""
    return size


class Recorder:
    """The operations on the files below a folder since the object was made."""

    def __init__(self, folder: Path, hook: Hook = without_errors) -> None:
        """Begin with what is in the folder; its path must not change."""
        self.operations: list[Operation] = []
        self.requests: list[Request] = []
        self._root, self._hook = os.path.realpath(folder), hook
        self.before: Files = files_below(folder)
        self._nodes = nodes_of(self.before)
        """By path below the folder."""
        self._next = len(self._nodes)
        self._open: dict[int, str] = {}
        """The paths of open descriptors."""
        self._lock = RLock()
        self._real: dict[str, Callable[..., Any]] = {name: getattr(os, name) for name in _REPLACED}
        self._real_open = io.open

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Record what happens in the block."""
        with pytest.MonkeyPatch.context() as patch:
            for name, method in _REPLACED.items():
                patch.setattr(os, name, getattr(self, method))
            for name in ("_USE_CP_SENDFILE", "_HAS_FCOPYFILE"):  # the system would copy unseen
                patch.setattr(shutil, name, False, raising=False)
            patch.setattr(io, "open", self.open_file)
            patch.setattr(builtins, "open", self.open_file)
            yield

    def say(self, text: str) -> None:
        """Record that the command has written to standard output."""
        self.operations.append(Say(text))

    def open(self, path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        with self._lock:
            place = self._place(path, dir_fd)
            if place is None:
                descriptor: int = self._real["open"](path, flags, mode, dir_fd=dir_fd)
                self._open.pop(descriptor, None)
                return descriptor
            is_new = bool(flags & os.O_CREAT) and place not in self._nodes
            if is_new:
                self._request("create", place)
            descriptor = self._real["open"](path, flags, mode, dir_fd=dir_fd)
            if is_new:
                self._make(place, is_folder=False)
            elif flags & os.O_TRUNC:
                self.operations.append(Truncate(self._nodes[place], 0))
            self._open[descriptor] = place
            return descriptor

    def open_file(self, file: Any, mode: str = "r", buffering: int = -1, *args: Any, **options: Any) -> Any:
        """What stands for `open`."""
        if isinstance(file, int) or not set(mode) & set("wax+") or self._place(file) is None:
            return self._real_open(file, mode, buffering, *args, **options)
        raw = _RecordedFile(self, file, mode.replace("b", "").replace("t", ""))
        if buffering == 0:
            return raw
        buffered = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
        return buffered if "b" in mode else io.TextIOWrapper(buffered, *args, **options)

    def close(self, descriptor: int) -> None:
        with self._lock:
            self._open.pop(descriptor, None)
            self._real["close"](descriptor)

    def forget(self, descriptor: int) -> None:
        """The descriptor is closed."""
        self._open.pop(descriptor, None)

    def write(self, descriptor: int, content: Any) -> int:
        def write_from(start: int) -> int:
            size: int = self._real["write"](descriptor, bytes(content)[:start])
            return size

        return self.write_at_end(descriptor, content, write_from, append=True)

    def write_at_end(
        self, descriptor: int, content: Any, do: Callable[[int], int], *, append: bool = False
    ) -> int:
        """Write bytes where the descriptor is, or at the end, by a function of how many are written."""
        with self._lock:
            place, data = self._open.get(descriptor), bytes(content)
            if place is None:
                return do(len(data))
            offset = os.fstat(descriptor).st_size if append else os.lseek(descriptor, 0, os.SEEK_CUR)
            size = do(self._request("write", place, len(data)))
            self.operations.append(Write(self._nodes[place], offset, data[:size]))
            return size

    def truncate(self, path: Any, length: int) -> None:
        with self._lock:
            place = self._place(path)
            if place is not None:
                self._request("truncate", place)
            self._real["truncate"](path, length)
            if place is not None:
                self.operations.append(Truncate(self._nodes[place], length))

    def fsync(self, descriptor: int) -> None:
        with self._lock:
            place = self._open.get(descriptor if isinstance(descriptor, int) else descriptor.fileno())
            if place is not None:
                self._request("sync", place)
                self.operations.append(Sync(self._nodes[place]))

    def rename(self, source: Any, target: Any) -> None:
        with self._lock:
            old, new = self._place(source), self._place(target)
            if old is None or new is None:
                if old != new:
                    raise AssertionError(f"a rename between file systems: {source} to {target}")
                self._real["rename"](source, target)
                return
            (folder, name), (new_folder, new_name) = self._parent(old), self._parent(new)
            if folder != new_folder:
                raise AssertionError(f"a rename from folder to folder: {old} to {new}")
            self._request("rename", new)
            self._real["rename"](source, target)
            self.operations.append(Rename(folder, name, new_name, self._nodes[old]))
            self._nodes.pop(new, None)
            self._nodes = {_moved(path, old, new): node for path, node in self._nodes.items()}
            self._open = {each: _moved(path, old, new) for each, path in self._open.items()}

    def link(self, source: Any, target: Any, **options: Any) -> None:
        with self._lock:
            old, new = self._place(source), self._place(target)
            if new is not None:
                self._request("link", new)
            self._real["link"](source, target, **options)
            if old is not None and new is not None:
                self._nodes[new] = self._nodes[old]
                self.operations.append(Link(*self._parent(new), self._nodes[old]))

    def unlink(self, path: Any, *, dir_fd: int | None = None) -> None:
        self._remove("unlink", path, dir_fd)

    def rmdir(self, path: Any, *, dir_fd: int | None = None) -> None:
        self._remove("rmdir", path, dir_fd)

    def mkdir(self, path: Any, mode: int = 0o777, *, dir_fd: int | None = None) -> None:
        with self._lock:
            place = self._place(path, dir_fd)
            if place is not None and not os.path.lexists(path):
                self._request("mkdir", place)
            self._real["mkdir"](path, mode, dir_fd=dir_fd)
            if place is not None:
                self._make(place, is_folder=True)

    def _remove(self, kind: Literal["unlink", "rmdir"], path: Any, dir_fd: int | None) -> None:
        with self._lock:
            place = self._place(path, dir_fd)
            if place in self._nodes:
                self._request(kind, place)
            self._real[kind](path, dir_fd=dir_fd)
            if place is not None:
                self.operations.append(Unlink(*self._parent(place), self._nodes.pop(place)))

    def _request(self, kind: Kind, place: str, size: int = 0) -> int:
        self.requests.append(Request(kind, size))
        return self._hook(kind, place, size)

    def _make(self, place: str, *, is_folder: bool) -> None:
        node, self._next = self._next, self._next + 1
        self._nodes[place] = node
        self.operations += [MakeNode(node, is_folder), Link(*self._parent(place), node)]

    def _parent(self, place: str) -> tuple[int, str]:
        """The node of the folder that a path is in, and its name there."""
        parent, _, name = place.rpartition("/")
        return self._nodes[parent], name

    def _place(self, path: Any, dir_fd: int | None = None) -> str | None:
        """The path below the folder; None for any other path."""
        if isinstance(path, int):
            return self._open.get(path)
        base = str(Path.cwd())
        if dir_fd is not None:
            if dir_fd not in self._open:
                return None
            base = f"{self._root}/{self._open[dir_fd]}"
        absolute = os.path.normpath(Path(base, os.fsdecode(path)))
        if absolute == self._root:
            return ""
        return absolute[len(self._root) + 1 :] if absolute.startswith(self._root + os.sep) else None


_CHEAP: Final[tuple[tuple[str, Any], ...]] = (
    *((f"fnnctl.runs.checkpointing.{name}", value) for name, value in KEEP_ALL),
    ("fnnctl.report.figures.drawing._draw", lambda *run, **present: ()),
    ("fnnctl.report.figures.drawer.start_process", lambda search: None),
    ("fnnctl.store.provenance.git_state", lambda: None),
)
"""Figures and git take the longest, so there are none: of the writes of figures, which can be drawn again,
nothing is known. A checkpoint comes after every epoch."""
_REPLACED: Final = {
    name: method
    for name, method in (
        *(
            (name, name)
            for name in ("open", "close", "write", "truncate", "fsync", "rename", "link", "unlink")
        ),
        *((name, name) for name in ("mkdir", "rmdir")),
        *(("ftruncate", "truncate"), ("fdatasync", "fsync"), ("replace", "rename"), ("remove", "unlink")),
    )
    if hasattr(os, name)
}
"""The functions of `os` that are replaced, and the methods that stand for them."""


def _moved(path: str, old: str, new: str) -> str:
    is_inside = path == old or path.startswith(f"{old}/")
    return new + path[len(old) :] if is_inside else path


class _RecordedFile(io.FileIO):
    """A file that a Python program has opened to write; a buffer is around it."""

    def __init__(self, recorder: Recorder, path: Any, mode: str) -> None:
        self._recorder = recorder
        super().__init__(path, mode, opener=recorder.open)

    def write(self, content: Any) -> int:
        def write_from(size: int) -> int:
            return super(_RecordedFile, self).write(bytes(content)[:size]) or 0

        return self._recorder.write_at_end(self.fileno(), content, write_from, append="a" in self.mode)

    def truncate(self, size: int | None = None) -> int:
        length = self.tell() if size is None else size
        self._recorder.truncate(self.fileno(), length)
        return length

    def close(self) -> None:
        if not self.closed:
            with suppress(ValueError):
                self._recorder.forget(self.fileno())
        super().close()


class _RecordedOutput(io.StringIO):
    """The standard output of a command."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__()
        self._say = recorder.say

    def write(self, text: str) -> int:
        self._say(text)
        return super().write(text)


def record(folder: Path, arguments: Sequence[str]) -> Trace:
    """Run a command in the folder and record it. Raises AssertionError if it has written unseen."""
    recorder = Recorder(folder)
    code, _, _ = run_in(folder, arguments, recorder)
    trace = Trace(recorder.before, tuple(recorder.operations), code, tuple(recorder.requests))
    files, expected = files_below(folder), trace.end()
    unseen = sorted(path for path in {*files, *expected} if files.get(path, 0) != expected.get(path, 0))
    if unseen:
        raise AssertionError(f"changed past the recorder: {unseen}")
    return trace


def run_in(folder: Path, arguments: Sequence[str], recorder: Recorder | None = None) -> tuple[int, str, str]:
    """Run a command in the folder; return its exit code and what it wrote to both streams."""
    recorder = recorder or Recorder(folder)
    real_urandom = os.urandom
    with pytest.MonkeyPatch.context() as patch:
        for name, value in _CHEAP:
            patch.setattr(name, value)
        patch.chdir(folder)
        patch.delenv("FNNCTL_RUNS_DIR", raising=False)
        patch.setattr(sys, "argv", ["fnnctl", *arguments])
        # the salt of a run whose file of trained rows is lost is another one
        patch.setattr(os, "urandom", lambda n: bytes(n) if n == SALT_BYTES else real_urandom(n))
        out, err = _RecordedOutput(recorder), io.StringIO()
        patch.setattr(sys, "stdout", out)
        patch.setattr(sys, "stderr", err)
        with recorder.recording(), scope():
            code = run(arguments)
    return code, out.getvalue(), err.getvalue()
