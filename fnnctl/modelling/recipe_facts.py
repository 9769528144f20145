"""The facts of a data set that a recipe depends on."""

from __future__ import annotations

from collections.abc import Sequence

from fnnctl.config.rules.recipes.facts import RecipeFacts
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.search import AUTO_METRIC
from fnnctl.data.dataset import Dataset
from fnnctl.tasks.task import TaskData


def recipe_facts(data: TaskData, experiment: Experiment) -> RecipeFacts:
    """What the recipe of an experiment on these data depends on."""
    dataset, task, search = data.dataset, data.task, experiment.search
    metric = search.objective.metric if search is not None else AUTO_METRIC
    return RecipeFacts(
        task=task.name,
        rows=len(dataset) - dataset.test_rows,
        numeric=len(dataset.numeric_names),
        indicators=_indicators(dataset),
        categories=sum(_categories(texts, experiment.data.max_categories) for texts in dataset.categories),
        outputs=1 if task.name == "regression" else len(dataset.target.texts),
        metric=task.default_metric if metric == AUTO_METRIC else metric,
    )


def _categories(texts: Sequence[str], most: int | None) -> int:
    """The largest number of features of a categorical column, with one for missing values."""
    return 1 + (len(texts) if most is None else min(len(texts), most))


def _indicators(dataset: Dataset) -> int:
    """How many numeric columns have missing values; for arrays, which are not looked at for this, all."""
    if not dataset.readings:
        return len(dataset.numeric_names)
    incomplete = {part for each in dataset.readings.values() if each.missing for part in each.columns}
    return len(incomplete.intersection(dataset.numeric_names))
