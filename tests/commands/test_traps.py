"""Wrong configs and data: exit code 2, a message with the location, and no run folder."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tests.program import Program

GOOD_ROWS = "\n".join(f"{i}.5,{'uv'[i % 2]},{'yes' if i % 3 else 'no'}" for i in range(40))
GOOD = f"x,kind,label\n{GOOD_ROWS}\n"

WRONG_CONFIGS = {
    "text_for_a_number": ("data: {source: iris}\ntraining: {epochs: many}\n", "c.yaml:2: training.epochs"),
    "yaml_1.1_no_is_text": ("data: {source: iris}\ntraining: {shuffle: no}\n", "c.yaml:2: training.shuffle"),
    "unknown_key": ("data: {source: iris}\nmodle: {}\n", "c.yaml:2: modle: unknown setting (did you mean"),
    "duplicate_key": ("data: {source: iris}\nseed: 1\nseed: 2\n", "c.yaml:3: seed"),
    "alias": ("data: &d {source: iris}\nmodel: *d\n", "c.yaml:"),
    "tag": ("data: !!python/object:os.system {source: iris}\n", "c.yaml:1"),
    "tab": ("data:\n\tsource: iris\n", "c.yaml:2"),
    "not_a_mapping": ("- data\n", "c.yaml:1"),
    "empty": ("", "c.yaml"),
    "deep": ("data: " + "[" * 200 + "]" * 200 + "\n", "c.yaml"),
    "large": ("# " + "x" * 1_100_000 + "\ndata: {source: iris}\n", "c.yaml"),
    "no_source": ("model: {hidden: [3]}\n", "data.source"),
    "unknown_data": ("data: {source: irsi}\n", "did you mean 'iris'"),
    "ignored_setting": (
        "data: {source: iris}\nmodel: {hidden: [], activation: tanh}\n", "c.yaml:2: model.activation",
    ),
    "other_optimizers_setting": (
        "data: {source: iris}\ntraining: {optimizer: {name: sgd, momentum: 0.9}}\n",
        "c.yaml:2: training.optimizer.momentum",
    ),
    "infinite": ("data: {source: iris}\ntraining: {l2: .inf}\n", "c.yaml:2: training.l2"),
    "shares": ("data: {source: iris, split: {validation: 0.5, test: 0.5}}\n", "c.yaml:1: data.split"),
    "nothing_to_watch": (
        "data: {source: iris, split: {validation: 0}}\ntraining: {early_stopping: {patience: 3}}\n"
        "recipe: classic\n",  # with bags, rows out of the bag are watched
        "c.yaml:2: training.early_stopping",
    ),
    "too_large": (
        "data: {source: iris}\nmodel: {hidden: [1000000, 1000000]}\nrecipe: classic\n",
        "c.yaml:2: model.hidden: ",
    ),
}  # fmt: skip

WRONG_DATA: dict[str, tuple[bytes, str]] = {
    "ragged_row": (GOOD.replace("3.5,v,no", "3.5,v").encode(), "own.csv:5"),
    "unclosed_quote": (GOOD.replace("3.5,v,no", '3.5,"v,no').encode(), "own.csv:5"),
    "duplicate_header": (GOOD.replace("kind", "x", 1).encode(), "own.csv:1"),
    "blank_header": (GOOD.replace("kind", "", 1).encode(), "own.csv:1"),
    "missing_target": (GOOD.replace("label", "lable", 1).encode(), "did you mean 'lable'"),
    "text_in_a_number": (GOOD.replace("3.5,v", "three,v", 1).encode(), "own.csv:5"),
    "infinity": (GOOD.replace("3.5,v", "inf,v", 1).encode(), "own.csv:5"),
    "underscore": (GOOD.replace("3.5,v", "1_000,v", 1).encode(), "own.csv:5"),
    "other_digits": (GOOD.replace("3.5,v", "٣,v", 1).encode(), "own.csv:5"),
    "utf_16_without_a_mark": (GOOD.encode("utf-16-le"), "utf-16-le"),
    "cp1252": (GOOD.replace("3.5,v", "3.5,é", 1).encode("cp1252"), "to cp1252 if the text is 'é'"),
    "empty": (b"", "own.csv"),
    "header_alone": (b"x,kind,label\n", "own.csv"),
    "nul": (GOOD.replace("3.5,v", "3.5,\0", 1).encode(), "own.csv"),
    "one_class": (GOOD.replace("no", "yes").encode(), "label"),
    "class_of_one_row": (GOOD.replace("3.5,v,no", "3.5,v,rare", 1).encode(), "rare"),
    "damaged_gzip": (gzip.compress(GOOD.encode())[:40], "own.csv"),
}


def assert_refused(program: Program, folder: Path, place: str) -> None:
    done = program("train", "c.yaml")
    assert done.code == 2, done.err
    assert place in done.err
    assert "Traceback" not in done.err
    assert done.out == ""
    assert not (folder / "runs").exists()
    checked = program("check", "c.yaml", "--json")
    assert checked.code == 2
    assert checked.json["valid"] is False
    assert checked.json["problems"][0].keys() == {"file", "line", "path", "message"}


@pytest.mark.parametrize("name", WRONG_CONFIGS)
def test_wrong_config(program: Program, tmp_path: Path, name: str) -> None:
    text, place = WRONG_CONFIGS[name]
    (tmp_path / "c.yaml").write_text(text)
    assert_refused(program, tmp_path, place)


@pytest.mark.parametrize("name", WRONG_DATA)
def test_wrong_data(program: Program, tmp_path: Path, name: str) -> None:
    content, place = WRONG_DATA[name]
    (tmp_path / "own.csv").write_bytes(content)
    (tmp_path / "c.yaml").write_text("data: {source: own.csv, target: label}\nrecipe: classic\n")
    assert_refused(program, tmp_path, place)


def pickled() -> bytes:
    """An array that would run code if it were unpickled."""

    class Bomb:
        def __reduce__(self) -> tuple[object, ...]:
            return exec, ("raise SystemExit('the bomb went off')",)

    buffer = io.BytesIO()
    np.save(buffer, np.array([Bomb()], object), allow_pickle=True)
    return buffer.getvalue()


def promising(shape: tuple[int, ...]) -> bytes:
    buffer = io.BytesIO()
    header = {"descr": "<f8", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(buffer, header)
    return buffer.getvalue()


WRONG_ARRAYS = {
    "pickled": (pickled(), "contains Python objects, which are not loaded because they can run code"),
    "a_terabyte": (promising((10**9, 125)), "its header promises 1,000,000,000,000 bytes"),
    "no_array": (GOOD.encode(), "is not an array in NumPy's format"),
}


@pytest.mark.parametrize("name", WRONG_ARRAYS)
@pytest.mark.parametrize("source", ["own.npz", "own"])
def test_wrong_arrays(program: Program, tmp_path: Path, name: str, source: str) -> None:
    content, message = WRONG_ARRAYS[name]
    if source == "own":
        (tmp_path / source).mkdir()
        np.save(tmp_path / source / "y.npy", np.arange(2))
        (tmp_path / source / "X.npy").write_bytes(content)
        place = "own/X.npy"
    else:
        np.savez(tmp_path / source, y=np.arange(2))
        with zipfile.ZipFile(tmp_path / source, "a") as archive:
            archive.writestr("X.npy", content)
        place = "own.npz: X"
    (tmp_path / "c.yaml").write_text(f"data: {{source: {source}}}\n")
    assert_refused(program, tmp_path, f"{place}: ")
    assert message in program("train", "c.yaml").err


def test_good_data_pass(program: Program, tmp_path: Path) -> None:
    """The data are valid before the cases above damage them; a byte-order mark does no harm."""
    rows = GOOD.replace("\n", ",1\n").replace("label,1", "label,one")
    (tmp_path / "own.csv").write_bytes(b"\xef\xbb\xbf" + rows.encode())
    (tmp_path / "c.yaml").write_text(
        "recipe: classic\ndata: {source: own.csv, target: label}\ntraining: {epochs: 1}\n"
    )
    done = program("train", "c.yaml")
    assert done.code == 0, done.err
    assert "'one'" in done.err


@pytest.mark.parametrize(
    ("override", "place"),
    [
        ("training.epochs", "--set"),
        ("training.epoch=3", "did you mean"),
        ("training.epochs=-3", "training.epochs"),
        ("training.epochs=[", "--set"),
    ],
)
def test_wrong_override(program: Program, iris: Path, override: str, place: str) -> None:
    done = program("train", str(iris), "--set", override)
    assert done.code == 2
    assert place in done.err


def test_missing_config_names_init(program: Program) -> None:
    done = program("train")
    assert done.code == 2
    assert "fnnctl init" in done.err


def test_an_error_under_json_is_one_object(program: Program, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("data: {source: iris}\nseed: -1\n")
    done = program("train", "c.yaml", "--json")
    assert done.code == 2
    error = done.json["error"]
    assert error["kind"] == "config"
    assert error["problems"][0]["line"] == 2
    assert error["problems"][0]["path"] == "seed"
