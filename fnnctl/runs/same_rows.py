"""Compares a run with an earlier one on the run's own test rows, without those that either was trained on.

The network of the earlier run, such as the one in use, is scored on rows that it may have seen: each of these
is left out for both, so that the comparison is paired and fair.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from fnnctl.arrays import IntArray
from fnnctl.data.known_columns import KnownColumns
from fnnctl.data.loading import load_dataset
from fnnctl.errors import UsageError
from fnnctl.metrics.stored import owned_metric
from fnnctl.modelling.held_out_rows import HeldOutRows, held_out_rows
from fnnctl.modelling.saved_model import SavedModel, load_model
from fnnctl.modelling.trained_rows import unseen_rows
from fnnctl.report.comparison.compared_run import ComparedRun, MeasuredPart, default_metric
from fnnctl.report.gates import GateResult, compared_result, require_comparable
from fnnctl.store.folder import RunFolder
from fnnctl.tasks.comparison import MeasuredRows
from fnnctl.tasks.task import Targets, TaskData
from fnnctl.text import counted

OPTION = "--same-rows"


@dataclass(frozen=True, slots=True)
class _Comparison:
    run: ComparedRun
    former_run: ComparedRun
    left_out: int
    new_classes: int
    """How many of the rows have a class that the former run does not know."""
    reason: str | None
    """Why rows that the former run has seen are not recognized, in words; None if they are."""


def same_rows_result(
    run: RunFolder, former_run: RunFolder, metric: str | None = None, margin: float | None = None
) -> GateResult:
    """Check that the run is not worse than the former one on its own test rows: see `not_worse_result`.

    Raises `InputError` if both are one run, if the run has no test part or its data are gone, if the former
    run's network cannot be scored on them, or if it has seen all of its test rows.
    """
    require_comparable(run, former_run, may_lack_classes=True)
    metric = metric or default_metric(run)
    comparison = _compare(run, former_run, metric)
    result = compared_result(comparison.run, comparison.former_run, metric, margin)
    reasons = [] if comparison.reason is None else [comparison.reason]
    words = [
        f"on the same {counted(_rows(comparison.run), 'row')} of the test part",
        _left_out(comparison),
        *_of_new_classes(comparison),
        *(f"rows that it has seen are not left out: {reason}" for reason in reasons),
    ]
    facts = {
        "same_rows": True,
        "left_out_rows": comparison.left_out,
        "not_recognized": reasons,
    }
    return replace(
        result,
        message=f"{result.message}; {'; '.join(words)}",
        note="; ".join(filter(None, (result.note, *words))),
        details={**result.details, **facts},
    )


def _left_out(comparison: _Comparison) -> str:
    if comparison.left_out:
        return f"{counted(comparison.left_out, 'row')} that trained or validated a run left out"
    return "none of them is known to have trained or validated a run"


def _of_new_classes(comparison: _Comparison) -> list[str]:
    """What a network without some of the classes does with their rows; nothing if it knows all of them."""
    rows = comparison.new_classes
    has = "has" if rows == 1 else "have"
    where = f"{counted(rows, 'row')} {has} a class that {comparison.former_run.path} does not know"
    return [f"{where}, so it is wrong there"] if rows else []


def _new_classes(data: TaskData, rows: IntArray, model: SavedModel) -> int:
    """How many of the rows have a class, of any target, that the former run's network does not know."""
    has_new = np.zeros(len(data), np.bool_)
    for (single, present), trained in zip(data.of_single_targets, model.predictor.task.tasks, strict=True):
        is_new = np.array([name not in trained.classes for name in single.task.classes], np.bool_)
        if is_new.any():
            has_new[present] |= is_new[single.targets[present]]
    return int(has_new[rows].sum())


def _rows(run: ComparedRun) -> int:
    return len(run.sample.rows.rows) if isinstance(run.sample, MeasuredPart) else 0


def _compare(run: RunFolder, former_run: RunFolder, metric: str) -> _Comparison:
    model, former_model = load_model(run, _silent), load_model(former_run, _silent)
    held_out = held_out_rows(model)
    if not held_out.split.test.size:
        raise UsageError(f"{OPTION}: {run.path} has no test part")
    data = held_out.data
    former_data = _as_read_by(former_model, held_out)
    if message := data.task.difference(former_model.predictor.task, may_lack_classes=True):
        raise UsageError(f"{OPTION}: {former_run.path} cannot be scored on the data of {run.path}: {message}")
    # The run's own test rows are new to it, even those that equal a training row.
    unseen = unseen_rows(former_data, held_out.split.test, former_model.run)
    rows, left_out = unseen.rows, unseen.seen
    if not rows.size:
        raise UsageError(
            f"{OPTION}: nothing is left to compare, because {former_run.path} was trained on or validated by "
            f"all {counted(left_out, 'test row')} of {run.path}: train that run on a table with new rows"
        )
    return _Comparison(
        _compared(run, model, data, run, rows, metric),
        _compared(former_run, former_model, former_data, run, rows, metric),
        left_out,
        _new_classes(data, rows, former_model),
        unseen.reason,
    )


def _silent(text: str) -> None:
    """Whoever loads a run for a comparison is not told about its version."""


def _as_read_by(model: SavedModel, held_out: HeldOutRows) -> TaskData:
    """The same rows with the columns that another run's network reads, as they were read for its training.

    They have groups only if these are the ones by which that run recognizes its rows.
    """
    loaded, preprocessor = held_out.loaded, model.predictor.preprocessor
    columns = KnownColumns.of(preprocessor, model.description.table.formats, str(model.run.path))
    config, stored = loaded.experiment.data, model.run.read_trained_rows()
    group = config.split.group if stored and stored.columns.get("group") == config.split.group else None
    # Its network may read the columns that this run has as weights, groups and the order of its rows.
    split = config.split.model_copy(update={"group": group, "by": None})
    config = config.model_copy(update={"weights": None, "split": split})
    dataset = load_dataset(config, loaded.config.file.parent, known_columns=columns)
    return replace(held_out.data, dataset=replace(dataset, targets=held_out.data.dataset.targets))


def _compared(
    run: RunFolder, model: SavedModel, data: TaskData, tested: RunFolder, rows: IntArray, metric: str
) -> ComparedRun:
    """The metric of a run's network on some rows of the data of the run that is `tested`."""
    predictor = model.predictor
    scores = predictor.column_scores([(data.dataset, rows)])
    part = data.score_of(predictor.task, rows, scores, predictor.decoder)
    facts, measure = model.run.read_manifest().data, part.measure(metric)
    tested_facts = (tested.result_run() or tested).read_manifest().data
    if facts is None or tested_facts is None or measure is None:
        raise UsageError(f"{OPTION}: {metric} has no value for {run.path} on the test rows")
    same_data = facts.model_copy(
        update={"sha256": tested_facts.sha256, "test_sha256": tested_facts.test_sha256}
    )
    rows, truths = _measured(data, rows, metric)
    numbers = np.asarray(data.dataset.file_rows[rows], np.int64)
    measured = MeasuredPart(MeasuredRows(numbers, truths, measure), measure)
    return ComparedRun(run, model.run, run.read_manifest(), same_data, measure.value, None, measured)


def _measured(data: TaskData, rows: IntArray, metric: str) -> tuple[IntArray, Targets]:
    """Those of the rows that the metric is measured on, (n,), with their targets.

    A metric of one of several targets is measured on the rows that have it.
    """
    if owned := owned_metric(metric, data.task.targets):
        single, present = data.of_single_targets[data.task.targets.index(owned[0])]
        rows = rows[np.isin(rows, present)]
        return rows, single.targets[rows]
    return rows, np.nan_to_num(data.targets[rows])
