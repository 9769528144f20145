"""The facts of a data set that a recipe depends on, and whether its rows are enough for a recipe's bags.

A recipe's bags must not make an experiment fail that works without them, neither in `train` nor in a
cross-validation. And if groups differ so much in size that bags leave most rows out, one validation part for
all members is better.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from fnnctl.arrays import IntArray
from fnnctl.config.schema.data import MANY_CATEGORIES
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.losses import default_output
from fnnctl.config.schema.objective import AUTO_METRIC, objective_of
from fnnctl.config.schema.recipe_values import RecipeFacts
from fnnctl.data.dataset import Dataset
from fnnctl.data.splits.groups import most_folds
from fnnctl.data.splits.parts import Rows, Split
from fnnctl.errors import ConfigError, Problem
from fnnctl.metrics.metric import REGRESSION, SEVERAL, TargetKind
from fnnctl.modelling.cross_validation import divided
from fnnctl.modelling.fit import NO_WEIGHT, bagged_rows
from fnnctl.tasks.task import TaskData
from fnnctl.text import counted

MIN_TRAINED: Final = 0.6
"""The share of the rows outside the test part that each member must train on.

Over four seeds of made data with 360 rows, bags whose members train on a share of 0.61 were better than a
shared validation part (accuracy +1.1 points, loss −0.019), and those with 0.5 were worse (−0.4 points,
+0.014).
"""
MIN_VALIDATED: Final = 1 / 6
"""The share of these rows that must be validation rows of some member.

A judgement: with fewer, a validation part, by default 15 % of all rows, would measure as much.
"""
MUCH_SMALLER: Final = 4
"""How many times the largest of small groups fits into a bag's share of the rows.

A judgement: whole groups then change the size of a bag by about a quarter at most.
"""


def recipe_facts(data: TaskData, experiment: Experiment) -> RecipeFacts:
    """What the recipe of an experiment on these data depends on."""
    dataset, task, search = data.dataset, data.task, experiment.search
    if search is not None and search.may_train_ensembles:
        search = None  # its trials are what `train` trains: they are calibrated, and may end early
    metric = search.objective.metric if search is not None else AUTO_METRIC
    return RecipeFacts(
        task=task.name,
        rows=len(dataset) - dataset.test_rows,
        numeric=len(dataset.numeric_names),
        indicators=_indicators(dataset),
        categories=sum(_categories(texts, experiment.data.max_categories) for texts in dataset.categories),
        outputs=len(task.classes) or 1,
        metric=objective_of(experiment, task.name, task.default_metric) if metric == AUTO_METRIC else metric,
        output=_output_name(experiment, task.name),
        many_categories=any(len(texts) > MANY_CATEGORIES for texts in dataset.categories),
        has_search=search is not None,
        has_numbers=task.name == SEVERAL and any(each.name == REGRESSION for each in task.tasks),
    )


def _output_name(experiment: Experiment, task: TargetKind) -> str:
    """The name of the output that the config asks for; `auto` with several targets."""
    name = experiment.model.output.name
    if task == SEVERAL:
        return name
    return default_output(task, is_ordered=experiment.data.is_ordered).name if name == "auto" else name


def _categories(texts: Sequence[str], most: int | None) -> int:
    """The largest number of features of a categorical column, with one for missing values."""
    return 1 + (len(texts) if most is None else min(len(texts), most))


def _indicators(dataset: Dataset) -> int:
    """How many numeric columns have missing values; for arrays, which are not looked at for this, all."""
    if not dataset.types:
        return len(dataset.numeric_names)
    incomplete = {part for column in dataset.types.values() if column.missing for part in column.columns}
    return len(incomplete.intersection(dataset.numeric_names))


def against_bags(data: TaskData, experiment: Experiment, split: Split | None) -> Problem | None:
    """Why the recipe should not give this experiment, which has bags, any; None if it may.

    `split` is None if the rows cannot be split, with or without bags.
    """
    reason = split and (_impossible(data, experiment, split) or _wasteful(data, experiment, split))
    if reason:
        return reason
    reasons = (_impossible(data, experiment, fold) for fold in _doubtful_folds(data, experiment))
    reason_of_fold = next(filter(None, reasons), None)
    return reason_of_fold and reason_of_fold.prefixed("in a fold of a cross-validation", ", ")


def _impossible(data: TaskData, experiment: Experiment, rows: Rows) -> Problem | None:
    """Why no ensemble with bags can be trained on these rows."""
    try:
        bagged = bagged_rows(rows, experiment, data)
    except ConfigError as error:
        return error.problems[0]
    if bagged and _zero_weights(data, experiment):
        for bag in bagged.bags(data.strata, data.dataset.groups):
            weights = data.example_weights(experiment, bag.train)
            if weights is not None and not weights.any():
                return Problem(NO_WEIGHT, has_subject=True)
    return None


def _wasteful(data: TaskData, experiment: Experiment, split: Split) -> Problem | None:
    """Why bags of these rows, which are possible, would leave out too many of them."""
    bagged, groups = bagged_rows(split, experiment, data), data.dataset.groups
    if bagged is None or groups is None:
        return None
    if _are_small(groups[bagged.non_test(data.strata, groups)], experiment):
        return None
    bags = bagged.bags(data.strata, groups)
    rows, trained = split.train.size + split.validation.size, bags[0].train.size
    validated = sum(bag.validation.size for bag in bags)
    of = f"of the {counted(rows, 'row')} outside the test part"
    if trained < MIN_TRAINED * rows:
        text = f"the groups differ so much in size that each member would be trained on {trained:,} {of}"
        return Problem(text, has_subject=True)
    if validated < MIN_VALIDATED * rows:
        text = f"the groups differ so much in size that {validated:,} {of} would be validation rows"
        return Problem(text, has_subject=True)
    return None


def _doubtful_folds(data: TaskData, experiment: Experiment) -> Iterator[Rows]:
    """The folds of the cross-validation that must be checked for bags.

    There are none if the numbers of rows show that all folds can have bags, or if no cross-validation is
    possible, which is said when it is asked for.
    """
    dataset, settings = data.dataset, experiment.evaluation.cross_validation
    groups, members = dataset.groups, experiment.model.ensemble.members
    if settings.folds > most_folds(data.strata, groups) or (groups is not None and dataset.test_rows):
        return
    rows = len(data) - math.ceil(len(data) / settings.folds)
    are_enough = rows >= members if groups is None else _are_small(groups, experiment)
    if are_enough and _zero_weights(data, experiment) < rows / 2:
        return
    yield from divided(data, experiment).folds(
        validation=0.0, stratify=experiment.data.split.stratify, seed=experiment.split_seed
    )


def _are_small(groups: IntArray, experiment: Experiment) -> bool:
    """Whether all `groups` (n,) are so small that folds and bags are about as even as those of rows.

    If they are, there is no need to divide them, which takes long for very many groups.
    """
    return int(np.bincount(groups).max()) * MUCH_SMALLER * experiment.model.ensemble.members <= len(groups)


def _zero_weights(data: TaskData, experiment: Experiment) -> int:
    """The number of rows without effect on the loss."""
    weights = data.example_weights(experiment, np.arange(len(data)))
    return 0 if weights is None else int(np.count_nonzero(weights == 0))
