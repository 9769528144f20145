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
    for name, array in arrays.items():
        assert restored[name].dtype == array.dtype
        assert restored[name].shape == array.shape
        assert restored[name].tobytes() == array.tobytes()
        assert restored[name].flags.writeable


def test_equal_arrays_give_equal_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    first = to_npz(ARRAYS)
    monkeypatch.setattr("time.time", lambda: 2e9)
    assert to_npz({name: array.copy() for name, array in ARRAYS.items()}) == first


def test_numpy_reads_it() -> None:
    with np.load(io.BytesIO(to_npz(ARRAYS)), allow_pickle=False) as loaded:
        np.testing.assert_array_equal(loaded["weights_1"], ARRAYS["weights_1"])


def test_objects_are_refused() -> None:
    with pytest.raises(ValueError, match="Object arrays cannot be saved"):
        to_npz({"a": np.array([{}], dtype=object)})
    pickled = npy(np.array([{}], dtype=object), allow_pickle=True)
    listed = {"a": {"shape": [1], "dtype": "object"}}
    with pytest.raises(DataError, match="object"):
        read_listed_npz(npz_with("a.npy", pickled), listed, PATH)


HUGE = (
    np.lib.format.magic(1, 0)
    + b"\x76\x00"
    + (b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000000,), }".ljust(117) + b"\n")
)


@pytest.mark.parametrize(
    ("content", "listed", "message"),
    [
        (b"", {}, "it is incomplete or no NPZ file"),
        (to_npz(ARRAYS)[:-9], {}, "it is incomplete or no NPZ file"),
        (
            npz_with("a.npy", npy(np.zeros(3))).replace(bytes(24), bytes(23) + b"1"),
            {},
            "its bytes have changed since it was written",
        ),
        (to_npz(ARRAYS), {"other": {}}, "not those that model.json lists"),
        (
            npz_with("a.npy", npy(np.zeros(3))),
            {"a": {"shape": [4], "dtype": "float64"}},
            r"'a' is float64 \[3\], but model.json lists float64 \[4\]$",
        ),
        (
            npz_with("a.npy", npy(np.zeros(3))),
            {"a": {"shape": [3], "dtype": "float32"}},
            "but model.json lists",
        ),
        (npz_with("a.npy", npy(np.zeros(3))), {"a": "float64"}, "but model.json lists"),
        (
            npz_with("a.npy", npy(np.zeros(3))[:-1]),
            {"a": {"shape": [3], "dtype": "float64"}},
            "23 bytes; its shape needs 24",
        ),
        (
            npz_with("a.npy", npy(np.zeros(9)), zipfile.ZIP_DEFLATED),
            {"a": {"shape": [9], "dtype": "float64"}},
            "compressed",
        ),
        (npz_with("a.npy", HUGE), {"a": {"shape": [10**15], "dtype": "float64"}}, "0 bytes; its shape needs"),
        (npz_with("a.npy", b"text"), {"a": {"shape": [3], "dtype": "float64"}}, "damaged"),
    ],
)
def test_a_file_that_is_not_what_it_should_be(content: bytes, listed: object, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        read_listed_npz(content, listed, PATH)
    assert caught.value.problems[0].file == "model.npz"


def test_a_description_without_the_list_of_arrays_is_the_damaged_file() -> None:
    with pytest.raises(DataError, match=r"does not list the arrays of model\.npz") as caught:
        read_listed_npz(to_npz(ARRAYS), None, PATH)
    assert caught.value.problems[0].file == "model.json"


@pytest.mark.parametrize("name", CRAFTED)
def test_a_crafted_header_is_reported(name: str) -> None:
    content, words = CRAFTED[name]
    with pytest.raises(DataError, match=words) as caught:
        read_npz(npz_with("a.npy", content), PATH)
    assert caught.value.problems[0].message.startswith("is damaged: 'a.npy'")


NASTY = "a\x1b[31m\u202e"


@pytest.mark.parametrize(
    ("name", "content", "compression", "listed"),
    [
        (f"{NASTY}.npy", npy(np.zeros(3)), zipfile.ZIP_DEFLATED, {}),
        (f"{NASTY}.npy", npy(np.zeros(3))[:-1], zipfile.ZIP_STORED, {}),
        (f"{NASTY}.npy", b"text", zipfile.ZIP_STORED, {}),
        (f"{'a' * 9999}.npy", b"text", zipfile.ZIP_STORED, {}),
        (f"{NASTY}.npy", npy(np.zeros(3)), zipfile.ZIP_STORED, {NASTY: {"dtype": NASTY * 999}}),
    ],
)
def test_names_in_someone_elses_file_print(
    name: str, content: bytes, compression: int, listed: dict[str, Any]
) -> None:
    with pytest.raises(DataError) as caught:
        read_listed_npz(npz_with(name, content, compression), listed, PATH)
    told = caught.value.message
    assert told.isprintable()
    assert name[:7].encode("unicode_escape").decode() in told
    assert len(told) < 250


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
