"""`fnnctl evaluate RUN`: scores a saved model on its run's own test part or on a new file.

Scoring on the run's test part writes nothing, because a run's measurements are never rewritten. Scoring on a
new file is a run of its own; its folder names the run of the model.
"""

from __future__ import annotations

import json
import re
import shlex
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from fnnctl.blas import set_blas_threads
from fnnctl.commands.report import report_end, show_report
from fnnctl.config.reading.loading import load_config
from fnnctl.config.schema.experiment import NAME_PATTERN
from fnnctl.config.schema.metric_names import ONLY_BINARY
from fnnctl.console.output import Output
from fnnctl.console.progress import reading_progress
from fnnctl.errors import UsageError, quoted_list
from fnnctl.modelling.held_out_rows import held_out_rows
from fnnctl.modelling.input_file import InputFile, read_labelled
from fnnctl.modelling.predictor import score_parts
from fnnctl.modelling.saved_model import SavedModel, has_network, load_model
from fnnctl.report.answer.answer import answer
from fnnctl.report.answer.values import NextCommand
from fnnctl.report.figures.drawer import FigureDrawer
from fnnctl.report.summary import summarize
from fnnctl.runs.endings import score_warnings, training_outcome
from fnnctl.runs.facts import evaluation_facts
from fnnctl.runs.recorder import RunRecorder, tell, warn, write_scores
from fnnctl.store.catalogue import find_run
from fnnctl.store.documents import to_json
from fnnctl.store.names import RESOLVED
from fnnctl.store.run import create_run
from fnnctl.tasks.task import PartScores

ROUNDING = 1e-6
"""How much a metric of the same network may differ between two kinds of processors."""


def evaluate_run(
    run: str | None,
    *,
    runs_dir: Path,
    data: str | None,
    delimiter: str | None,
    encoding: str | None,
    threshold: float | None,
    name: str | None,
    output: Output,
    figures: FigureDrawer,
) -> None:
    """Score the network of a run on the run's test part, or on the labelled rows of the file `data`.

    If `run` is None, the newest run with a network is scored. `delimiter`, `encoding` and `name` (of the new
    run) apply only with `data`; `threshold`, only for two classes, replaces the run's. Raises `InputError` if
    the arguments, the run or its data are wrong, before there is a new folder.
    """
    started = time.monotonic()
    model = load_model(find_run(run, runs_dir, has_network), output.note).deciding_at(threshold)
    threads = model.threads if set_blas_threads(model.threads) else None
    if data is None:
        for option, value in {"--delimiter": delimiter, "--encoding": encoding, "--name": name}.items():
            if value is not None:
                raise UsageError(f"{option} needs a new file: add --data FILE")
        _score_test_part(model, threshold, output)
    else:
        given = InputFile.find(
            data, model, setting="--data", delimiter=delimiter, encoding=encoding, pipes=False
        )
        _score_file(model, given, name, runs_dir, output, figures, started=started, blas_threads=threads)


def _score_test_part(model: SavedModel, threshold: float | None, output: Output) -> None:
    """Score the run's held-out test part, with bags also out of bag, and print the report; write nothing.

    Unless the user has given another `threshold`, say whether the metrics are those that the run recorded.
    """
    run = model.run
    held_out = held_out_rows(model, instead="add --data FILE")
    loaded, split = held_out.loaded, held_out.scored
    if not (split.test.size or split.validation.size):
        raise UsageError(f"{run.path} has no test part: add --data FILE")
    parts = score_parts(model.predictor, held_out.data, None, split, held_out.bags)
    test, recorded = parts["test"], run.read_metrics() or {}
    metrics = {name: part.metrics() if part else None for name, part in parts.items()}
    facts = run.read_manifest().training
    for warning in score_warnings(loaded.experiment, test, [facts] if facts else []):
        output.note(f"warning: {warning}")
    for name, whose in (("test", ""), ("validation", "out-of-bag: ")):
        if threshold is None and (found := metrics[name]) is not None:
            output.note(f"{whose}{comparison(found, recorded.get(name), part=name)}")
    summary = summarize(run)
    if output.json:
        status = summary.manifest.status
        output.json_object({"run": str(run.path), "status": status, "metrics": metrics})
    else:
        scored = replace(summary, metrics=metrics, confusion=test.confusion_table() if test else None)
        options = "" if threshold is None else f" --threshold {threshold:g}"
        again = f"fnnctl evaluate {shlex.quote(str(run.path))}{options} --verbose"
        commands = (NextCommand("show everything", again),)
        show_report([scored], [replace(answer(scored), commands=commands)], output)


def comparison(metrics: Mapping[str, Any], recorded: object, *, part: str = "test") -> str:
    """A sentence that compares the new metrics of a part with those that the run recorded."""
    if not isinstance(recorded, dict):
        return f"note: the run recorded no metrics for its {part} part"
    now = _recorded_too(json.loads(to_json(metrics)), recorded)
    if now == recorded:
        return "the metrics equal those in metrics.json, to the last digit"
    others = [name for name, value in now.items() if not _is_close(value, recorded.get(name))]
    if not others:
        return "the metrics equal those in metrics.json, except for rounding"
    pairs = [f"{name} {recorded.get(name)}, now {now[name]}" for name in others if name != "per_class"]
    return f"warning: the metrics differ from metrics.json: {quoted_list(pairs or others)}"


def _recorded_too(metrics: dict[str, Any], recorded: Mapping[str, Any]) -> dict[str, Any]:
    """The metrics without those of two classes, also in mappings, that a run of version 0.1.0 lacks."""
    return {
        name: _recorded_too(value, inner)
        if isinstance(value, dict) and isinstance(inner := recorded.get(name), dict)
        else value
        for name, value in metrics.items()
        if name in recorded or name not in ONLY_BINARY
    }


def _is_close(value: Any, other: Any) -> bool:
    """Whether two metrics, intervals or tables of metrics are equal except for rounding."""
    if isinstance(value, float) and isinstance(other, float | int):
        return abs(value - other) <= ROUNDING * max(1.0, abs(value))
    if isinstance(value, list) and isinstance(other, list) and len(value) == len(other):
        return all(map(_is_close, value, other))
    if isinstance(value, dict) and isinstance(other, dict):
        return value.keys() == other.keys() and all(_is_close(value[key], other[key]) for key in value)
    return bool(value == other)


def _known_rows(model: SavedModel, given: InputFile, sha256: str) -> list[str]:
    """A warning if the network was trained on this file, else none."""
    data = model.run.read_manifest().data
    if data is None or data.sha256 != sha256:
        return []
    what = f"the network was trained on {given.name}, so it has seen most of these rows"
    return [f"{what}: `fnnctl evaluate {shlex.quote(str(model.run.path))}` scores only the test part"]


def _score_warnings(model: SavedModel, part: PartScores, given: InputFile) -> list[str]:
    """Warnings if the predictions of the file's rows are of little use."""
    where = f"on {given.name}"
    if model.run.read_resolved() is None:
        return part.warnings(where)
    experiment, facts = load_config(model.run.path / RESOLVED).experiment, model.run.read_manifest().training
    return part.warnings(where, training_outcome(experiment, [facts] if facts else []))


def _score_file(
    model: SavedModel,
    given: InputFile,
    name: str | None,
    runs_dir: Path,
    output: Output,
    figures: FigureDrawer,
    *,
    started: float,
    blas_threads: int | None,
) -> None:
    """Score the rows of a file, and write a new run folder."""
    name = name or f"{model.run.read_manifest().name} on {given.stem}"
    if not re.search(NAME_PATTERN, name):
        raise UsageError("--name: must have at most 200 characters and no control characters")
    sha256 = given.sha256
    notes: list[str] = []
    of_rows: list[str] = []
    with reading_progress(output) as on_read:
        rows = read_labelled(given, model, notes.append, of_rows.append, on_read=on_read)
    part = rows.part(model)
    warnings = [*_known_rows(model, given, sha256), *_score_warnings(model, part, given), *of_rows]
    facts = evaluation_facts(
        model, given, sha256=sha256, rows=len(rows.numbers), warnings=warnings, blas_threads=blas_threads
    )
    run = create_run(runs_dir, name=name, kind="evaluation", manifest=facts)
    with RunRecorder(run, started=started):
        tell(run, notes, output.note)
        warn(run, warnings, output.note)
        write_scores(run, {"train": None, "validation": None, "test": part})
        figures.draw(run)
    report_end(run, output)
