"""Scores a saved model again: on its run's own test part, or on the labelled rows of a file.

Scoring on the run's test part writes nothing, because a run's measurements are never rewritten. Scoring on a
file is a run of its own; its folder names the run of the model.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fnnctl.config.reading.loading import load_config
from fnnctl.config.schema.experiment import NAME_PATTERN
from fnnctl.context import Context
from fnnctl.errors import UsageError
from fnnctl.messages import Message
from fnnctl.modelling.covering import tails_of_targets
from fnnctl.modelling.drift import DriftCounter
from fnnctl.modelling.held_out_rows import held_out_rows
from fnnctl.modelling.input_file import InputFile
from fnnctl.modelling.predictor import score_parts
from fnnctl.modelling.row_groups import judged_groups
from fnnctl.modelling.run_config import resolved_config
from fnnctl.modelling.saved_model import SavedModel
from fnnctl.modelling.scored_rows import read_labelled
from fnnctl.runs.endings import score_warnings, training_outcome
from fnnctl.runs.facts import evaluation_facts
from fnnctl.runs.recorder import RunRecorder, record_notes, record_warnings, write_scores
from fnnctl.store.documents import to_json
from fnnctl.store.drift_tables import drift_artifacts
from fnnctl.store.folder import RunFolder
from fnnctl.store.promotions import notes_on_name
from fnnctl.store.run import create_run
from fnnctl.tasks.group_metrics import with_groups
from fnnctl.tasks.task import PartScores
from fnnctl.text import word_list

ROUNDING = 1e-6
"""How much a metric of the same network may differ between two kinds of processors."""


@dataclass(frozen=True, slots=True)
class RescoredRun:
    """The scores of a run's network, measured again on the run's own rows."""

    run: RunFolder
    metrics: dict[str, Any]
    """As in metrics.json."""
    test: PartScores | None


def score_test_part(model: SavedModel, context: Context, *, threshold: float | None) -> RescoredRun:
    """Score the run's held-out test part, with bags also out of bag; write nothing.

    Unless the user has given another `threshold`, say whether the metrics are those that the run recorded.
    """
    run = model.run
    held_out = held_out_rows(model, instead="add --data FILE")
    loaded, split = held_out.loaded, held_out.scored
    if not (split.test.size or split.validation.size):
        raise UsageError(f"{run.path} has no test part: add --data FILE")
    parts = score_parts(model.predictor, held_out.data, None, split, held_out.bags)
    test, recorded = parts["test"], run.read_metrics() or {}
    groups = judged_groups(held_out.data, split, model.description.table.groupings)
    metrics = {name: with_groups(part, groups.get(name)) if part else None for name, part in parts.items()}
    facts = run.read_manifest().training
    trained = [facts] if facts else []
    for warning in score_warnings(loaded.experiment, test, trained, held_out=parts["validation"]):
        context.warning(str(warning), is_severe=warning.is_severe)
    for name, about in (("test", None), ("validation", "out-of-bag")):
        if threshold is not None or (measured := metrics[name]) is None:
            continue
        if not isinstance(recorded.get(name), dict):
            context.labelled_note(f"the run recorded no metrics for its {name} part")
            continue
        sentence, differs = comparison(measured, recorded[name])
        if differs:
            context.warning(sentence, about=about)
        else:
            context.note(sentence if about is None else f"{about}: {sentence}")
    return RescoredRun(run, metrics, test)


def score_file(
    model: SavedModel,
    file: InputFile,
    context: Context,
    *,
    name: str | None,
    started: float,
    blas_threads: int | None,
) -> RunFolder:
    """Score the rows of a file, and write a new run folder; by default its `name` says both."""
    name = name or f"{model.run.read_manifest().name} on {'new rows' if file.memory else file.stem}"
    if not re.search(NAME_PATTERN, name):
        raise UsageError("--name: must have at most 200 characters and no control characters")
    sha256 = file.sha256
    notes: list[str] = []
    row_warnings: list[Message] = []
    tails, counter = tails_of_targets(model), DriftCounter.of(model) if model.histogram_arrays else None
    with context.listener.reading() as on_read:
        rows = read_labelled(file, model, notes.append, row_warnings.append, on_read=on_read, counter=counter)
    part, drift = rows.part(model), counter and counter.drift()
    warnings = [
        *_known_rows(model, file, sha256),
        *_score_warnings(model, part, file),
        *row_warnings,
        *([Message("drift", drift.in_words(file.name))] if drift and drift.shifted else []),
    ]
    facts = evaluation_facts(
        model,
        file,
        sha256=sha256,
        rows=len(rows.numbers),
        warnings=warnings,
        command=context.command,
        blas_threads=blas_threads,
    )
    run = create_run(context.runs_dir, name=name, kind="evaluation", manifest=facts)
    with RunRecorder(run, started=started):
        record_notes(run, [*notes, *notes_on_name(name, context.runs_dir)], context.listener)
        record_warnings(run, warnings, context.listener)
        parts: dict[str, PartScores | None] = {"train": None, "validation": None, "test": part}
        write_scores(run, parts, lambda _: rows.worst, tails, {"test": rows.groups})
        if drift:
            run.write_artifacts(drift_artifacts(drift))
        context.figures.draw(run)
    return run


def comparison(metrics: Mapping[str, Any], recorded: Mapping[str, Any]) -> tuple[str, bool]:
    """A sentence on the new metrics of a part and those that the run recorded, and whether they differ."""
    now = _recorded_too(json.loads(to_json(metrics)), recorded)
    if now == recorded:
        return "the metrics equal those in metrics.json, to the last digit", False
    changed = [name for name, value in now.items() if not _is_close(value, recorded.get(name))]
    if not changed:
        return "the metrics equal those in metrics.json, except for rounding", False
    pairs = [f"{name} {recorded.get(name)}, now {now[name]}" for name in changed if name != "per_class"]
    return f"the metrics differ from metrics.json: {word_list(pairs or changed)}", True


def _recorded_too(metrics: dict[str, Any], recorded: Mapping[str, Any]) -> dict[str, Any]:
    """The metrics without those, also in mappings, that a run of an earlier version lacks."""
    return {
        name: _recorded_too(value, inner)
        if isinstance(value, dict) and isinstance(inner := recorded[name], dict)
        else value
        for name, value in metrics.items()
        if name in recorded
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


def _known_rows(model: SavedModel, file: InputFile, sha256: str) -> list[Message]:
    """A warning if the network was trained on this file, else none."""
    data = model.run.read_manifest().data
    if data is None or data.sha256 != sha256:
        return []
    if file.memory or model.run.named is None:
        sentence = "the network was trained on these data: the metrics of its run are those of the test part"
    else:
        sentence = (
            f"the network was trained on {file.name}, so it has seen most of these rows: "
            f"`fnnctl evaluate {shlex.quote(str(model.run.path))}` scores only the test part"
        )
    return [Message("known_rows", sentence)]


def _score_warnings(model: SavedModel, part: PartScores, file: InputFile) -> list[Message]:
    """Warnings if the predictions of the file's rows, which are all held out, are of little use."""
    where = "on these data" if file.memory else f"on {file.name}"
    if model.run.read_resolved() is None:
        return part.warnings(where, held_out=part)
    experiment, facts = load_config(resolved_config(model.run)).experiment, model.run.read_manifest().training
    return part.warnings(where, training_outcome(experiment, [facts] if facts else []), part)
