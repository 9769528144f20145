"""Damaged and crafted arrays, and arrays that do not fit into memory."""

from __future__ import annotations

import hashlib
import os
import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.arrays.crafted import CRAFTED, header_of
from tests.data.saving import X, Y, fault, load, save
from tests.messages import Messages

DAMAGED: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "is not an array in NumPy's format"),
    "a table": (b"a,b\n1,2\n", "is not an array in NumPy's format"),
    "half a header": (header_of((3, 2))[:30], "is not an array in NumPy's format"),
    "a header of nonsense": (header_of((3, 2)).replace(b"'shape'", b"'shapf'"), "is not an array in NumPy's"),
    "a terabyte promised": (header_of((10**9, 125)), "promises 1,000,000,000,000 bytes"),
    "more than any number": (header_of((10**30, 10**30)), "is damaged: its header promises"),
    "a negative shape": (header_of((-3, -2)) + bytes(48), "is damaged: its header promises"),
    "cut short": (
        header_of((3, 2)) + bytes(47),
        "promises 48 bytes for the shape (3, 2), but the file has 47",
    ),
    "too long": (header_of((3, 2)) + bytes(49), "and the file has 49"),
    **CRAFTED,
    "an unknown version": (b"\x93NUMPY\x09\x00" + bytes(100), "is in version 9.0 of NumPy's format"),
}


@pytest.mark.parametrize("name", DAMAGED)
@pytest.mark.parametrize("packed", [False, True])
def test_a_damaged_array_takes_no_memory(tmp_path: Path, name: str, packed: bool) -> None:
    content, words = DAMAGED[name]
    if packed:
        np.savez(tmp_path / "data.npz", y=Y)
        with zipfile.ZipFile(tmp_path / "data.npz", "a") as archive:
            archive.writestr("X.npy", content)
        assert words in fault(tmp_path, "data.npz")
    else:
        save(tmp_path, "folder", {"y": Y})
        (tmp_path / "folder" / "X.npy").write_bytes(content)
        assert words in fault(tmp_path)


def test_more_than_the_memory_is_refused_before_it_is_read(
    tmp_path: Path, messages: Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fnnctl.data.files.available_bytes", lambda: 23)
    messages.check(fault(tmp_path, "data.npz", {"X": X, "y": Y}))


def archive(folder: Path, *members: str, compression: int = zipfile.ZIP_STORED) -> bytes:
    """The content of an NPZ file with members of these names."""
    numbers = random.Random(0).randbytes(60 * 16)
    with zipfile.ZipFile(folder / "data.npz", "w", compression) as file:
        for name in members:
            file.writestr(name, header_of((60, 2)) + numbers)
    return (folder / "data.npz").read_bytes()


def replaced(content: bytes, place: int, *values: int) -> bytes:
    return content[:place] + bytes(values) + content[place + len(values) :]


SPOILED: dict[str, Callable[[bytes], bytes]] = {
    "cut": lambda content: content[: len(content) // 2],
    "empty": lambda content: b"",
    "a changed header": lambda content: replaced(content, content.index(b"\x93NUMPY") + 130, 255),
    "a table": lambda content: b"a,b\n1,2\n",
    "a name that is not UTF-8": lambda content: content.replace("ä".encode(), b"\xff\xff"),
    "a list of members elsewhere": lambda content: replaced(
        content, content.rindex(b"PK\x05\x06") + 16, *(10**6).to_bytes(4, "little")
    ),
}


@pytest.mark.parametrize("how", SPOILED)
def test_a_damaged_archive_is_named(tmp_path: Path, how: str) -> None:
    content = archive(tmp_path, "ä.npy", "X.npy", "y.npy")
    (tmp_path / "data.npz").write_bytes(SPOILED[how](content))
    message = fault(tmp_path, "data.npz")
    assert message.startswith(str(tmp_path / "data.npz"))
    assert "damaged" in message


@pytest.mark.parametrize("compression", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_damaged_member_is_damage_however_it_is_compressed(tmp_path: Path, compression: int) -> None:
    content = archive(tmp_path, "X.npy", "y.npy", compression=compression)
    wrong = replaced(content, 60, *(255 - byte for byte in content[60:90]))
    (tmp_path / "data.npz").write_bytes(wrong)
    assert "data.npz: X: the NPZ file is damaged (" in fault(tmp_path, "data.npz")


def test_names_and_types_print_and_are_short(tmp_path: Path, messages: Messages) -> None:
    archive(tmp_path, "a\x1b[31m\u202e.npy")
    messages.check(fault(tmp_path, "data.npz"))
    kinds = [(f"{'a' * 50}{number}\x1b", "<f8") for number in range(99)]
    messages.check(fault(tmp_path, arrays={"X": np.zeros(3, kinds), "y": Y}))


def test_an_array_alone_and_a_folder_without_arrays(tmp_path: Path, messages: Messages) -> None:
    np.save(tmp_path / "X.npy", X)
    (tmp_path / "empty").mkdir()
    save(tmp_path, "folder", {"y": Y})
    os.mkfifo(tmp_path / "folder" / "X.npy")
    for source in ("X.npy", "empty", "folder"):
        messages.check(fault(tmp_path, source))


class TestDigests:
    def test_a_folders_is_that_of_what_sha256sum_prints(self, tmp_path: Path) -> None:
        dataset = load(tmp_path, arrays={"X": X, "y": Y, "other": Y})
        lines = "".join(
            f"{hashlib.sha256((tmp_path / 'folder' / name).read_bytes()).hexdigest()}  {name}\n"
            for name in ("X.npy", "y.npy")
        )
        assert dataset.sha256 == hashlib.sha256(lines.encode()).hexdigest()
        assert load(tmp_path, sha256=dataset.sha256).sha256 == dataset.sha256
        save(tmp_path, "folder", {"y": Y[::-1] + 1})
        assert "folder has changed: its SHA-256 is now" in fault(tmp_path, sha256=dataset.sha256)

    def test_an_archives_is_that_of_its_bytes(self, tmp_path: Path) -> None:
        dataset = load(tmp_path, "data.npz", {"X": X, "y": Y})
        assert dataset.sha256 == hashlib.sha256((tmp_path / "data.npz").read_bytes()).hexdigest()
