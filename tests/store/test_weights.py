from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnnctl.errors import DataError
from fnnctl.store.weights import Array, array_list, read_listed_npz, read_npz, to_npz
from tests.arrays.crafted import CRAFTED
from tests.messages import Messages

ARRAYS: dict[str, Array] = {
    "weights_1": np.arange(6, dtype=np.float32).reshape(2, 3),
    "bias_1": np.array([0.1, -0.0, np.nan]),
    "codes": np.array([[1, 2]], dtype=np.int32),
    "scalar": np.array(7.0),
    "empty": np.empty((0, 4)),
}
PATH = Path("model.npz")


def npz_with(name: str, member: bytes, compression: int = zipfile.ZIP_STORED) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", compression) as archive:
        archive.writestr(name, member)
    return content.getvalue()


def npy(array: Array, *, allow_pickle: bool = False) -> bytes:
    content = io.BytesIO()
    np.lib.format.write_array(content, array, allow_pickle=allow_pickle)
    return content.getvalue()


def test_round_trip_to_the_bit() -> None:
    arrays = {**ARRAYS, "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3))}
    restored = read_listed_npz(to_npz(arrays), array_list(arrays), PATH)
    assert list(restored) == list(arrays)
    with np.load(io.BytesIO(to_npz(arrays)), allow_pickle=False) as loaded:
        for name, array in arrays.items():
            assert restored[name].dtype == array.dtype
            assert restored[name].shape == array.shape
            assert restored[name].tobytes() == loaded[name].tobytes() == array.tobytes()
            assert restored[name].flags.writeable


def test_equal_arrays_give_equal_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    first = to_npz(ARRAYS)
    monkeypatch.setattr("time.time", lambda: 2e9)
    assert to_npz({name: array.copy() for name, array in ARRAYS.items()}) == first


def test_objects_are_refused() -> None:
    with pytest.raises(ValueError, match="Object arrays cannot be saved"):
        to_npz({"a": np.array([{}], dtype=object)})
    pickled = npy(np.array([{}], dtype=object), allow_pickle=True)
    listed = {"a": {"shape": [1], "dtype": "object"}}
    with pytest.raises(DataError, match="object"):
        read_listed_npz(npz_with("a.npy", pickled), listed, PATH)


def listed(length: int) -> dict[str, Any]:
    """The list of one array."""
    return {"a": {"shape": [length], "dtype": "float64"}}


HUGE = (
    np.lib.format.magic(1, 0)
    + b"\x76\x00"
    + (b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000000,), }".ljust(117) + b"\n")
)


@pytest.mark.parametrize(
    ("content", "listed"),
    [
        (b"", {}),
        (to_npz(ARRAYS)[:-9], {}),
        (npz_with("a.npy", npy(np.zeros(3))).replace(bytes(24), bytes(23) + b"1"), {}),
        (to_npz(ARRAYS), {"other": {}}),
        (npz_with("a.npy", npy(np.zeros(3))), listed(4)),
        (npz_with("a.npy", npy(np.zeros(3))), {"a": {"shape": [3], "dtype": "float32"}}),
        (npz_with("a.npy", npy(np.zeros(3))), {"a": "float64"}),
        (npz_with("a.npy", npy(np.zeros(3))[:-1]), listed(3)),
        (npz_with("a.npy", npy(np.zeros(9)), zipfile.ZIP_DEFLATED), listed(9)),
        (npz_with("a.npy", HUGE), listed(10**15)),
        (npz_with("a.npy", b"text"), listed(3)),
        (to_npz(ARRAYS), None),
    ],
    ids=[
        "empty", "cut", "changed", "names", "shape", "dtype", "description", "short", "compressed", "huge",
        "no array", "no list",
    ],
)  # fmt: skip
def test_a_file_that_is_not_what_it_should_be(content: bytes, listed: object, messages: Messages) -> None:
    with pytest.raises(DataError) as caught:
        read_listed_npz(content, listed, PATH)
    messages.check(caught.value)


@pytest.mark.parametrize("name", CRAFTED)
def test_a_crafted_header_is_reported(name: str) -> None:
    content, words = CRAFTED[name]
    with pytest.raises(DataError, match=words) as caught:
        read_npz(npz_with("a.npy", content), PATH)
    assert caught.value.problems[0].message.startswith("is damaged: 'a.npy'")


NASTY = "a\x1b[31m\u202e"


@pytest.mark.parametrize(
    ("name", "content", "compression"),
    [
        (f"{NASTY}.npy", npy(np.zeros(3)), zipfile.ZIP_DEFLATED),
        (f"{NASTY}.npy", npy(np.zeros(3))[:-1], zipfile.ZIP_STORED),
        (f"{NASTY}.npy", npy(np.zeros(3)), zipfile.ZIP_STORED),
        (f"{'a' * 9999}.npy", b"text", zipfile.ZIP_STORED),
    ],
)
def test_names_in_someone_elses_file_print(name: str, content: bytes, compression: int) -> None:
    with pytest.raises(DataError) as caught:
        read_listed_npz(npz_with(name, content, compression), {NASTY: {"dtype": NASTY * 999}}, PATH)
    message = caught.value.message
    assert message.isprintable()
    assert name[:7].encode("unicode_escape").decode() in message
    assert len(message) < 250


@given(st.data())
def test_changed_bytes_are_read_or_reported(data: st.DataObject) -> None:
    content = bytearray(to_npz({"a": np.arange(4.0)}))
    listed: dict[str, Any] = {"a": {"shape": [4], "dtype": "float64"}}
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        restored = read_listed_npz(bytes(content), listed, PATH)
    except DataError:
        return
    assert restored["a"].shape == (4,)


def test_an_archive_without_memory_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bytes are closed if they cannot grow, and closing the archive would write into them."""

    def lacks_memory(archive: zipfile.ZipFile, *_: object) -> None:
        assert archive.fp
        archive.fp.close()
        raise MemoryError

    monkeypatch.setattr(zipfile.ZipFile, "writestr", lacks_memory)
    with pytest.raises(MemoryError):
        to_npz(ARRAYS)
