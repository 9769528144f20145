"""A model of a POSIX disk: what a power cut may leave of the operations of a command.

A file is a node with contents, a folder one with names. What was not synced is lost or kept by each node for
itself:

- A sync of a file keeps its content, and not its name; a sync of a folder keeps its names, and no content.
- Of an unsynced file each sector has its content after any of the writes, or zeros where the file has grown.
- Of unsynced names any that do not rest on a lost one may be kept, in any order; a rename is kept as a whole.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, NamedTuple, TypeAlias

ROOT: Final = 0
"""The node of the folder that all others are in."""
SECTORS: Final = (512, 4096)
"""Sizes of a sector in bytes: a sector is written as a whole."""


@dataclass(frozen=True, slots=True)
class MakeNode:
    """A new file or folder, which has no name yet."""

    node: int
    is_folder: bool


@dataclass(frozen=True, slots=True)
class Link:
    """A node gets a name in a folder, in place of what had it."""

    folder: int
    name: str
    node: int


@dataclass(frozen=True, slots=True)
class Unlink:
    """A node loses its name."""

    folder: int
    name: str
    node: int


@dataclass(frozen=True, slots=True)
class Rename:
    """A node gets another name in its folder, at once."""

    folder: int
    name: str
    new_name: str
    node: int


@dataclass(frozen=True, slots=True)
class Write:
    """Bytes are written into a file."""

    node: int
    offset: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Truncate:
    """A file gets another length."""

    node: int
    size: int


@dataclass(frozen=True, slots=True)
class Sync:
    """A file's content, or a folder's names, survive from now on."""

    node: int


@dataclass(frozen=True, slots=True)
class Say:
    """The command writes to standard output: what it reports is to survive from now on."""

    text: str


NameOperation: TypeAlias = Link | Unlink | Rename
ContentOperation: TypeAlias = Write | Truncate
Operation: TypeAlias = MakeNode | NameOperation | ContentOperation | Sync | Say
Files: TypeAlias = dict[str, bytes | None]
"""What is on a disk, by path: the contents of files, and None for folders, each before what is in it."""


Kind = Literal["create", "write", "truncate", "sync", "rename", "link", "unlink", "mkdir", "rmdir"]
"""What a command may ask of the disk, other than to read."""


class Request(NamedTuple):
    """What a command asks of the disk."""

    kind: Kind
    size: int
    """The number of bytes that are to be written."""


@dataclass(frozen=True, slots=True)
class Trace:
    """What a command did to a disk, and what it reported."""

    before: Files
    """The disk before the command; all of it had survived."""
    operations: tuple[Operation, ...]
    code: int
    """The command's exit code."""
    requests: tuple[Request, ...] = ()
    """What it asked of the disk, each of which could fail."""

    def disk_after(self, count: int) -> Disk:
        """The disk after the first `count` operations."""
        disk = Disk(self.before)
        for operation in self.operations[:count]:
            disk.do(operation)
        return disk

    def end(self) -> Files:
        """What is on the disk after the command if the power stays."""
        return self.disk_after(len(self.operations)).files()


@dataclass(slots=True)
class _File:
    synced: bytes = b""
    unsynced: list[ContentOperation] = field(default_factory=list)

    def versions(self) -> list[bytes]:
        """The synced content, and that after each write since."""
        versions, content = [self.synced], bytearray(self.synced)
        for operation in self.unsynced:
            if isinstance(operation, Truncate):
                content = content[: operation.size].ljust(operation.size, b"\0")
            else:
                content = content.ljust(operation.offset, b"\0")
                content[operation.offset : operation.offset + len(operation.content)] = operation.content
            versions.append(bytes(content))
        return versions

    def sync(self) -> None:
        if self.unsynced:
            self.synced, self.unsynced = self.versions()[-1], []


@dataclass(slots=True)
class _Folder:
    synced: dict[str, int] = field(default_factory=dict)
    unsynced: list[NameOperation] = field(default_factory=list)

    def names(self, kept: Iterable[NameOperation] | None = None) -> dict[str, int]:
        """The synced names, changed by those operations that are kept and rest on no lost one."""
        names = dict(self.synced)
        for operation in self.unsynced if kept is None else kept:
            match operation:
                case Link(_, name, node):
                    names[name] = node
                case Unlink(_, name, node):
                    if names.get(name) == node:
                        del names[name]
                case Rename(_, name, new_name, node):
                    if names.get(name) == node:
                        del names[name]
                        names[new_name] = node
        return names

    def sync(self) -> None:
        self.synced, self.unsynced = self.names(), []


Loss: TypeAlias = Literal["nothing", "all", "contents", "zeros", "torn", "names", "each"]
LOSSES: Final[tuple[Loss, ...]] = ("nothing", "all", "contents", "zeros", "torn", "names", "each")
"""What may be lost of what is unsynced: nothing, as by a kill; all; the contents alone, so that files are too
short, have zeros, or are torn; the names alone; or some of each node."""


class Disk:
    """A disk on which operations are done one after the other."""

    def __init__(self, files: Mapping[str, bytes | None]) -> None:
        """A disk with these files, all of which have survived."""
        self._files: dict[int, _File] = {}
        self._folders: dict[int, _Folder] = {ROOT: _Folder()}
        self.nodes = nodes_of(files)
        """The nodes of what is on the disk at first, by path."""
        for path, node in self.nodes.items():
            if path:
                parent, _, name = path.rpartition("/")
                self._folders[self.nodes[parent]].synced[name] = node
                content = files[path]
                if content is None:
                    self._folders[node] = _Folder()
                else:
                    self._files[node] = _File(content)

    def do(self, operation: Operation) -> None:
        """Do an operation."""
        match operation:
            case MakeNode(node, is_folder):
                if is_folder:
                    self._folders[node] = _Folder()
                else:
                    self._files[node] = _File()
            case Link() | Unlink() | Rename():
                self._folders[operation.folder].unsynced.append(operation)
            case Write() | Truncate():
                self._files[operation.node].unsynced.append(operation)
            case Sync(node):
                (self._folders.get(node) or self._files[node]).sync()

    def files(self) -> Files:
        """What a program sees on the disk now."""
        return self.after_cut("nothing", random.Random(0))

    def after_cut(self, loss: Loss, rng: random.Random) -> Files:
        """What is on the disk after a power cut now."""
        sector = rng.choice(SECTORS)
        names = {node: _names_left(folder, loss, rng) for node, folder in self._folders.items()}
        return dict(self._listed(ROOT, "", names, loss, sector, rng))

    def path_of(self, node: int) -> str:
        """The path of a file or a folder that has a name."""
        path = ""
        while node != ROOT:
            node, name = next(
                (folder, name)
                for folder, entries in self._folders.items()
                for name, child in entries.names().items()
                if child == node
            )
            path = f"{name}/{path}" if path else name
        return path

    def _listed(
        self,
        folder: int,
        prefix: str,
        names: Mapping[int, Mapping[str, int]],
        loss: Loss,
        sector: int,
        rng: random.Random,
    ) -> Iterator[tuple[str, bytes | None]]:
        for name, node in sorted(names[folder].items()):
            path = f"{prefix}{name}"
            if node in self._folders:
                yield path, None
                yield from self._listed(node, f"{path}/", names, loss, sector, rng)
            else:
                yield path, _content_left(self._files[node], loss, sector, rng)


def nodes_of(files: Iterable[str]) -> dict[str, int]:
    """The nodes of the paths of a disk; the empty path is the root."""
    return {"": ROOT, **{path: node for node, path in enumerate(files, start=1)}}


def _names_left(folder: _Folder, loss: Loss, rng: random.Random) -> dict[str, int]:
    if loss in ("all", "names"):
        return folder.synced
    operations = folder.unsynced
    if loss != "each" or not operations:
        return folder.names()
    match rng.choice(("none", "first", "some", "some", "all")):
        case "none":
            return folder.synced
        case "first":  # as by a file system that keeps their order
            return folder.names(operations[: rng.randrange(len(operations))])
        case "some":
            share = rng.choice((0.2, 0.5, 0.8))
            return folder.names([each for each in operations if rng.random() < share])
    return folder.names()


def _content_left(file: _File, loss: Loss, sector: int, rng: random.Random) -> bytes:
    if not file.unsynced or loss == "all":
        return file.synced
    versions = file.versions()
    if loss == "each":
        loss = rng.choice(("nothing", "all", "zeros", "torn", "torn"))
    match loss:
        case "contents" | "all":
            return file.synced
        case "zeros":  # the length is kept, and no content
            return file.synced[: len(versions[-1])].ljust(len(versions[-1]), b"\0")
        case "torn":
            return _torn(versions, sector, rng)
    return versions[-1]


def _torn(versions: list[bytes], sector: int, rng: random.Random) -> bytes:
    """Each sector as it was after any of the writes, in a file as long as after any of them."""
    size = len(rng.choice(versions))
    if rng.random() < 0.5:  # the last sectors are lost
        size = max(min(map(len, versions)), min(size, sector * rng.randint(0, 1 + size // sector)))
        return versions[-1][:size].ljust(size, b"\0")
    return b"".join(
        rng.choice(versions)[start : start + sector].ljust(min(sector, size - start), b"\0")[: size - start]
        for start in range(0, size, sector)
    )


def files_below(folder: Path) -> Files:
    """What is in a folder."""
    paths = sorted(folder.rglob("*"))
    return {
        path.relative_to(folder).as_posix(): None if path.is_dir() else path.read_bytes() for path in paths
    }


def write_state(folder: Path, files: Files) -> None:
    """Make a folder what a disk is."""
    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    for name, content in files.items():
        if content is None:
            (folder / name).mkdir()
        else:
            (folder / name).write_bytes(content)
