"""The registry of tasks: chooses the one for a data set's target. What they show is in `reports`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from fnnctl.arrays import BoolArray, IntArray
from fnnctl.config.paths import OUTPUT, OUTPUTS, TASK, ConfigPath, format_path, setting_text
from fnnctl.config.schema.data import TaskKind
from fnnctl.config.schema.losses import Output, is_for_classes, is_for_numbers
from fnnctl.data.columns.numbers import number_problem, plain_number
from fnnctl.data.dataset import Dataset, RawTarget
from fnnctl.errors import ConfigError, DataError, Problem
from fnnctl.tasks.classification import encoding as classification
from fnnctl.tasks.classification.task import Classification
from fnnctl.tasks.detection import (
    MANY_VALUES,
    all_numbers,
    are_amounts,
    counts_of,
    misspelt_amount,
    quantity_of,
)
from fnnctl.tasks.joint.task import JointTask
from fnnctl.tasks.regression import encoding as regression
from fnnctl.tasks.regression.task import Regression
from fnnctl.tasks.task import Task, TaskData
from fnnctl.text import printable, quoted


def task_of(target: str, classes: Sequence[str], *, is_ordered: bool = False, seed: int = 0) -> Task:
    """The task of a saved model, from its description of the target; without classes it is a regression."""
    return Classification(target, tuple(classes), is_ordered) if classes else Regression(target, seed)


def encode(
    dataset: Dataset,
    kind: TaskKind = "auto",
    *,
    output: str = "auto",
    outputs: Mapping[str, Output] | None = None,
    bins: int | None = None,
    seed: int = 0,
    recorded_classes: Sequence[str] = (),
    recorded_targets: Mapping[str, Sequence[str]] | None = None,
    class_order: Sequence[str] | None = None,
    is_extended: bool = False,
    is_one_of_several: bool = False,
) -> TaskData:
    """The data set with its target encoded for a task; raises DataError if the target does not suit it.

    `auto` is a regression if the target's values are continuous numbers, with an `output` of numbers, and
    with exposures. For a regression, rows are stratified by `bins` of the target's values, if given, and the
    intervals of the metrics follow from the experiment's `seed`. Classes have their `class_order`, or keep
    the order that a run has recorded, if there is one; with a `class_order`, `auto` is a classification.
    If the recorded classes are extended, they stay even without rows, and new ones come after them. Notes
    about one of several targets advise what its output may be.

    Several targets are encoded one by one, each with the kind of its output in `outputs`, or of its values.
    `recorded_targets` are the recorded classes of each, none for numbers; if they are extended, each target
    keeps its kind.
    """
    if len(dataset.targets) > 1:
        kept = (recorded_targets or {}) if is_extended else {}
        return _encode_several(dataset, outputs or {}, bins, seed, kept)
    notes: list[str] = []
    amounts = dataset.with_amounts()
    if kind == "auto" and class_order is not None:
        kind = "classification"
    elif kind == "auto" and (is_for_numbers(output) or dataset.exposures is not None):
        kind = "regression"
    if kind == "auto":
        kind, notes = _detected(amounts, recorded_classes, is_one_of_several=is_one_of_several)
    if kind == "regression":
        if output == "auto" and dataset.exposures is None:
            notes += _count_notes(amounts, is_one_of_several=is_one_of_several)
        return _regression(amounts, bins, seed, notes)
    texts = set(dataset.target.texts)
    if not (texts <= set(recorded_classes) if is_extended else texts == set(recorded_classes)):
        dataset = dataset.with_truth_values()
    encoded = classification.encode(dataset, recorded_classes, class_order, is_extended=is_extended)
    task = Classification(dataset.target.name, encoded.classes, is_ordered=class_order is not None)
    warnings, notes = (*dataset.warnings, *encoded.warnings), [*dataset.notes, *notes]
    return TaskData(dataset, task, encoded.labels, encoded.labels, encoded.classes, warnings, notes)


def _encode_several(
    dataset: Dataset,
    outputs: Mapping[str, Output],
    bins: int | None,
    seed: int,
    kept: Mapping[str, Sequence[str]],
) -> TaskData:
    """Rows are stratified by their labels or, of other targets, by the first one: see `_strata`. Targets of
    which classes are `kept` keep their kind.
    """
    encoded = []
    for target in dataset.targets:
        if not (target.codes[: len(dataset) - dataset.test_rows] >= 0).any():
            message = f"the target {quoted(target.name)} has no value in any row"
            raise DataError(Problem(message, file=printable(dataset.source)))
        output = outputs[target.name].name if target.name in outputs else "auto"
        if is_for_numbers(output) and not any(plain_number(text) is not None for text in target.texts):
            text = f"the target {quoted(target.name)} has no numbers, which {output} is an output of"
            path = format_path((*OUTPUTS, target.name))
            advice = "write softmax, or leave it out"
            raise ConfigError(Problem(text, path=path, advice=advice, has_subject=True))
        kind: TaskKind = "classification" if is_for_classes(output) else "auto"
        if target.name in kept:
            kind = "classification" if kept[target.name] else "regression"
        data = encode(
            replace(dataset, targets=(target,)),
            kind,
            output=output,
            bins=bins,
            seed=seed,
            recorded_classes=kept.get(target.name, ()),
            is_extended=bool(kept.get(target.name)),
            is_one_of_several=True,
        )
        encoded.append(data)
    columns = [
        np.where(data.dataset.target.codes < 0, np.nan, data.targets.astype(np.float64)) for data in encoded
    ]
    raw_targets = tuple(data.dataset.target for data in encoded)
    types = {name: kind for data in encoded for name, kind in data.dataset.types.items()}
    warnings = dict.fromkeys(warning for data in encoded for warning in data.warnings)
    notes = dict.fromkeys(note for data in encoded for note in data.notes)
    task, targets = JointTask(tuple(data.task for data in encoded)), np.stack(columns, axis=1)
    joint = replace(dataset, targets=raw_targets, types=types)
    if task.labels:
        strata, names = (targets == 1.0).astype(np.int8), [*task.labels]
    else:
        strata, names = _strata(encoded[0], np.isnan(columns[0]))
    return TaskData(joint, task, targets, strata, names, [*warnings], [*notes])


def _strata(first: TaskData, is_missing: BoolArray) -> tuple[IntArray, list[str]]:
    """Those of the first target; rows without it are a stratum of their own, unless it is a single row."""
    strata, names = first.strata, [*first.strata_names]
    if is_missing[: len(first) - first.dataset.test_rows].sum() == 1:
        strata = np.where(is_missing, np.bincount(strata[~is_missing]).argmax(), strata)
    elif is_missing.any():
        strata = np.where(is_missing, len(names), strata)
        names.append(f"no {first.dataset.target.name}")
    return strata, names


def _detected(
    dataset: Dataset, recorded_classes: Sequence[str], *, is_one_of_several: bool
) -> tuple[TaskKind, list[str]]:
    """The kind of task that suits the target, and notes for the user about the choice.

    Raises DataError if only a few texts keep the target from being a regression, unless they are the classes
    of a run.
    """
    counts = dataset.target_counts()
    texts = [dataset.target.texts[code] for code in np.flatnonzero(counts)]
    name, values = quoted(dataset.target.name), f"{len(texts):,} distinct numbers"
    path: ConfigPath = TASK
    numbers, classes = "regression", "classification"
    if is_one_of_several:
        path, numbers, classes = (*OUTPUTS, dataset.target.name), "squared", "softmax"
    if dataset.task is not None:
        return dataset.task, []
    if are_amounts(texts, counts[counts > 0]):
        advice = f"write {setting_text(path, numbers)}, or {classes} if they are classes"
        return "regression", [
            f"the target {name} has {values}, which look continuous, so this is a regression ({advice})"
        ]
    if not recorded_classes:
        _refuse_misspelt_amount(dataset.target, counts, dataset.source, setting_text(path, classes))
    if len(texts) > MANY_VALUES and all_numbers(texts):
        advice = f"write {setting_text(path, classes)}, or {numbers} if they are amounts"
        return "classification", [f"the target {name} has {values}, which are treated as classes ({advice})"]
    if quantity := quantity_of(texts, counts[counts > 0]):
        as_amounts, as_classes = (setting_text(path, name, "=") for name in (numbers, classes))
        advice = f"--set {as_amounts} predicts amounts, --set {as_classes} keeps the classes"
        if quantity.noun == "counts":
            output = path if is_one_of_several else OUTPUT
            advice = f"--set {setting_text(output, 'poisson', '=')} predicts their means, {advice}"
        return "classification", [
            f"the target {name} looks like {quantity}, which are treated as {len(texts)} classes ({advice})"
        ]
    return "classification", []


def _count_notes(dataset: Dataset, *, is_one_of_several: bool) -> list[str]:
    """A note if the target of a regression looks like counts."""
    counts = dataset.target_counts()
    codes = np.flatnonzero(counts)
    found = counts_of([dataset.target.texts[code] for code in codes], counts[codes])
    if found is None:
        return []
    path = (*OUTPUTS, dataset.target.name) if is_one_of_several else OUTPUT
    option = setting_text(path, "poisson", "=")
    advice = f"--set {option} estimates the logarithm of their mean, and scores deviances"
    return [f"the target {quoted(dataset.target.name)} looks like {found}: {advice}"]


def task_of_column(target: RawTarget, source: str) -> Literal["classification", "regression"]:
    """The task that `auto` chooses for a column of a source, whose texts all occur.

    Raises DataError if it cannot be a target: it has a single value, names, numbers of which a few are
    misspelt, or amounts that are too large to compute with.
    """
    if not target.texts:
        message = f"the target {quoted(target.name)} has no value in any row"
        raise DataError(Problem(message, file=source))
    plain = target.plain()
    counts = _counts(plain)
    if are_amounts(plain.texts, counts):
        regression.values_of(plain, counts, source)
        return "regression"
    _refuse_misspelt_amount(plain, counts, source)
    if problem := classification.target_problem(target.name, target.texts, _counts(target)):
        raise DataError(Problem(problem, file=source))
    return "classification"


def in_class_order(classes: Sequence[str]) -> tuple[str, ...]:
    """The classes in the order in which a network has them."""
    return classification.natural_order(classes)


def _counts(target: RawTarget) -> IntArray:
    """(T,) the number of rows with each of the target's texts."""
    return np.bincount(target.codes[target.codes >= 0], minlength=len(target.texts))


def _refuse_misspelt_amount(
    target: RawTarget, counts: IntArray, source: str, setting: str = "data.task: classification"
) -> None:
    """Raise DataError if a few texts are no numbers; `setting` is what makes the target classes."""
    codes = np.flatnonzero(counts).tolist()
    in_order = sorted(codes, key=lambda code: target.lines[code] or 0)
    texts = [target.texts[code] for code in in_order]
    index = misspelt_amount(texts, counts[in_order])
    if index is None:
        return
    text = texts[index]
    wrong = number_problem(text)
    if "," not in text:
        wrong += ": correct it, or add it to data.missing_values"
    message = f"most values of the target {quoted(target.name)} are numbers, but {wrong}"
    message += f" (if they are classes, write {setting})"
    raise DataError(Problem(message, file=printable(source), line=target.lines[in_order[index]]))


def _regression(dataset: Dataset, bins: int | None, seed: int, notes: Sequence[str]) -> TaskData:
    targets = regression.encode(dataset)
    strata: IntArray = np.zeros(len(targets), np.intp)
    if bins is not None:
        strata = regression.bins(targets, bins, test_rows=dataset.test_rows)
    names = [f"bin {number}" for number in range(1, int(strata.max()) + 2)]
    outside = regression.values_outside(dataset, targets)
    task, notes = Regression(dataset.target.name, seed, outside), [*dataset.notes, *notes]
    return TaskData(dataset, task, targets, strata, names, dataset.warnings, notes)
