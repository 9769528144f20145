"""What is checked once the data are known: mistakes in them, and settings that do not suit them.

One mistake is a leak: a column that alone predicts the target nearly perfectly. A simple rule per column is
fitted to some rows and scored on others. The rows of the test part are not read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from fnnctl.arrays import IntArray
from fnnctl.config.problems import no_effect
from fnnctl.config.schema.data import DataConfig
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.yaml_text import flow_yaml
from fnnctl.data.splits.parts import Split
from fnnctl.data.warnings import data_warnings
from fnnctl.errors import Problem
from fnnctl.messages import Message
from fnnctl.seeds import Purpose, stream
from fnnctl.store.manifest import BestColumnFacts
from fnnctl.tasks.one_column import ColumnValues
from fnnctl.tasks.task import TaskData
from fnnctl.tasks.warnings import about_targets
from fnnctl.text import quoted, word_list

FOLDS = 3
"""The folds in which each column predicts the target. A judgement: a leak is so good that three show it."""
MAX_ROWS = 10_000
"""Of more rows a sample is read. A judgement: every command that trains waits for the check, and a share of
errors as small as that of a leak shows in this many rows."""
MAX_VALUES = 500_000
"""Of a wide table fewer rows are read, for the same reason, but not fewer than `MIN_SAMPLE`."""
MIN_SAMPLE = 1_000
"""The fewest rows that are read of a wide table. A judgement: a third of them still has hundreds."""
MAX_COLUMNS = 2_000
"""A table with more columns, such as pixels or genes, is not looked at."""
MIN_ROWS = 50
"""In fewer rows a column may separate the classes by chance, or because the task is easy."""
MIN_GROUPS = 10
"""Fewer values of a leak are taken for codes of the target, not for groups of rows."""
NEARLY_PERFECT = 0.98
"""The share of the baseline's errors that a leak takes away."""
MAX_TOLERATED = 0.1
"""The share that single rows may leave: of a few rows of a rare class, one miss is more than 1 in 50."""


@dataclass(frozen=True, slots=True)
class ColumnCheck:
    """What is known of the columns, each by itself."""

    best: BestColumnFacts | None = None
    """None if there are too few rows or too many columns."""
    leaks: tuple[str, ...] = ()
    """The columns that are probably leaks."""
    warnings: tuple[Message, ...] = ()
    """A warning if there are any."""

    @classmethod
    def joined(cls, targets: Sequence[str], checks: Sequence[ColumnCheck]) -> ColumnCheck:
        """What is known of the columns for the targets together, from the check for each."""
        if len(checks) == 1:
            return checks[0]
        return cls(
            leaks=tuple(dict.fromkeys(name for check in checks for name in check.leaks)),
            warnings=tuple(about_targets(zip(targets, (check.warnings for check in checks), strict=True))),
        )


def check_columns(data: TaskData, split: Split | None) -> ColumnCheck:
    """Predict the target from each column alone, outside the test part; of all rows without a split.

    Of several targets, the leaks of each are looked for.
    """
    rows = np.arange(len(data)) if split is None else np.concatenate([split.train, split.validation])
    checks = [
        _check_columns(single, rows[np.isin(rows, present)]) for single, present in data.of_single_targets
    ]
    return ColumnCheck.joined(data.task.targets, checks)


def _check_columns(data: TaskData, rows: IntArray) -> ColumnCheck:
    """The columns by which some rows, (n,), of data with one target are predicted."""
    columns = len(data.dataset.numeric_names) + len(data.dataset.categorical_names)
    if len(rows) < MIN_ROWS or columns > MAX_COLUMNS:
        return ColumnCheck()
    rng = stream(0, Purpose.COLUMNS)
    most = min(MAX_ROWS, max(MIN_SAMPLE, MAX_VALUES // max(1, columns)))
    if len(rows) > most:
        rows = np.sort(rng.choice(rows, most, replace=False))
    folds = _folds(data, rows, rng)
    baseline = _score(data, rows, folds, np.zeros(len(rows), np.int64))
    scores = [(name, _score(data, rows, folds, values)) for name, values in _columns(data, rows)]
    name, score = max(scores, key=lambda pair: pair[1])
    errors = 1.0 - baseline
    missed = min(data.task.column_tolerance(len(rows)), MAX_TOLERATED * errors)
    least = 1.0 - max((1.0 - NEARLY_PERFECT) * errors, missed)
    leaks = [pair for pair in scores if pair[1] >= least] if errors > 0.0 else []
    best = BestColumnFacts(
        name=name,
        metric=data.task.default_metric,
        score=score,
        baseline=baseline,
        is_leak=bool(leaks),
    )
    sources = data.dataset.sources
    names = tuple(dict.fromkeys(sources.get(name, name) for name, _ in leaks))
    score = max((score for _, score in leaks), default=0.0)
    group = _grouping(data, rows, {name for name, _ in leaks})
    return ColumnCheck(best, names, _warnings(data, names, score, group))


def _folds(data: TaskData, rows: IntArray, rng: np.random.Generator) -> IntArray:
    """(n,) the fold of each row; the rows of a group are in one fold, for a group may have one target.

    Of rows in an order, those of a fold follow one another: between two neighbours a trend is known.
    """
    groups, order = data.dataset.groups, data.dataset.order
    if order is not None:
        rank = np.argsort(np.argsort(order[rows], kind="stable"), kind="stable")
        blocks: IntArray = rank * FOLDS // len(rows)
        return blocks
    if groups is None:
        return rng.permutation(len(rows)) % FOLDS
    _, group = np.unique(groups[rows], return_inverse=True)
    folds: IntArray = (rng.permutation(int(group.max()) + 1) % FOLDS)[group]
    return folds


def _columns(data: TaskData, rows: IntArray) -> Iterator[tuple[str, ColumnValues]]:
    dataset = data.dataset
    numbers = (column for some in dataset.number_columns(rows) for column in some)
    yield from zip(dataset.numeric_names, numbers, strict=True)
    for number, name in enumerate(dataset.categorical_names):
        yield name, dataset.categorical[rows, number]


def _score(data: TaskData, rows: IntArray, folds: IntArray, values: ColumnValues) -> float:
    """The score of all rows, each predicted from the rows of the other folds."""
    targets = data.targets[rows]
    predicted = np.empty_like(targets)
    for fold in range(FOLDS):
        tested = folds == fold
        if tested.any() and not tested.all():
            predicted[tested] = data.task.from_column(values[~tested], targets[~tested], values[tested])
        else:
            predicted[tested] = data.task.from_column(values, targets, values[tested])
    return data.task.column_score(targets, predicted)


def _grouping(data: TaskData, rows: IntArray, leaks: set[str]) -> str | None:
    """The categorical column with most values, if they may be groups, such as persons, with one target each.

    It has more values than the target, and several rows of each on average.
    """
    dataset = data.dataset
    if dataset.groups is not None or not leaks.intersection(dataset.categorical_names):
        return None
    values = {
        name: len(np.unique(dataset.categorical[rows, number]))
        for number, name in enumerate(dataset.categorical_names)
        if name in leaks
    }
    name = max(values, key=values.__getitem__)
    targets = len(np.unique(data.targets[rows]))
    may_group = MIN_GROUPS <= values[name] <= len(rows) // 2 and values[name] > targets
    return name if may_group else None


def _warnings(data: TaskData, names: Sequence[str], score: float, group: str | None) -> tuple[Message, ...]:
    """A warning about the columns `names`, the best of which has this score."""
    if not names:
        return ()
    scored = f"{data.task.default_metric} {score:.4g}"
    if len(names) == 1:
        subject, verb = f"the column {quoted(names[0])} alone predicts", "it is"
    else:
        subject, verb = f"each of the columns {word_list([*map(quoted, names)])} alone predicts", "they are"
    groups = ""
    if group is not None:
        groups = (
            f"; if rows with the same {quoted(group)} belong together, like those of one patient, set "
            f"data.split.group: {flow_yaml(group)}, which tests on other ones"
        )
    sentence = (
        f"{subject} the target: {scored} on held-out rows; if {verb} known only after the outcome, add "
        f"{'it' if len(names) == 1 else 'them'} to data.columns.ignore{groups}"
    )
    return (Message("leak", sentence),)


@dataclass(frozen=True, slots=True)
class DataCheck:
    """What was found in the data."""

    warnings: list[Message]
    """The most severe ones first: leaks of the target, then what the parts lack or share."""
    best_column: BestColumnFacts | None
    """None if there are too few rows or too many columns to tell."""

    def with_warnings(self, warnings: Sequence[Message]) -> DataCheck:
        """The check with further warnings, which are less severe."""
        return replace(self, warnings=[*self.warnings, *warnings])

    @classmethod
    def of_parts(cls, data: TaskData, split: Split, config: DataConfig, *, bags: bool = False) -> DataCheck:
        """Check data that are divided into these parts: see `data_warnings`."""
        columns = check_columns(data, split)
        warnings = data_warnings(data.dataset, split, config, bags=bags)
        warnings += data.task.split_warnings(data.targets, split)
        return cls([*columns.warnings, *warnings, *data.warnings], columns.best)

    @classmethod
    def of_folds(cls, data: TaskData, fold_warnings: list[Message], config: DataConfig) -> DataCheck:
        """Check data that are divided into folds, about which these warnings are known."""
        columns = check_columns(data, None)
        warnings = [*data_warnings(data.dataset, None, config), *fold_warnings]
        return cls([*columns.warnings, *warnings, *data.warnings], columns.best)


def without_columns(data: TaskData, experiment: Experiment) -> Iterator[Problem]:
    """A problem if numbers are embedded, but the data have no numeric columns."""
    if experiment.model.numeric_embedding.name != "none" and not data.dataset.numeric_names:
        problem = no_effect("the data have no numeric columns")
        yield replace(problem, path="model.numeric_embedding", advice="write none")
