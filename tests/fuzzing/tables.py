"""Small tables as people have them and as nobody should, with settings that fit them or not.

They are read, split and prepared as for a training, and now and then trained on for an epoch.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Final

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.commands.train import train
from fnnctl.config.reading.loading import ConfigText
from fnnctl.config.schema.data import ColumnsConfig, DataConfig, SplitConfig
from fnnctl.config.schema.forms import field_forms
from fnnctl.context import Context
from fnnctl.data.new_rows import open_new_rows
from fnnctl.data.preprocessing import Preprocessor
from fnnctl.data.tables.open_table import CsvFormat, missing_texts
from fnnctl.errors import InputError
from fnnctl.modelling.input_file import InputFile
from fnnctl.modelling.loading import LoadedExperiment, load_experiment
from fnnctl.modelling.saved_model import load_model
from fnnctl.store.folder import RunFolder
from tests.fuzzing.configs import drawn_value
from tests.fuzzing.trying import BrokenPromiseError, Kind
from tests.fuzzing.values import NUMBERS, TEXTS, changed_bytes, spliced, spliced_lines, wild
from tests.random_tables import CATEGORIES, OTHERS, random_table
from tests.random_tables import NUMBERS as NUMBER_COLUMNS

_ENCODINGS: Final = (*["utf-8"] * 15, "utf-8-sig", "utf-16", "utf-16-le", "latin-1", "cp1252", "utf-32")
_CSV_PARTS: Final = (
    ",", ",,", '"', '""', "\n", "\r\n", "\r", "\n\n", "\t", ";", " ", "\ufeff", "\x00", "nan", "NA", "inf",
    "-", "0", "1e400", "9" * 400, "é", "😀", "x" * 300, "2024-02-30", "sep=;\n", "#", "\x1a", "\u2028",
    "1,5", "1.000,5",
)  # fmt: skip
_TRAINED: Final = 150
"""One in so many tables is trained on."""
_READ_AGAIN: Final = 10


@dataclass(frozen=True, slots=True)
class TableCase:
    """A file with a table, and the settings of an experiment on it."""

    name: str
    content: bytes
    settings: dict[str, Any]
    is_read_again: bool
    is_trained: bool


def table_kind(folder: Path) -> Kind:
    """Tables that are written into a folder, one after another."""

    def attempt(case: TableCase) -> str:
        return _attempt(case, folder)

    return Kind("tables", _case, attempt)


def _case(rng: Random) -> TableCase:
    if rng.random() < 0.1:
        text, target = random_table(np.random.default_rng(rng.getrandbits(64)))
        header, *rows = csv.reader(io.StringIO(text))
    else:
        header, rows, target = _drawn_table(rng)
        text = _csv(header, rows, rng)
    name = "t.csv"
    if rng.random() < 0.15:
        name, text = "t.jsonl", _json_lines(header, rows, rng)
    for _ in range(rng.choice((0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 3))):
        text = spliced_lines(text, rng) if rng.random() < 0.4 else spliced(text, rng, _CSV_PARTS)
    encoding = rng.choice(_ENCODINGS) if name == "t.csv" else "utf-8"
    content = text.encode(encoding, "replace")
    if rng.random() < 0.04:
        content = changed_bytes(content, rng)
    if rng.random() < 0.03:
        name, content = f"{name}.gz", gzip.compress(content, 1, mtime=0)
        content = changed_bytes(content, rng) if rng.random() < 0.5 else content
    settings = _settings(name, header, target, rng)
    if encoding not in ("utf-8", "utf-8-sig", "utf-16") and rng.random() < 0.8:
        settings["data"]["encoding"] = encoding
    return TableCase(name, content, settings, rng.randrange(_READ_AGAIN) == 0, rng.randrange(_TRAINED) == 0)


def _drawn_table(rng: Random) -> tuple[list[str], list[list[str]], str]:
    """The names of columns, rows of texts, and the target: most columns are clean, some are of any kind."""
    rows, columns = rng.choice((0, 1, 3, 5, 8, 12, 16, 20, 24, 30, 40)), rng.choice((1, 2, 2, 3, 3, 4))
    oddity = rng.choice((0.0, 0.0, 0.1, 0.5))
    header = ["abcde"[number] for number in range(columns)] + ["y"]
    values = [_column(rng, rows, oddity) for _ in header]
    if rng.random() < 0.85:
        values[-1] = _target(rng, rows)
    for number in range(len(header)):
        if rng.random() < oddity / 5:
            header[number] = rng.choice((*TEXTS, "a", "b", "target"))
    return header, [list(row) for row in zip(*values, strict=True)], rng.choice(header[-1:] * 15 + header)


def _target(rng: Random, rows: int) -> list[str]:
    """Numbers, or classes of which each has several rows."""
    if rng.random() < 0.4:
        return [f"{rng.gauss(5, 2):.{rng.choice((0, 2))}f}" for _ in range(rows)]
    classes = rng.choice(
        (("no", "yes"), ("0", "1"), ("a", "b", "c"), ("1", "2", "3", "4"), ("True", "False"))
    )
    return [classes[row % len(classes)] for row in range(rows)]


def _column(rng: Random, rows: int, oddity: float) -> list[str]:
    """A clean column, or one of any kind, with some odd values."""
    if rng.random() < oddity:
        pool = rng.choice((CATEGORIES, NUMBER_COLUMNS, OTHERS))
        column = rng.choice(pool)(np.random.default_rng(rng.getrandbits(64)), rows)
    elif rng.random() < 0.6:
        scale = rng.choice((1, 1, 1e-3, 1e6, 1e30, 1e-200))
        column = [f"{rng.gauss(0, 1) * scale:.6g}" for _ in range(rows)]
    else:
        words = rng.choice(
            (("p", "q"), ("p", "q", "r", ""), ("1", "2", "3"), ("x",), ("2024-01-02", "2023-05-06"))
        )
        column = [rng.choice(words) for _ in range(rows)]
    for row in range(rows):
        if rng.random() < oddity / 10:
            column[row] = rng.choice(("", "", "NA", rng.choice(TEXTS), str(rng.choice(NUMBERS[:20]))))
    return column


def _csv(header: list[str], rows: list[list[str]], rng: Random) -> str:
    out = io.StringIO()
    writer = csv.writer(
        out,
        delimiter=rng.choice(",,,,;\t|"),
        quoting=rng.choice((csv.QUOTE_MINIMAL, csv.QUOTE_MINIMAL, csv.QUOTE_ALL)),
        lineterminator=rng.choice(("\n", "\n", "\n", "\r\n", "\r")),
    )
    writer.writerows([header, *rows])
    return out.getvalue()


def _json_lines(header: list[str], rows: list[list[str]], rng: Random) -> str:
    """Objects with texts, numbers, nulls and now and then what is no value of a cell."""

    def value(text: str) -> Any:
        if rng.random() < 0.01:
            return wild(rng)
        try:
            return float(text) if rng.random() < 0.5 and text.isascii() else text
        except ValueError:
            return text if text or rng.random() < 0.5 else None

    records = [{name: value(text) for name, text in zip(header, row, strict=False)} for row in rows]
    try:
        return "".join(json.dumps(record, ensure_ascii=rng.random() < 0.5) + "\n" for record in records)
    except ValueError:  # an integer of too many digits
        return "{}\n"


def _settings(name: str, header: list[str], target: str, rng: Random) -> dict[str, Any]:
    words = [*header, *header, "no", "yes", "a", "0"]
    data: dict[str, Any] = {"source": name, "target": target}
    if rng.random() < 0.1:
        data["target"] = rng.sample(header, min(len(header), rng.choice((1, 2, 2, 2, 3))))
    for _ in range(rng.choice((0, 0, 0, 0, 0, 1, 1, 2))):
        key = rng.choice(list(DataConfig.model_fields))
        if key not in ("source", "target", "test_source", "sha256", "table", "query", "sheet"):
            data[key] = drawn_value(field_forms(DataConfig, key), rng, words)
    if rng.random() < 0.2:
        data["split"] = {
            key: drawn_value(field_forms(SplitConfig, key), rng, words)
            for key in rng.sample(list(SplitConfig.model_fields), rng.choice((1, 2)))
        }
    if rng.random() < 0.15:
        key = rng.choice(list(ColumnsConfig.model_fields))
        data["columns"] = {key: drawn_value(field_forms(ColumnsConfig, key), rng, words)}
    recipe = rng.choice(("classic",) * 12 + ("fast", "default"))
    settings: dict[str, Any] = {"recipe": recipe, "data": data, "training": {"epochs": 1}}
    if recipe == "classic":
        settings["model"] = {"hidden": [2]}
        if rng.random() < 0.1:
            settings["model"]["output"] = rng.choice(
                ("poisson", "gamma", "quantile", "ordinal", "logistic", "absolute")
            )
        if rng.random() < 0.1:
            settings["model"]["numeric_embedding"] = {
                "name": "piecewise_linear",
                "bins": rng.choice((2, 3, 16)),
            }
        if rng.random() < 0.1:
            settings["model"]["ensemble"] = {"members": 2, "bags": rng.random() < 0.5}
    else:
        settings["model"] = {"ensemble": {"members": 2}}
    return settings


def _attempt(case: TableCase, folder: Path) -> str:
    path = folder / case.name
    path.write_bytes(case.content)
    try:
        text = json.dumps(case.settings, ensure_ascii=False).encode("utf-8", "replace")
        source = ConfigText(text, folder / "x.yaml", has_lines=True)
        loaded = load_experiment(source, runs_dir=folder / "runs")
        split = loaded.split()
        fit = loaded.fit(split)
        loaded.checked(split, bags=fit.settings.bags)
        features = _features(loaded, fit.preprocessor)
        _check_rows(loaded, split.parts)
        if not np.isfinite(features).all():
            raise BrokenPromiseError("a feature is NaN or infinite")
        if case.is_read_again:
            again = load_experiment(source, runs_dir=folder / "runs")
            if _features(again, again.fit(again.split()).preprocessor).tobytes() != features.tobytes():
                raise BrokenPromiseError("the same file has other features the second time")
        _check_new_rows(loaded, fit.preprocessor, path, features)
        if not case.is_trained:
            return "prepared"
        _train(source, folder, case.name)
        return "trained"
    finally:
        path.unlink()


def _features(loaded: LoadedExperiment, preprocessor: Preprocessor) -> FloatArray:
    """(N, features) of all rows."""
    rows = np.arange(len(loaded.data))
    features = np.empty((len(rows), len(preprocessor.features)), np.float32)
    preprocessor.transform(loaded.data.dataset, rows, features)
    return features


def _check_rows(loaded: LoadedExperiment, parts: dict[str, Any]) -> None:
    """Each row is in one part, and every target is a number."""
    rows = np.concatenate(list(parts.values()))
    if not np.array_equal(np.sort(rows), np.arange(len(loaded.data))):
        raise BrokenPromiseError("the parts are not all rows")
    if any(np.any(np.diff(part) <= 0) for part in parts.values()):
        raise BrokenPromiseError("the rows of a part are not sorted")
    if not parts["train"].size:
        raise BrokenPromiseError("the training part is empty")
    targets = np.asarray(loaded.data.targets, np.float64)
    if np.isinf(targets).any() or (len(loaded.data.task.tasks) == 1 and np.isnan(targets).any()):
        raise BrokenPromiseError("a target is no number")


def _check_new_rows(
    loaded: LoadedExperiment, preprocessor: Preprocessor, path: Path, features: FloatArray
) -> None:
    """The rows have the same features as new rows."""
    data, dataset = loaded.experiment.data, loaded.data.dataset
    form = CsvFormat(
        data.delimiter,
        data.encoding,
        missing_texts(data.missing_values),
        formats=dataset.formats,
        part=data.part,
    )
    targets = [target.name for target in dataset.targets]
    pieces = []
    try:
        with open_new_rows(
            path, form, preprocessor, targets=targets, labelled=False, delimiter_setting="--delimiter"
        ) as file:
            for block in file.blocks:
                pieces.append(np.empty((len(block), features.shape[1]), np.float32))
                preprocessor.transform(block, np.arange(len(block)), pieces[-1])
    except InputError as error:
        raise BrokenPromiseError(f"new rows are refused: {error.problems[0].text[:40]}") from error
    if not np.array_equal(np.concatenate(pieces)[dataset.file_rows], features):
        raise BrokenPromiseError("new rows have other features than the same rows of the table")


def _train(source: ConfigText, folder: Path, name: str) -> None:
    """Train for an epoch, and predict the same rows."""
    try:
        run = train(source, (), Context(folder / "runs"), workers=1)
        model = load_model(RunFolder(run.path), lambda text: None)
        rows = InputFile.find(name, model, setting="DATA", delimiter=None, encoding=None)
        with rows.open(model, lambda text: None, warn=lambda message: None) as file:
            pieces = ((block, np.arange(len(block))) for block in file.blocks)
            for scores in model.predictor.column_scores(pieces):
                if np.isnan(scores).any():
                    raise BrokenPromiseError("a prediction is NaN")
    finally:
        shutil.rmtree(folder / "runs", ignore_errors=True)
