"""Damaged predictions of runs, and rows to predict that are not like those of the training."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Final

from fnnctl.commands.compare import compare, comparison_report
from fnnctl.commands.predict import PredictionForm, predict
from fnnctl.context import Context
from fnnctl.report.formats.registry import JSON, runs_report
from fnnctl.report.summary import summarize
from fnnctl.store.folder import RunFolder
from tests.fuzzing.small_runs import read_files, trained_runs, write_files
from tests.fuzzing.small_table import COLUMNS, write_small_table
from tests.fuzzing.trying import BrokenPromiseError, Kind
from tests.fuzzing.values import NUMBERS, TEXTS, changed_bytes, spliced, spliced_lines

_PREDICTIONS: Final = ("predictions.csv", "targets/1-y/predictions.csv", "targets/2-z/predictions.csv")
_PARTS: Final = (
    ",",
    '"',
    "\n",
    "\r\n",
    "",
    "nan",
    "inf",
    "-",
    "1e400",
    "0",
    "1",
    "no",
    "x",
    "\x00",
    "é",
    ";",
    "2",
)
_FORMS: Final = (
    PredictionForm(),
    PredictionForm(keep=None),
    PredictionForm(coverage=0.5),
    PredictionForm(contributions=2),
    PredictionForm(top=1, digits=0),
)


@dataclass(frozen=True, slots=True)
class PredictionsCase:
    """A changed file of predictions, with which a run is compared; or rows to predict."""

    run: str
    changed_files: dict[str, bytes]
    rows: bytes = b""
    is_json: bool = False
    form: PredictionForm = _FORMS[0]


def predictions_kind(folder: Path) -> Kind:
    """Predictions of runs in the folder, and rows for their networks."""
    runs = trained_runs(folder)
    originals = {name: read_files(path, ("manifest.json", *_PREDICTIONS)) for name, path in runs.items()}
    copies = {name: Path(shutil.copytree(path, folder / "copies" / path.name)) for name, path in runs.items()}
    table = write_small_table(folder, rows=14, name="new.csv").read_text(encoding="utf-8")

    def make(rng: Random) -> PredictionsCase:
        name = rng.choice(list(runs))
        if rng.random() < 0.3:
            file = rng.choice([each for each in originals[name] if each != "manifest.json"])
            text = originals[name][file].decode()
            files = {file: _changed_text(text, rng)}
            if rng.random() < 0.9:
                files["manifest.json"] = _with_digest(originals[name]["manifest.json"], file, files[file])
            return PredictionsCase(name, files)
        is_json = rng.random() < 0.2
        rows = _rows(table, rng, is_json=is_json)
        return PredictionsCase(name, {}, rows, is_json, rng.choice(_FORMS))

    def attempt(case: PredictionsCase) -> str:
        run = runs[case.run]
        if not case.changed_files:
            return _predict(case, run, folder)
        try:
            write_files(run, case.changed_files)
            runs_report([summarize(RunFolder(run))]).text(JSON)
            of_same_task = runs["bags" if case.run == "classes" else "classes"]
            if case.run in ("estimates", "several"):
                of_same_task = copies[case.run]
            comparison_report(compare([str(run), str(of_same_task)], context)).text(JSON)
        finally:
            write_files(run, originals[case.run])
        return "compared"

    context = Context(folder / "runs")
    return Kind("predictions", make, attempt)


def _with_digest(manifest: bytes, file: str, content: bytes) -> bytes:
    """The manifest with the digest of the changed file."""
    value = json.loads(manifest)
    value["sha256"][file] = hashlib.sha256(content).hexdigest()
    return json.dumps(value).encode()


def _changed_text(text: str, rng: Random) -> bytes:
    if rng.random() < 0.5:
        rows = list(csv.reader(io.StringIO(text, newline="")))
        for _ in range(rng.choice((1, 1, 3))):
            row = rng.choice(rows)
            row[rng.randrange(len(row))] = rng.choice(
                (*_PARTS, rng.choice(TEXTS), str(rng.choice(NUMBERS[:20])))
            )
        if rng.random() < 0.2:
            del rows[rng.randrange(1, len(rows))]
        if rng.random() < 0.2:
            rng.shuffle(rows)
        out = io.StringIO(newline="")
        csv.writer(out, lineterminator="\r\n").writerows(rows)
        text = out.getvalue()
    for _ in range(rng.choice((0, 1, 1, 2))):
        text = spliced_lines(text, rng) if rng.random() < 0.3 else spliced(text, rng, _PARTS)
    content = text.encode("utf-8", "replace")
    return changed_bytes(content, rng) if rng.random() < 0.1 else content


def _rows(table: str, rng: Random, *, is_json: bool) -> bytes:
    """Rows with values of other kinds, columns that are missing, or that nobody asked for."""
    header, *rows = csv.reader(io.StringIO(table))
    rows = rows[: rng.choice((0, 1, 2, 5, 14))]
    for _ in range(rng.choice((0, 1, 1, 2, 4))):
        if rows:
            row = rng.choice(rows)
            row[rng.randrange(len(row))] = rng.choice(
                (*TEXTS, *_PARTS, *(str(each) for each in NUMBERS[:20]))
            )
    if rng.random() < 0.15:
        place = rng.randrange(len(header))
        for row in (header, *rows):
            row.pop(place)
    if rng.random() < 0.15:
        name = rng.choice((*COLUMNS, *TEXTS, "row", "prediction", "p_no", "input_row"))
        for number, row in enumerate((header, *rows)):
            row.append(str(rng.choice(NUMBERS[:20])) if number else name)
    if is_json:
        return _json_rows(header, rows, rng)
    out = io.StringIO()
    csv.writer(out, delimiter=rng.choice(",,,,;\t"), lineterminator=rng.choice(("\n", "\r\n"))).writerows(
        [header, *rows]
    )
    text = out.getvalue()
    for _ in range(rng.choice((0, 0, 0, 1, 2))):
        text = spliced_lines(text, rng) if rng.random() < 0.4 else spliced(text, rng, _PARTS)
    content = text.encode(rng.choice(("utf-8",) * 6 + ("utf-16", "utf-8-sig", "latin-1")), "replace")
    return changed_bytes(content, rng) if rng.random() < 0.05 else content


def _json_rows(header: list[str], rows: list[list[str]], rng: Random) -> bytes:
    lines = []
    for row in rows:
        record: dict[str, Any] = dict(zip(header, row, strict=True))
        for name, text in record.items():
            try:
                record[name] = float(text)
            except ValueError:
                record[name] = text or None
        if rng.random() < 0.1:
            record[rng.choice(header)] = rng.choice(
                (None, True, [1], {"a": 1}, "x", float("nan"), 10**30, -0.0)
            )
        lines.append(json.dumps(record))
    text = "".join(f"{line}\n" for line in lines)
    return (spliced(text, rng) if rng.random() < 0.1 else text).encode("utf-8", "replace")


def _predict(case: PredictionsCase, run: Path, folder: Path) -> str:
    data = folder / ("rows.jsonl" if case.is_json else "rows.csv")
    data.write_bytes(case.rows)
    output = folder / "p.csv"
    predict(str(run), str(data), Context(folder / "runs"), to=output, form=case.form, workers=1)
    columns, *rows = csv.reader(io.StringIO(output.read_text(encoding="utf-8"), newline=""))
    kept = set() if case.form.keep == () else {*range(1, len(columns))}
    for row in rows:
        if len(row) != len(columns):
            raise BrokenPromiseError("a row of predictions has another number of values")
        if not kept and any(cell in ("nan", "inf", "-inf", "") for cell in row):
            raise BrokenPromiseError("a prediction of new rows is no number")
    if len({row[0] for row in rows}) != len(rows):
        raise BrokenPromiseError("two predictions have the same row")
    return "predicted"
