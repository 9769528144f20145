"""Damaged and crafted models: `model.json` and `model.npz` are changed as bytes, as values and as arrays.

A model is refused, or it predicts numbers that can be.
"""

from __future__ import annotations

import csv
import io
import json
import math
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final

import numpy as np

from fnnctl.commands.predict import PredictionForm, predict
from fnnctl.context import Context
from tests.fuzzing.small_runs import read_files, trained_runs, write_files
from tests.fuzzing.small_table import NAME
from tests.fuzzing.trying import BrokenPromiseError, Kind
from tests.fuzzing.values import changed, changed_bytes, wild

_DESCRIPTION: Final = "model.json"
_WEIGHTS: Final = "model.npz"
_FILES: Final = (_DESCRIPTION, _WEIGHTS, "manifest.json", "trained_rows.npz")
_FORMS: Final = (
    PredictionForm(),
    PredictionForm(),
    PredictionForm(coverage=0.9),
    PredictionForm(contributions=1),
    PredictionForm(top=2, digits=3),
)
_OUTPUT: Final = "p.csv"


@dataclass(frozen=True, slots=True)
class ModelCase:
    """Files of a run, and what is written of its predictions."""

    run: str
    changed_files: dict[str, bytes]
    form: PredictionForm
    is_crafted: bool = field(default=False)
    """Whether the weights may be any numbers."""


def model_kind(folder: Path) -> Kind:
    """The models of runs that are trained in the folder."""
    runs = trained_runs(folder)
    originals = {name: read_files(path, _FILES) for name, path in runs.items()}

    def make(rng: Random) -> ModelCase:
        name = rng.choice(list(originals))
        files, is_crafted = _changed(originals[name], rng)
        return ModelCase(name, files, rng.choice(_FORMS), is_crafted)

    def attempt(case: ModelCase) -> str:
        run = runs[case.run]
        try:
            write_files(run, case.changed_files)
            output = folder / _OUTPUT
            predict(str(run), NAME, Context(folder / "runs"), to=output, form=case.form, workers=1)
            _check_numbers(output.read_text(encoding="utf-8"))
        finally:
            write_files(run, {name: originals[case.run][name] for name in case.changed_files})
        return "predicts"

    return Kind("models", make, attempt)


def _changed(files: dict[str, bytes], rng: Random) -> tuple[dict[str, bytes], bool]:
    """The changed files, and whether the weights may be any numbers."""
    match rng.randrange(10):
        case 0:
            name = rng.choice(list(files))
            return {name: changed_bytes(files[name], rng)}, False
        case 1 | 2 | 3 | 4:
            name = rng.choice((_DESCRIPTION, _DESCRIPTION, _DESCRIPTION, "manifest.json"))
            value = json.loads(files[name])
            for _ in range(rng.choice((1, 1, 1, 2))):
                changed(value, rng)
            return {name: _json(value)}, False
        case 5:
            return {_WEIGHTS: _changed_archive(files[_WEIGHTS], rng)}, False
        case _:
            return _changed_arrays(files, rng), True


def _json(value: Any) -> bytes:
    try:
        return json.dumps(value).encode()
    except ValueError:  # an integer of too many digits
        return b"{}"


def _changed_archive(content: bytes, rng: Random) -> bytes:
    """An archive with members of other names, twice, compressed, or with other headers."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(out, "w") as target:
        members = [(info.filename, archive.read(info)) for info in archive.infolist()]
        chosen = rng.randrange(len(members))
        names = {name for name, _ in members}
        for number, (name, data) in enumerate(members):
            new_name, new_data, way = name, data, zipfile.ZIP_STORED
            match rng.randrange(6) if number == chosen else None:
                case 0:
                    way = rng.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA))
                case 1 | 2:
                    new_name = rng.choice((f"../{name}", f"/{name}", "", "a/b.npy", name[:-4], "é.npy"))
                case 3:
                    new_data = _with_header(data, rng)
                case 4:
                    new_data = changed_bytes(data, rng)
                case 5:
                    continue
            if new_name == name or new_name not in names:  # twice the same name is a warning of zipfile
                target.writestr(zipfile.ZipInfo(new_name), new_data, way)
    return out.getvalue()


def _with_header(data: bytes, rng: Random) -> bytes:
    """An array whose header says another shape or type."""
    header = rng.choice((
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1099511627776,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }",
        "{'descr': '|O', 'fortran_order': False, 'shape': (3,), }",
        "{'descr': '<f4', 'fortran_order': True, 'shape': (2, -1), }",
        "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (" + "1," * 40 + "), }",
        "{'descr': '<U9', 'fortran_order': False, 'shape': (2,), }",
        "{'descr': '<f2', 'fortran_order': False, 'shape': (), }",
        "{'descr': __import__('os').system('false'), 'fortran_order': False, 'shape': (2,), }",
        "(" * 200 + ")" * 200,
        "{}",
    ))  # fmt: skip
    text = header.encode() + b" " * 20 + b"\n"
    return data[:8] + len(text).to_bytes(2, "little") + text + data[-rng.choice((8, 64, 512)) :]


def _changed_arrays(files: dict[str, bytes], rng: Random) -> dict[str, bytes]:
    """Arrays of other numbers, types, shapes and names; mostly `model.json` lists them."""
    with np.load(io.BytesIO(files[_WEIGHTS])) as stored:
        arrays: dict[str, Any] = {name: stored[name] for name in stored.files}
    name = rng.choice(list(arrays))
    match rng.randrange(12):
        case 0:
            del arrays[name]
        case 1:
            added = ("x", f"{name}.x", f"1.{name}", "errors.x", "background.x", "histograms.x")
            arrays[rng.choice(added)] = arrays[name]
        case 2 | 3 | 4 | 5 | 6:
            arrays[name] = _of_other_form(arrays[name], rng)
        case _:
            arrays[name] = _with_other_numbers(arrays[name].copy(), rng)
    out = io.BytesIO()
    np.savez(out, **arrays)
    changed_files = {_WEIGHTS: out.getvalue()}
    if rng.random() < 0.85:
        description = json.loads(files[_DESCRIPTION])
        description["arrays"] = {
            each: {"shape": list(values.shape), "dtype": values.dtype.name} for each, values in arrays.items()
        }
        if rng.random() < 0.05:
            description["arrays"][name] = wild(rng)
        changed_files[_DESCRIPTION] = _json(description)
    return changed_files


def _of_other_form(array: Any, rng: Random) -> Any:
    """An array of another type or shape."""
    match rng.randrange(6):
        case 0:
            return array.astype(rng.choice(("f2", "f4", "f8", "i4", "u1", "?", "c8", ">f4", ">f8", "i8")))
        case 1:
            return array.reshape(rng.choice(((-1,), (1, -1), (-1, 1), (1, -1, 1))))
        case 2:
            return np.concatenate([array, array]) if array.ndim else array[None]
        case 3:
            return array[:-1] if array.ndim else array
        case 4:
            return np.asfortranarray(array.T)
        case _:
            return np.zeros(rng.choice(((0,), (), (0, 3), (2, 0))), array.dtype)


def _with_other_numbers(array: Any, rng: Random) -> Any:
    """An array with some extreme numbers, or on another scale."""
    if not array.size or array.dtype.kind != "f":
        return array
    if rng.random() < 0.5:
        return array * array.dtype.type(rng.choice((-1, 0, 1e3, 1e6, 1e15, 1e-20)))
    value = rng.choice((math.nan, math.inf, -math.inf, 3e38, -3e38, 1e30, 1e300, 1e-45, -1.0, 0.0))
    with np.errstate(all="ignore"):
        number = np.float64(value).astype(array.dtype)
    flat = array.reshape(-1)
    flat[rng.randrange(flat.size) :: rng.choice((1, 7, flat.size))] = number
    return array


def _check_numbers(text: str) -> None:
    """Each number that was written is finite, and probabilities are from 0 to 1."""
    columns, *rows = csv.reader(io.StringIO(text, newline=""))
    if not rows:
        raise BrokenPromiseError("a model predicts no rows")
    for row in rows:
        for column, cell in zip(columns, row, strict=True):
            if cell in ("nan", "inf", "-inf"):
                raise BrokenPromiseError("a prediction is NaN or infinite")
            if column.startswith("p_") and not 0 <= float(cell) <= 1:
                raise BrokenPromiseError("a probability is not from 0 to 1")
