"""`fnnctl evaluate RUN`: a stored network scored again, on its run's own test part or on a new file.

On its own test part nothing is written, for what a run has measured is never rewritten. On a new file it is a
measurement of its own, with a folder that names the run.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from fnnctl.commands.evaluation import part_scores, write_scores
from fnnctl.commands.labelled_rows import read_labelled
from fnnctl.commands.new_data import InputFile
from fnnctl.commands.preparation import prepare
from fnnctl.commands.recording import Recording, evaluation_manifest
from fnnctl.commands.report import report_training
from fnnctl.commands.stored_network import StoredNetwork, load_network
from fnnctl.config.schema.experiment import NAME_PATTERN
from fnnctl.console.output import Output
from fnnctl.errors import DataError, Problem, UsageError, quoted_list
from fnnctl.metrics.confusion import confusion_matrix
from fnnctl.report.figures import draw_figures
from fnnctl.report.summary import summarize
from fnnctl.report.terminal import terminal_report
from fnnctl.store.catalogue import find_run
from fnnctl.store.documents import to_json
from fnnctl.store.names import RESOLVED
from fnnctl.store.run import create_run

ROUNDING = 1e-6
"""By how much a metric of the same network may differ between two kinds of processors."""


def evaluate_run(
    run: str,
    *,
    runs_dir: Path,
    data: str | None,
    delimiter: str | None,
    encoding: str | None,
    name: str | None,
    output: Output,
) -> None:
    """Score a run's network on its own test part, or on the labelled rows of the file `data`.

    `delimiter`, `encoding` and `name` (of the new run) are for the latter. Raises `InputError` for what is
    wrong with the arguments, the run or its data, before there is a new folder.
    """
    started = time.monotonic()
    network = load_network(find_run(run, runs_dir), output)
    if data is None:
        for option, value in {"--delimiter": delimiter, "--encoding": encoding, "--name": name}.items():
            if value is not None:
                raise UsageError(f"{option} is for a new file: name that with --data FILE")
        _score_test_part(network, output)
    else:
        given = InputFile.find(
            data, network, setting="--data", delimiter=delimiter, encoding=encoding, pipes=False
        )
        _score_file(network, given, name, runs_dir, output, started=started)


def _score_test_part(network: StoredNetwork, output: Output) -> None:
    """Score the part that the run set apart, and print the report; nothing is written."""
    run = network.run
    if run.read_resolved() is None:
        raise UsageError(f"{run.path} has no {RESOLVED}, which tells its data: name a file with --data FILE")
    prepared = prepare(run.path / RESOLVED, [], name=None, seed=None)
    dataset, rows = prepared.dataset, prepared.split.test
    if list(dataset.classes) != network.classes:
        message = f"the classes are {quoted_list(dataset.classes)}, and not those of the network"
        raise DataError(Problem(message, file=dataset.source))
    if not rows.size:
        raise UsageError(f"{run.path} has no test part: name a file with --data FILE")
    labels = dataset.labels[rows]
    part = part_scores(
        dataset.file_rows[rows],
        labels,
        network.scores([(dataset, rows)]),
        classes=len(dataset.classes),
        temperature=network.temperature,
    )
    metrics = part.metrics(part.ranked(), dataset.classes)
    output.note(comparison(metrics, (run.read_metrics() or {}).get("test")))
    parts = {"train": None, "validation": None, "test": metrics}
    summary = summarize(run)
    if output.json:
        status = summary.manifest.status
        output.json_object({"run": str(run.path), "status": status, "metrics": parts})
    else:
        matrix = confusion_matrix(labels, part.predictions, len(dataset.classes))
        scored = replace(summary, metrics=parts, confusion=(dataset.classes, matrix))
        output.render(terminal_report([scored], width=output.width))


def comparison(metrics: Mapping[str, Any], recorded: object) -> str:
    """How the metrics of now relate to those that the run has recorded, in a sentence."""
    if not isinstance(recorded, dict):
        return "note: the run has recorded no metrics of its test part"
    now: dict[str, Any] = json.loads(to_json(metrics))
    if now == recorded:
        return "the metrics are those of metrics.json, to the last digit"
    others = [name for name, value in now.items() if not _is_close(value, recorded.get(name))]
    if not others:
        return "the metrics are those of metrics.json, but for rounding"
    pairs = [f"{name} {recorded.get(name)}, now {now[name]}" for name in others if name != "per_class"]
    return f"warning: metrics.json has other metrics: {quoted_list(pairs or others)}"


def _is_close(value: Any, other: Any) -> bool:
    """Whether two metrics, intervals or tables of metrics are equal but for rounding."""
    if isinstance(value, float) and isinstance(other, float | int):
        return abs(value - other) <= ROUNDING * max(1.0, abs(value))
    if isinstance(value, list) and isinstance(other, list) and len(value) == len(other):
        return all(map(_is_close, value, other))
    if isinstance(value, dict) and isinstance(other, dict):
        return value.keys() == other.keys() and all(_is_close(value[key], other[key]) for key in value)
    return bool(value == other)


def _known_rows(network: StoredNetwork, given: InputFile, sha256: str) -> list[str]:
    """A warning where the file is the one that the network has learned from."""
    data = network.run.read_manifest().data
    if data is None or data.sha256 != sha256:
        return []
    what = f"{given.name} is the file that the network was trained on, and most of its rows were learned"
    return [f"{what}: `fnnctl evaluate {network.run.path.name}` scores the test part alone"]


def _score_file(
    network: StoredNetwork,
    given: InputFile,
    name: str | None,
    runs_dir: Path,
    output: Output,
    *,
    started: float,
) -> None:
    """Score the rows of a file, and write a folder of their own."""
    name = name or f"{network.run.read_manifest().name} on {given.stem}"
    if not re.search(NAME_PATTERN, name):
        raise UsageError("--name: write up to 200 characters, none of them a control character")
    sha256 = given.sha256
    notes = _known_rows(network, given, sha256)
    rows = read_labelled(given, network, notes.append)
    part = part_scores(
        rows.numbers,
        rows.labels,
        rows.scores,
        classes=len(network.classes),
        temperature=network.temperature,
    )
    run = create_run(
        runs_dir,
        name=name,
        kind="evaluation",
        manifest=evaluation_manifest(network, given, sha256=sha256, rows=len(rows.numbers), notes=notes),
    )
    with Recording(run, started=started):
        for note in notes:
            output.note(note)
            run.log(note)
        write_scores(run, {"train": None, "validation": None, "test": part}, network.classes)
        draw_figures(run)
    report_training(run, output)
