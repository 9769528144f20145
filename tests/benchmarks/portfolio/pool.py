"""What a candidate predicts on a table: the numbers from which the losses of all mixtures follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Self

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.config.paths import TWINS, parse_path
from fnnctl.config.recipes.portfolio import Change
from fnnctl.config.rules.experiments import experiment_of
from fnnctl.config.rules.plain_config import with_value
from fnnctl.modelling.fit import Fit
from fnnctl.modelling.predictor import Predictor
from fnnctl.stacks.out_of_bag import scored_out_of_bag
from fnnctl.stacks.work import train_fits
from fnnctl.training.trainer import Outcome
from tests.benchmarks.measuring import processor_seconds
from tests.benchmarks.recipe.tables import Table, fixed_folds
from tests.benchmarks.recipe.training import resolved


@dataclass(frozen=True, slots=True)
class Entry:
    """A candidate on a table; of one that fails or that the table does not allow, the arrays are empty."""

    out_of_bag: FloatArray
    """(n,) the probability of the true class, or the error of the estimate, in standard deviations."""
    tested: FloatArray
    """(m,) the same of the test rows."""
    seconds: float
    """Of the processor."""
    is_classification: bool

    @classmethod
    def read(cls, file: Path) -> Self:
        with np.load(file) as arrays:
            return cls(
                arrays["out_of_bag"],
                arrays["tested"],
                float(arrays["seconds"]),
                bool(arrays["is_classification"]),
            )

    def write(self, file: Path) -> None:
        """Through another name, so that an interrupted run leaves no part of a file."""
        unfinished = file.with_suffix(UNFINISHED)
        np.savez(
            unfinished,
            out_of_bag=self.out_of_bag.astype(np.float32),
            tested=self.tested.astype(np.float32),
            seconds=self.seconds,
            is_classification=self.is_classification,
        )
        unfinished.rename(file)

    def losses(self, values: FloatArray) -> FloatArray:
        """The losses of rows, from probabilities of the true class or from errors."""
        return -np.log(np.maximum(values, 1e-9)) if self.is_classification else np.square(values)


Pool = Mapping[str, Mapping[int, Entry]]
"""By table, then by the candidate's index."""


UNFINISHED: Final = ".tmp.npz"


def pool_file(folder: Path, table: str, index: int) -> Path:
    return folder / f"{table}-{index}.npz"


def read_pool(folder: Path, count: int) -> dict[str, dict[int, Entry]]:
    """The entries of the first `count` candidates that could be trained, of tables that have the default."""
    pool: dict[str, dict[int, Entry]] = {}
    for file in sorted(folder.glob("*.npz")):
        if file.name.endswith(UNFINISHED):
            continue
        table, _, index = file.stem.rpartition("-")
        entry = Entry.read(file)
        if int(index) < count and entry.out_of_bag.size:
            pool.setdefault(table, {})[int(index)] = entry
    return {table: dict(sorted(entries.items())) for table, entries in pool.items() if 0 in entries}


def measure(table: Table, change: Change, fold: int) -> Entry:
    """Train the changed default on a fixed fold's training rows, as `fnnctl train` does."""
    begun, data = processor_seconds(), table.data
    nothing = Entry(np.empty(0), np.empty(0), 0.0, table.is_classification)
    config = resolved(table, ("recipe=default",), ())
    if config is None:
        return nothing
    for path, value in change.values(experiment_of(config)).items():
        config = with_value(config, parse_path(path), value)
    if not change.embedding:  # twins differ from members by the embedding
        config = with_value(config, TWINS, False)
    experiment = experiment_of(config)
    rows = fixed_folds(data, validation=0.15, seed=0)[fold]
    fit = Fit.of(data, experiment, rows)
    stack = train_fits(data, [fit])
    if stack.trained_fit(0).outcome is Outcome.DIVERGED or not fit.settings.bags:
        return nothing
    split = fit.split(data)
    predictor, of_parts, _ = scored_out_of_bag(stack, 0)
    held_out = predictor.joint_scores(of_parts)
    tested = predictor.pool_scores(stack.pool, split.test)
    return replace(
        nothing,
        out_of_bag=_values(table, predictor, [held_out], data.targets[split.validation]),
        tested=_values(table, predictor, [batch.copy() for batch in tested], data.targets[split.test]),
        seconds=processor_seconds() - begun,
    )


def _values(
    table: Table, predictor: Predictor, batches: Sequence[FloatArray], targets: FloatArray
) -> FloatArray:
    task, scores = table.data.task, np.concatenate(batches)
    joint = task.joint_decoder([predictor.decoder] * 2)
    converted = task.converted(scores, predictor.decoder, joint)
    mixture = task.mixture([converted], targets, joint)
    values: FloatArray = mixture.values[0] if table.is_classification else mixture.values[0] - mixture.truths
    return values
