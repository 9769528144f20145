"""An experiment that is ready to be trained, as in `fnnctl train` before it creates the run folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.config.reading.overrides import OptionValue
from fnnctl.config.schema.experiment import Experiment
from fnnctl.data.splits.parts import Split
from fnnctl.modelling.fit import Fit
from fnnctl.modelling.loading import load_experiment
from fnnctl.modelling.model_description import TrainedPart, describe
from fnnctl.modelling.predictor import Predictor, PredictorPart, fresh_part
from fnnctl.stacks.work import train_fits
from fnnctl.tasks.task import TaskData
from fnnctl.training.members import Member
from fnnctl.training.pool import Pool
from fnnctl.training.trainer import TrainedMember


@dataclass(frozen=True)
class Prepared:
    data: TaskData
    split: Split
    fit: Fit

    @property
    def experiment(self) -> Experiment:
        return self.fit.experiment

    @property
    def member(self) -> Member:
        return self.fit.member(self.data, self.split)

    def examples(self) -> Pool:
        return self.fit.examples(self.data)

    def predictor(self, parameters: FloatArray, statistics: FloatArray) -> Predictor:
        """The predictor of one network with parameters (P,) and running statistics (S,)."""
        part = fresh_part(self.fit, [self.member], parameters[None], statistics[None])
        return Predictor.of_parts(self.data.task, [part])

    def part(self, *, members: int = 1, weight: float = 1.0) -> tuple[PredictorPart, TrainedPart]:
        """A part of untrained networks with random parameters: to predict with, and to write."""
        fit, member = self.fit, self.member
        rng = np.random.default_rng(members)
        parameters = rng.normal(size=(members, fit.layout.size)).astype(fit.settings.dtype)
        statistics = fit.layout.initial_statistics(members, fit.settings.dtype)
        described = describe(fit, self.data, member)
        return (
            fresh_part(fit, [member] * members, parameters, statistics, weight=weight),
            TrainedPart(described, fit.layout, parameters, statistics, weight),
        )

    def trained(self) -> TrainedMember:
        (trained,) = train_fits(self.data, [self.fit]).trained
        return trained


def prepare(config: Path, overrides: Sequence[str] = (), *, seed: int | None = None) -> Prepared:
    loaded = load_experiment(config, [*overrides, *OptionValue.if_given(seed=seed)])
    split = loaded.split()
    return Prepared(loaded.data, split, loaded.fit(split))
