"""Wrong configs and data: exit code 2, a message with the location, and no run folder."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tests.messages import Messages
from tests.program import Program

CONFIG = b"data: {source: own.csv, target: label}\nrecipe: classic\n"
ROWS = "\n".join(f"{i}.5,{'uv'[i % 2]},{'yes' if i % 3 else 'no'}" for i in range(40))
GOOD = f"x,kind,label\n{ROWS}\n"


def array_file(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    return buffer.getvalue()


class Bomb:
    """Would run code if it were unpickled."""

    def __reduce__(self) -> tuple[object, ...]:
        return exec, ("raise SystemExit('the bomb went off')",)


def promised(shape: tuple[int, ...]) -> bytes:
    """The header of an array without its values."""
    buffer = io.BytesIO()
    header = {"descr": "<f8", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(buffer, header)
    return buffer.getvalue()


def packed(content: bytes) -> bytes:
    """An NPZ file with this as its X."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("y.npy", array_file(np.arange(2)))
        archive.writestr("X.npy", content)
    return buffer.getvalue()


WRONG = {
    "a config with problems": {"c.yaml": b"data: {source: iris}\ntraining: {epochs: many}\nmodle: {}\n"},
    "a config that is no YAML": {"c.yaml": b"data:\n\tsource: iris\n"},
    "a config that would run code": {"c.yaml": b"data: !!python/object:os.system {source: iris}\n"},
    "an empty config": {"c.yaml": b""},
    "a config that is too deep": {"c.yaml": b"data: " + b"[" * 200 + b"]" * 200 + b"\n"},
    "a config that is too large": {"c.yaml": b"# " + b"x" * 1_100_000 + b"\ndata: {source: iris}\n"},
    "settings that contradict each other": {
        "c.yaml": b"data: {source: iris, split: {validation: 0.5, test: 0.5}}\nmodel: {hidden: []}\n"
    },
    "a row that is too short": {"own.csv": GOOD.replace("3.5,v,no", "3.5,v").encode()},
    "a quote that is not closed": {"own.csv": GOOD.replace("3.5,v,no", '3.5,"v,no').encode()},
    "a text among numbers": {"own.csv": GOOD.replace("3.5,v", "three,v", 1).encode()},
    "a target that is not there": {"own.csv": GOOD.replace("label", "lable", 1).encode()},
    "another encoding": {"own.csv": GOOD.replace("3.5,v", "3.5,é", 1).encode("cp1252")},
    "UTF-16 without a mark": {"own.csv": GOOD.encode("utf-16-le")},
    "no row": {"own.csv": b"x,kind,label\n"},
    "one class": {"own.csv": GOOD.replace("no", "yes").encode()},
    "a class of one row": {"own.csv": GOOD.replace("3.5,v,no", "3.5,v,rare", 1).encode()},
    "half a gzip file": {"own.csv": gzip.compress(GOOD.encode())[:40]},
    "Python objects in an archive": {"own.npz": packed(array_file(np.array([Bomb()], object)))},
    "a terabyte in an archive": {"own.npz": packed(promised((10**9, 125)))},
    "no array in an archive": {"own.npz": packed(GOOD.encode())},
    "Python objects in a folder": {"own/X.npy": array_file(np.array([Bomb()], object))},
    "a terabyte in a folder": {"own/X.npy": promised((10**9, 125))},
    "no array in a folder": {"own/X.npy": GOOD.encode()},
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_input_is_reported_with_its_location(
    program: Program, tmp_path: Path, messages: Messages, name: str
) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "y.npy").write_bytes(array_file(np.arange(2)))
    ((file, content),) = WRONG[name].items()
    config = CONFIG if file == "own.csv" else f"data: {{source: {Path(file).parts[0]}}}\n".encode()
    (tmp_path / "c.yaml").write_bytes(config)
    (tmp_path / file).write_bytes(content)
    done = program("train", "c.yaml")
    assert (done.code, done.out) == (2, "")
    messages.check(done.err)
    assert not (tmp_path / "runs").exists()
    checked = program("check", "c.yaml", "--json")
    assert (checked.code, checked.json["valid"]) == (2, False)
    assert checked.json["problems"][0].keys() == {"file", "line", "path", "message"}


def test_good_data_pass(program: Program, tmp_path: Path) -> None:
    """The data are valid before the cases above damage them; a byte-order mark does no harm."""
    (tmp_path / "own.csv").write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    (tmp_path / "c.yaml").write_bytes(CONFIG + b"training: {epochs: 1}\n")
    done = program("train", "c.yaml")
    assert done.code == 0, done.err


def test_an_error_under_json_is_one_object(program: Program, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("data: {source: iris}\nseed: -1\n")
    done = program("train", "c.yaml", "--json")
    error = done.json["error"]
    assert (done.code, error["kind"]) == (2, "config")
    assert (error["problems"][0]["line"], error["problems"][0]["path"]) == (2, "seed")
