"""Small data sets for every kind of target, with outputs of networks for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.config.schema.data import DataConfig
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.losses import LOSS_RECORDS, LossRecord
from fnnctl.metrics.metric import CLASSIFICATION
from fnnctl.modelling.fit import Fit
from fnnctl.modelling.loading import split_data
from fnnctl.stacks.work import train_fits
from fnnctl.tasks.decoder import OutputDecoder
from fnnctl.tasks.registry import encode
from fnnctl.tasks.task import PartScores, Task, TaskData
from tests.memory import dataset_of
from tests.training.random_stacks import in_range

ROWS = 48


@dataclass(frozen=True)
class TaskCase:
    """48 rows with one kind of target; derived objects are created once."""

    targets: Sequence[Any]
    unknown: str
    """A text that is not a valid target of this task."""
    model: dict[str, Any] = field(default_factory=dict)
    """Settings of the network."""
    order: tuple[str, ...] | None = None
    """That of the classes, if they have one."""

    @cached_property
    def experiment(self) -> Experiment:
        settings = {"hidden": [6], **self.model}
        return Experiment.model_validate(
            {
                "data": DataConfig(source="arrays", class_order=self.order),
                "model": settings,
                "training": {"epochs": 10, "optimizer": {"learning_rate": 0.1}},
            }
        )

    @cached_property
    def data(self) -> TaskData:
        """Three features: one is informative about the target, two are not."""
        features = np.random.default_rng(5).normal(size=(ROWS, 3))
        _, order = np.unique(self.targets, return_inverse=True)
        features[:, 0] += order
        dataset, output = dataset_of(features, np.array(self.targets)), self.experiment.model.output.name
        return encode(dataset, output=output, class_order=self.order)

    @property
    def task(self) -> Task:
        return self.data.task

    @cached_property
    def fit(self) -> Fit:
        return Fit.of(self.data, self.experiment, split_data(self.data, self.experiment))

    @cached_property
    def networks(self) -> list[FloatArray]:
        """The scores of all rows, (48, outputs) each, by three networks."""
        return [self._scores(seed) for seed in (1, 2, 3)]

    def _scores(self, seed: int) -> FloatArray:
        fit = Fit.of(self.data, self.experiment, self.fit.rows, seed=seed)
        stack = train_fits(self.data, [fit])
        predictor = stack.predictor(0, *stack.final_weights(0))
        return np.concatenate([each.copy() for each in predictor.pool_scores(stack.pool, np.arange(ROWS))])

    @property
    def decoder(self) -> OutputDecoder:
        return self.fit.decoder

    @cached_property
    def calibrated(self) -> OutputDecoder:
        """The decoder with the temperature that fits the first network, if there is one."""
        return self.task.with_calibration(self.decoder, "temperature", self.networks[0], self.data.targets)

    def part(self, decoder: OutputDecoder | None = None) -> PartScores:
        """The scores of the first network for all rows, by default without calibration."""
        return self.data.score(np.arange(ROWS), [self.networks[0]], decoder or self.decoder)


def _case_of_output(name: str, record: LossRecord) -> TaskCase:
    if record.needs_order:
        return TaskCase(["low", "high", "medium"] * 16, "maybe", {"output": name}, ("low", "medium", "high"))
    if record.task == CLASSIFICATION:
        return TaskCase(["no", "yes", "yes"] * 16, "maybe", {"output": name})
    targets = in_range(name, np.array(AMOUNTS) / 40.0)
    return TaskCase([*targets.tolist()], "lots", {"output": name})


RNG = np.random.default_rng(3)
AMOUNTS = [*np.round(RNG.normal(-20, 40, ROWS), 2).tolist()]
CASES = {
    "two classes": TaskCase(["no", "yes", "yes"] * 16, "maybe"),
    "three classes": TaskCase([*RNG.permutation(["a", "b b", "c,"] * 16)], "d"),
    "classes that are numbers": TaskCase([10, 9, 2, 10] * 12, "3"),
    "two classes with costs": TaskCase(
        ["no", "yes", "yes"] * 16, "maybe", {"threshold": {"cost": {"false_negative": 3.0}}}
    ),
    "a logistic output of the first class": TaskCase(
        ["no", "yes", "yes"] * 16, "maybe", {"output": {"name": "logistic", "positive_class": "no"}}
    ),
    "amounts": TaskCase(AMOUNTS, "much"),
    "amounts far from 0": TaskCase([1e6 + 1e-3 * each for each in AMOUNTS], "1,5"),
    "amounts within limits": TaskCase(AMOUNTS, "1_000", {"clip_outputs": True}),
    "Huber's loss with another parameter": TaskCase(AMOUNTS, "", {"output": {"name": "huber", "delta": 0.5}}),
    **{f"the output {name}": _case_of_output(name, record) for name, record in LOSS_RECORDS.items()},
}
