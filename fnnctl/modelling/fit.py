"""A fit: one experiment on given rows with one seed. All training consists of fits."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any, Self

from fnnctl.config.rules.canonical import configuration_seed
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.model import AutoOutput
from fnnctl.config.schema.search import AUTO_METRIC
from fnnctl.data.fitting import fit_preprocessor
from fnnctl.data.preprocessing import Preprocessor
from fnnctl.data.splits.parts import Rows, Split
from fnnctl.errors import ConfigError, Problem
from fnnctl.memory import available_bytes
from fnnctl.modelling.input_stage import encoding
from fnnctl.modelling.stack_settings import member_of, network_shape, stack_settings
from fnnctl.nn.losses.registry import target_type
from fnnctl.nn.parameters import ParameterLayout
from fnnctl.seeds import member_seed
from fnnctl.tasks.task import Readout, TaskData
from fnnctl.training.members import Member, StackSettings
from fnnctl.training.memory import training_bytes
from fnnctl.training.pool import Pool, make_pool
from fnnctl.training.threads import default_threads


@dataclass(frozen=True, slots=True)
class Fit:
    """One experiment on given rows with one seed. The data set is separate, so that fits can share it."""

    experiment: Experiment
    """Complete with the settings that depend on the data, as far as the caller wants them recorded."""
    rows: Rows
    """The training, validation and test rows."""
    sizes: tuple[int, int, int]
    """The numbers of training, validation and test rows."""
    seed: int
    """It determines all random numbers of the training."""
    preprocessor: Preprocessor
    """Fitted to the training rows."""
    settings: StackSettings
    readout: Readout
    """How the network's outputs become predictions, fitted to the training rows' targets."""

    @classmethod
    def of(
        cls,
        data: TaskData,
        experiment: Experiment,
        rows: Rows,
        *,
        seed: int | None = None,
        preprocessor: Preprocessor | None = None,
        check_memory: bool = True,
    ) -> Self:
        """Fit the preprocessing to the training rows, unless it is given, and determine the network's shape.

        Without `seed`, the configuration's seed is used, and the experiment is completed first to compute it.
        Raises `ConfigError`, also if there is not enough memory to train the network.
        """
        split = rows.split(data.strata, data.dataset.groups)
        preprocessor = preprocessor or fit_preprocessor(
            data.dataset, split.train, experiment.data, encoding(experiment.model)
        )
        inputs = len(preprocessor.features)
        readout = data.task.readout(experiment.model, data.targets[split.train])
        shape = network_shape(experiment, inputs=inputs, output=readout.output, kinds=preprocessor.kinds)
        if split.train.size == 1 and any(layer.normalization == "batch" for layer in shape.hidden):
            message = "batch normalization needs 2 or more training rows; write normalization: layer"
            raise ConfigError(Problem(message, path="model.normalization"))
        weights = data.example_weights(experiment, split.train)
        if weights is not None and not weights.any():
            given = data.dataset.weights
            raise ConfigError(data.task.weights_problem(None if given is None else given[split.train]))
        settings = stack_settings(experiment, shape, rows=split.train.size, weighted=weights is not None)
        if seed is None:
            experiment = completed(experiment, data, settings)
            seed = configuration_seed(experiment)
        sizes = split.train.size, split.validation.size, split.test.size
        fit = cls(experiment, rows, sizes, seed, preprocessor, settings, readout)
        if check_memory:
            fit.refuse_memory_shortage(len(data))
        return fit

    def refuse_memory_shortage(self, rows: int) -> None:
        """Raise `ConfigError` if memory is too small to train the networks on a data set of `rows` rows."""
        if message := memory_shortage(self.settings, rows=rows):
            path = "model.hidden" if self.settings.ensemble == 1 else "model.ensemble"
            raise ConfigError(Problem(message, path=path))

    @property
    def layout(self) -> ParameterLayout:
        """The layout of the network's parameters in its flat row."""
        return ParameterLayout(self.settings.shape)

    @property
    def preprocessing(self) -> str:
        """A key that is equal for fits on the same rows if their features are the same."""
        return preprocessing_key(self.experiment)

    def split(self, data: TaskData) -> Split:
        """The rows of each part."""
        return self.rows.split(data.strata, data.dataset.groups)

    def examples(self, data: TaskData) -> Pool:
        """All rows of the data, preprocessed for this fit's network."""
        features, targets = self.preprocessor.of(data.dataset), self.readout.learned(data.targets)
        kind = target_type(self.settings.shape.output, self.settings.dtype)
        return make_pool(
            features,
            targets.astype(kind, copy=False),
            len(self.preprocessor.features),
            self.settings.dtype,
        )

    def member(self, data: TaskData, split: Split, *, offset: int = 0) -> Member:
        """The network as a member of a stack whose pool has this fit's rows from `offset` on.

        Of an ensemble, it is the first one.
        """
        return member_of(
            self.experiment,
            seed=self.seed,
            train_rows=split.train + offset,
            validation_rows=split.validation + offset,
            weights=data.example_weights(self.experiment, split.train),
        )

    def members(self, data: TaskData, split: Split, *, offset: int = 0) -> list[Member]:
        """All networks of the fit as members, which differ only in their seeds: one, or an ensemble."""
        first = self.member(data, split, offset=offset)
        return [
            replace(first, seed=member_seed(self.seed, number)) for number in range(self.settings.ensemble)
        ]


def preprocessing_key(experiment: Experiment) -> str:
    """A text that is equal for experiments with the same features, given the same training rows."""
    return json.dumps([experiment.data.model_dump(), encoding(experiment.model)], sort_keys=True)


def completed(
    experiment: Experiment, data: TaskData, settings: StackSettings, *, threads: int | None = None
) -> Experiment:
    """Fill in the settings that follow from the data and the network's size; by default also `threads`."""
    if threads is None:
        given = experiment.training.threads
        threads = default_threads(ParameterLayout(settings.shape)) if settings.ensemble == 1 else 1
        if given != "auto":
            threads = given
    concrete = {"batch_size": settings.batch_size, "threads": threads, "precision": settings.precision}
    training = experiment.training.model_copy(update=concrete)
    return with_data_facts(experiment, data).model_copy(update={"training": training})


def with_data_facts(experiment: Experiment, data: TaskData) -> Experiment:
    """Fill in what a complete config contains about the data, and what follows from the task."""
    dataset, task = data.dataset, data.task
    changes: dict[str, Any] = {}
    facts: dict[str, Any] = {
        "task": task.name,
        "source": dataset.source,
        "sha256": dataset.sha256,
        "target": dataset.target.name,
        "test_source": dataset.test_source,
        "test_sha256": dataset.test_sha256,
    }
    changes["data"] = experiment.data.model_copy(update=facts)
    if isinstance(experiment.model.output, AutoOutput):
        changes["model"] = experiment.model.model_copy(update={"output": task.default_output})
    search = experiment.search
    if search is not None and search.objective.metric == AUTO_METRIC:
        objective = search.objective.model_copy(update={"metric": task.default_metric})
        changes["search"] = search.model_copy(update={"objective": objective})
    return experiment.model_copy(update=changes)


def memory_shortage(settings: StackSettings, *, rows: int) -> str | None:
    """Why the available memory is not enough to train a network or an ensemble; None if it is."""
    needed, available = training_bytes(settings, rows=rows), available_bytes()
    if available is None or needed <= available:
        return None
    parameters, members = ParameterLayout(settings.shape).size, settings.ensemble
    networks = "this network" if members == 1 else f"an ensemble of {members:,} networks, each"
    fewer = "" if members == 1 else "a smaller model.ensemble, "
    return (
        f"training {networks} of {parameters:,} parameters on {rows:,} rows would take "
        f"{needed / 1e9:,.1f} GB of memory, but only {available / 1e9:,.1f} GB are available: use "
        f"{fewer}fewer or narrower layers, or fewer rows or classes"
    )
