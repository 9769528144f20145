"""The facts of a data set that a recipe depends on."""

from __future__ import annotations

from fnnctl.config.rules.recipes.facts import RecipeFacts
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.search import AUTO_METRIC
from fnnctl.tasks.task import TaskData


def recipe_facts(data: TaskData, experiment: Experiment) -> RecipeFacts:
    """What the recipe of an experiment on these data depends on."""
    dataset, task, search = data.dataset, data.task, experiment.search
    metric = search.objective.metric if search is not None else AUTO_METRIC
    return RecipeFacts(
        task=task.name,
        rows=len(dataset) - dataset.test_rows,
        numeric=len(dataset.numeric_names),
        categories=sum(len(texts) + 1 for texts in dataset.categories),
        outputs=1 if task.name == "regression" else len(dataset.target.texts),
        metric=task.default_metric if metric == AUTO_METRIC else metric,
    )
