from __future__ import annotations

import errno
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, nullcontext
from pathlib import Path

import pytest

from fnnctl.errors import DataError, FnnctlError, MachineError, UsageError
from fnnctl.store.atomic import (
    NotAFileError,
    append_bytes,
    cannot_write,
    open_file,
    read_bytes,
    write_bytes,
    write_files,
    write_lines,
    write_new,
    write_new_folder,
    write_output,
    write_text,
)
from tests.messages import Messages
from tests.store.faults import failing, lowest_free_descriptor
from tests.waiting import await_true

MANIFEST = '{"layout": 1, "kind": "train"}'


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_write_then_read(tmp_path: Path) -> None:
    """A new file has the rights of any other; text without a UTF-8 form is written as its escape."""
    assert read_bytes(tmp_path / "a") is None
    (tmp_path / "usual").touch()
    write_bytes(tmp_path / "a", b"\x00one")
    write_bytes(tmp_path / "a", b"\x00two")
    assert read_bytes(tmp_path / "a") == b"\x00two"
    write_text(tmp_path / "b", "ü\udcff")
    assert read_bytes(tmp_path / "b") == "ü\\udcff".encode()
    assert names_in(tmp_path) == ["a", "b", "usual"]
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_lines_are_written_as_they_come(tmp_path: Path) -> None:
    sizes = []

    def lines() -> Iterator[str]:
        for _ in range(3):
            sizes.append(sum(path.stat().st_size for path in tmp_path.iterdir()))
            assert all(name.startswith(".") for name in names_in(tmp_path))
            yield "ü" * 500_000

    write_lines(tmp_path / "a.csv", lines())
    assert sizes == [0, 1_000_000, 2_000_000]
    assert (tmp_path / "a.csv").read_text(encoding="utf-8") == "ü" * 1_500_000


@pytest.mark.parametrize("interruption", [KeyError("row"), KeyboardInterrupt()])
def test_lines_that_break_off_leave_the_old_file(tmp_path: Path, interruption: BaseException) -> None:
    def lines() -> Iterator[str]:
        yield "new" * 100_000
        raise interruption

    write_text(tmp_path / "a.csv", "old")
    for name in ("a.csv", "b.csv"):
        with pytest.raises(type(interruption)):
            write_lines(tmp_path / name, lines())
    assert names_in(tmp_path) == ["a.csv"]
    assert (tmp_path / "a.csv").read_text() == "old"


@pytest.mark.parametrize(
    ("call", "number"),
    [
        ("pathlib.Path.replace", errno.EIO),
        *(("os.fsync", number) for number in (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS)),
    ],
    ids=["error", "space", "quota", "permission", "read-only"],
)
def test_a_refused_write_is_reported_and_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, call: str, messages: Messages
) -> None:
    path = tmp_path / "metrics.json"
    write_bytes(path, b"old")
    with monkeypatch.context() as patch:
        patch.setattr(call, failing(number))
        with pytest.raises(MachineError) as caught:
            write_bytes(path, b"new")
    assert caught.value.exit_code == 3
    messages.check(str(caught.value).replace(os.strerror(number), "<error>"))
    assert path.read_bytes() == b"old"
    assert names_in(tmp_path) == ["metrics.json"]


def test_names_of_several_files_are_synced_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[bool] = []

    def fsync(descriptor: int) -> None:
        synced.append(stat.S_ISDIR(os.fstat(descriptor).st_mode))

    monkeypatch.setattr(os, "fsync", fsync)
    write_files(tmp_path, [("a", ["one\n", "two\n"]), ("b", [b"bytes"])])
    assert synced == [False, False, True]  # the content of each before its name, all names at the end
    synced.clear()
    write_files(tmp_path, [])
    assert synced == []
    (tmp_path / "c").mkdir()
    with pytest.raises(MachineError, match="c cannot be written"):
        write_files(tmp_path, [("a", ["new"]), ("c", [""]), ("b", [""])])
    assert ((tmp_path / "a").read_text(), (tmp_path / "b").read_bytes()) == ("new", b"bytes")
    assert names_in(tmp_path) == ["a", "b", "c"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_device_is_reported() -> None:
    with pytest.raises(MachineError, match="No space left on device; free some space"):
        write_output(Path("/dev/full"), ["text" * 100])


KILLED_WHILE_WRITING = """
import itertools, sys
from pathlib import Path
from fnnctl.store.atomic import write_bytes
for number in itertools.count():
    write_bytes(Path(sys.argv[1]), bytes([number % 256]) * 3_000_000)
"""


def test_a_killed_writer_leaves_no_half_file(tmp_path: Path) -> None:
    path = tmp_path / "weights"
    for milliseconds in (5, 40):
        path.unlink(missing_ok=True)
        with subprocess.Popen([sys.executable, "-c", KILLED_WHILE_WRITING, str(path)]) as writer:
            await_true(path.exists)
            time.sleep(milliseconds / 1000)  # at any moment of a later write
            writer.send_signal(signal.SIGKILL)
        content = path.read_bytes()
        assert len(content) == 3_000_000
        assert len(set(content)) == 1
    assert all(name == "weights" or name.startswith(".") for name in names_in(tmp_path))


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "metrics.json").symlink_to(tmp_path / "secret")
    with pytest.raises(DataError, match=r"metrics\.json: is a symbolic link"):
        read_bytes(tmp_path / "metrics.json")
    with pytest.raises(OSError, match="symbolic links"):
        append_bytes(tmp_path / "metrics.json", b"one\n")
    write_bytes(tmp_path / "metrics.json", b"{}")
    assert (tmp_path / "secret").read_text() == "secret"


@pytest.fixture(params=["pipe", "pipe that is read", "device", "socket"])
def no_file(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A pipe or a device: opening or reading it would block."""
    path = tmp_path / "metrics.json"
    with ExitStack() as undo:
        if request.param == "device":
            path = Path("/dev/zero")
        elif request.param == "socket":
            undo.enter_context(socket.socket(socket.AF_UNIX)).bind(str(path))
        else:
            os.mkfifo(path)
        if request.param == "pipe that is read":
            undo.callback(os.close, os.open(path, os.O_RDWR))
        yield path


def test_pipes_and_devices_are_refused_at_once(no_file: Path) -> None:
    free = lowest_free_descriptor()
    for flags in (os.O_RDONLY, os.O_WRONLY | os.O_APPEND | os.O_CREAT):
        with pytest.raises(NotAFileError):
            open_file(no_file, flags)
    assert lowest_free_descriptor() == free, "none is left open"
    with pytest.raises(DataError, match="is a pipe or a device; put a file there"):
        read_bytes(no_file)
    assert isinstance(cannot_write(no_file, NotAFileError()), DataError)


def test_an_output_replaces_a_file_and_keeps_a_link_to_it(tmp_path: Path) -> None:
    (tmp_path / "report.md").write_text("old")
    (tmp_path / "link.md").symlink_to("report.md")
    write_output(tmp_path / "link.md", ["new"])
    assert (tmp_path / "report.md").read_text() == "new"
    assert (tmp_path / "link.md").is_symlink()


@pytest.mark.parametrize("name", ["manifest.json", "threshold.csv", "MODEL.NPZ", "checkpoints/new"])
def test_no_output_is_a_file_of_a_run(tmp_path: Path, name: str) -> None:
    """Neither one that exists nor one that does not, by its own name or by that of a link."""
    run = tmp_path / "run"
    (run / "checkpoints").mkdir(parents=True)
    (run / "manifest.json").write_text(MANIFEST)
    (tmp_path / "folder").symlink_to(run)
    (tmp_path / "link.html").symlink_to(run / name)
    for path in (run / name, tmp_path / "folder" / name, tmp_path / "link.html"):
        with pytest.raises(UsageError, match=r"is a file of the run .*run, which is not overwritten"):
            write_output(path, ["text"])
    with pytest.raises(UsageError, match="is a file of the run"):
        write_new(run / name, "text")
    for _ in range(2):
        write_output(run / "report.html", ["text"])
    assert names_in(run) == ["checkpoints", "manifest.json", "report.html"]
    assert (run / "manifest.json").read_text() == MANIFEST


@pytest.mark.parametrize(
    ("manifest", "others", "is_run"),
    [
        ('{"name": "My web app", "icons": []}', ("config.yaml",), False),
        ("[]", (), False),
        ('{"layout"', (), False),
        ('{"layout"', ("config.yaml",), True),
        ("", ("resolved.yaml",), True),
        (MANIFEST, (), True),
    ],
)
def test_a_manifest_of_another_program_makes_no_run(
    tmp_path: Path, manifest: str, others: Sequence[str], is_run: bool
) -> None:
    (tmp_path / "manifest.json").write_text(manifest)
    for name in others:
        (tmp_path / name).write_text("")
    for path in (tmp_path / "predictions.csv", tmp_path / "checkpoints" / "predictions.csv"):
        path.parent.mkdir(exist_ok=True)
        with pytest.raises(UsageError) if is_run else nullcontext():
            write_output(path, ["text"])
        assert path.exists() is not is_run


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (read_bytes, MachineError),
        (lambda folder: write_output(folder, ["text"]), UsageError),
        (lambda folder: write_output(folder / "missing" / "report.md", ["text"]), UsageError),
        (lambda folder: write_output(folder / ("a" * 300), ["text"]), MachineError),
        (lambda folder: write_output(Path("-"), ["text"]), UsageError),
        (lambda folder: write_new(folder / "file", "text"), UsageError),
        (lambda folder: write_new_folder(folder / "file", {}), UsageError),
    ],
    ids=["read a folder", "folder", "no folder", "long name", "dash", "new file", "new folder"],
)
def test_what_cannot_be_read_or_written(
    tmp_path: Path, call: Callable[[Path], object], error: type[FnnctlError], messages: Messages
) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(error) as caught:
        call(tmp_path)
    messages.check(caught.value)
    assert names_in(tmp_path) == ["file"]
    assert (tmp_path / "file").read_text() == "mine"


@pytest.fixture(params=["links", "no links"])
def _links(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once with hard links, and once as on a file system without them."""
    if request.param == "no links":
        monkeypatch.setattr("pathlib.Path.hardlink_to", failing(errno.EPERM))


@pytest.mark.usefixtures("_links")
class TestNewFiles:
    def test_a_new_file_is_there_whole(self, tmp_path: Path) -> None:
        write_new(tmp_path / "fnnctl.yaml", "ü: 1\n")
        assert (tmp_path / "fnnctl.yaml").read_bytes() == "ü: 1\n".encode()
        assert names_in(tmp_path) == ["fnnctl.yaml"]

    def test_a_link_is_not_overwritten(self, tmp_path: Path) -> None:
        (tmp_path / "link.yaml").symlink_to("nowhere")
        with pytest.raises(UsageError, match="already exists and is not overwritten"):
            write_new(tmp_path / "link.yaml", "new")
        assert names_in(tmp_path) == ["link.yaml"]

    def test_what_appears_meanwhile_is_kept(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = tmp_path / "fnnctl.yaml"
        monkeypatch.setattr("os.fsync", lambda _: path.write_text("theirs"))
        with pytest.raises(UsageError, match="already exists"):
            write_new(path, "new")
        assert path.read_text() == "theirs"

    @pytest.mark.parametrize("calls", [["os.fsync"], ["pathlib.Path.hardlink_to", "pathlib.Path.replace"]])
    def test_a_refused_write_leaves_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, calls: list[str]
    ) -> None:
        for call in calls:
            monkeypatch.setattr(call, failing(errno.EIO))
        with pytest.raises(MachineError, match="Input/output error"):
            write_new(tmp_path / "fnnctl.yaml", "new")
        assert names_in(tmp_path) == []


def test_a_new_folder_appears_complete_or_not_at_all(synced: list[int], tmp_path: Path) -> None:
    """And survives a power cut."""
    path = tmp_path / "made" / "new"
    with pytest.raises(MachineError, match="cannot be written"):
        write_new_folder(path, {"a/b": b"1", "a": b"a file where a folder is"})
    assert list((tmp_path / "made").iterdir()) == []
    path.parent.rmdir()
    synced.clear()
    write_new_folder(path, {"a/b": b"1", "c": b"2"})
    assert (path / "a" / "b").read_bytes() == b"1"
    inodes = {entry.stat().st_ino for entry in (tmp_path, path.parent, path, *path.rglob("*"))}
    assert len(inodes) == 6
    assert inodes <= {*synced}
    assert synced[-1] == path.parent.stat().st_ino, "the folder's name, which it got by a rename"


def test_appends_what_the_system_takes_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, content: write(descriptor, content[:3]))
    append_bytes(tmp_path / "a", b"a longer text\n")
    append_bytes(tmp_path / "a", b"two\n", sync=True)
    assert (tmp_path / "a").read_bytes() == b"a longer text\ntwo\n"
