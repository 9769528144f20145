"""From a config to all that training needs: what is wrong with the input is found here, before any folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fnnctl.config.canonical import configuration_seed
from fnnctl.config.experiment import Experiment
from fnnctl.config.loading import LoadedConfig, load_config
from fnnctl.data.dataset import Dataset
from fnnctl.data.loading import load_dataset
from fnnctl.data.preprocessing import Preprocessor, fit_preprocessor
from fnnctl.data.splits import Split, split_rows
from fnnctl.data.warnings import data_warnings
from fnnctl.errors import ConfigError, DataError
from fnnctl.nn.parameters import ParameterLayout
from fnnctl.training.members import Examples, Member, StackSettings
from fnnctl.training.memory import available_bytes, training_bytes
from fnnctl.training.recipe import batch_size, member_of, network_shape, stack_settings
from fnnctl.training.threads import default_threads


@dataclass(frozen=True, slots=True)
class Prepared:
    """An experiment that can be trained."""

    loaded: LoadedConfig
    experiment: Experiment
    """With everything that depends on the data filled in."""
    dataset: Dataset
    split: Split
    preprocessor: Preprocessor
    settings: StackSettings
    warnings: list[str]

    @property
    def name(self) -> str:
        """The experiment's name, which loading fills in."""
        return self.experiment.name or ""

    @property
    def threads(self) -> int:
        """Threads a matrix product."""
        threads = self.experiment.training.threads
        return default_threads(self.layout) if threads == "auto" else threads

    @property
    def member(self) -> Member:
        """The network, with its seed and rows."""
        return member_of(
            self.experiment,
            seed=configuration_seed(self.experiment),
            train_rows=self.split.train,
            validation_rows=self.split.validation,
        )

    @property
    def layout(self) -> ParameterLayout:
        """Where the network's parameters stand in its flat row."""
        return ParameterLayout(self.settings.shape)

    def examples(self) -> Examples:
        """All rows, preprocessed, each with a last one."""
        inputs = np.ones((len(self.dataset), len(self.preprocessor.features) + 1), self.settings.dtype)
        self.preprocessor.transform(self.dataset, np.arange(len(self.dataset)), inputs[:, :-1])
        return Examples(inputs, self.dataset.labels)


def prepare(file: Path, overrides: Sequence[str], *, name: str | None, seed: int | None) -> Prepared:
    """Load the config and its data, divide and fit, and size the network.

    Raises `InputError` with every problem that one of these steps finds.
    """
    loaded = load_config(file, overrides, name=name, seed=seed)
    experiment = loaded.experiment
    try:
        dataset = load_dataset(experiment.data, loaded.file.parent)
        split = split_rows(
            dataset.labels,
            dataset.classes,
            experiment.data.split,
            seed=experiment.seed,
            test_rows=dataset.test_rows,
        )
    except DataError as error:
        raise _placed(error, loaded) from None
    preprocessor = fit_preprocessor(dataset, split.train, experiment.data)
    shape = network_shape(experiment, inputs=len(preprocessor.features), classes=len(dataset.classes))
    settings = stack_settings(experiment, shape, rows=split.train.size)
    _refuse_too_large(loaded, settings, rows=len(dataset))
    return Prepared(
        loaded=loaded,
        experiment=_completed(experiment, dataset, settings, train_rows=split.train.size),
        dataset=dataset,
        split=split,
        preprocessor=preprocessor,
        settings=settings,
        warnings=[*dataset.warnings, *data_warnings(dataset, split)],
    )


def _placed(error: DataError, loaded: LoadedConfig) -> DataError:
    """The error with the config's file and line where a problem names a setting but no file."""
    return DataError(
        *(
            loaded.problem(problem.path, problem.message) if problem.path and not problem.file else problem
            for problem in error.problems
        )
    )


def _completed(
    experiment: Experiment, dataset: Dataset, settings: StackSettings, *, train_rows: int
) -> Experiment:
    """Fill in what follows from the data and the network's size."""
    training = experiment.training
    threads = (
        default_threads(ParameterLayout(settings.shape)) if training.threads == "auto" else training.threads
    )
    facts = {
        "source": dataset.source,
        "sha256": dataset.sha256,
        "target": dataset.target,
        "test_source": dataset.test_source,
        "test_sha256": dataset.test_sha256,
    }
    concrete = {"batch_size": batch_size(experiment, train_rows), "threads": threads}
    return experiment.model_copy(
        update={
            "data": experiment.data.model_copy(update=facts),
            "training": training.model_copy(update=concrete),
        }
    )


def _refuse_too_large(loaded: LoadedConfig, settings: StackSettings, *, rows: int) -> None:
    needed, available = training_bytes(settings, rows=rows), available_bytes()
    if available is None or needed <= available:
        return
    parameters = ParameterLayout(settings.shape).size
    message = (
        f"training this network of {parameters:,} parameters on {rows:,} rows would take "
        f"{_gigabytes(needed)} of memory, and {_gigabytes(available)} are available: take fewer or narrower "
        "layers, or fewer rows or classes"
    )
    raise ConfigError(loaded.problem("model.hidden", message))


def _gigabytes(amount: int) -> str:
    return f"{amount / 1e9:,.1f} GB"
