"""From a config to all that training needs: what is wrong with the input is found here, before any folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.blas import set_blas_threads
from fnnctl.config.paths import ConfigPath
from fnnctl.config.reading.loading import LoadedConfig, load_config
from fnnctl.config.rules.canonical import configuration_seed
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.metric_names import class_of
from fnnctl.config.schema.model import LogisticOutput
from fnnctl.data.dataset import Dataset
from fnnctl.data.loading import load_dataset
from fnnctl.data.preprocessing import Preprocessor, fit_preprocessor
from fnnctl.data.splits.parts import Split, split_rows
from fnnctl.data.warnings import data_warnings
from fnnctl.errors import ConfigError, DataError, Problem, did_you_mean, quoted_list
from fnnctl.memory import available_bytes, return_large_blocks
from fnnctl.nn.parameters import ParameterLayout
from fnnctl.nn.shape import NetworkShape
from fnnctl.training.members import Member, StackSettings
from fnnctl.training.memory import training_bytes
from fnnctl.training.pool import Pool, make_pool
from fnnctl.training.recipe import example_weights, member_of, network_shape, stack_settings
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
    member: Member
    """The network, with its seed and rows."""
    layout: ParameterLayout
    """Where the network's parameters stand in its flat row."""
    threads: int
    """Threads a matrix product."""
    warnings: list[str]

    @property
    def name(self) -> str:
        """The experiment's name, which loading fills in."""
        return self.experiment.name or ""

    def set_threads(self) -> int | None:
        """Let matrix products use `threads`, and return them; None where the BLAS takes no number."""
        return self.threads if set_blas_threads(self.threads) else None

    def examples(self) -> Pool:
        """All rows, preprocessed, each with a last one."""
        features, labels = self.preprocessor.of(self.dataset), self.dataset.labels
        return make_pool(features, labels, len(self.preprocessor.features), self.settings.dtype)


@dataclass(frozen=True, slots=True)
class Source:
    """A config and its data, before any row is given a part."""

    loaded: LoadedConfig
    dataset: Dataset


@dataclass(frozen=True, slots=True)
class Fitted:
    """What follows from the rows that are learned from."""

    preprocessor: Preprocessor
    settings: StackSettings
    weights: FloatArray | None
    """The training rows' factors in the loss, (rows,)."""


def prepare(file: Path, overrides: Sequence[str], *, name: str | None, seed: int | None) -> Prepared:
    """Load the config and its data, divide and fit, and size the network.

    Raises `InputError` with every problem that one of these steps finds.
    """
    return prepare_source(load_source(file, overrides, name=name, seed=seed))


def parts_of(source: Source) -> Split:
    """Divide the rows into parts; raises `DataError`."""
    experiment, dataset = source.loaded.experiment, source.dataset
    try:
        return split_rows(
            dataset.labels,
            dataset.classes,
            experiment.data.split,
            seed=experiment.seed,
            test_rows=dataset.test_rows,
            groups=dataset.groups,
        )
    except DataError as error:
        raise _placed(error, source.loaded) from None


def prepare_source(source: Source) -> Prepared:
    """Divide and fit, and size the network; raises `InputError`."""
    experiment, dataset, split = source.loaded.experiment, source.dataset, parts_of(source)
    fitted = fit(source, split.train)
    settings, layout = fitted.settings, ParameterLayout(fitted.settings.shape)
    threads = experiment.training.threads
    threads = default_threads(layout) if threads == "auto" else threads
    experiment = completed(experiment, dataset, settings, threads=threads)
    return Prepared(
        loaded=source.loaded,
        experiment=experiment,
        dataset=dataset,
        split=split,
        preprocessor=fitted.preprocessor,
        settings=settings,
        member=member_of(
            experiment,
            seed=configuration_seed(experiment),
            train_rows=split.train,
            validation_rows=split.validation,
            weights=fitted.weights,
        ),
        layout=layout,
        threads=threads,
        warnings=[*dataset.warnings, *data_warnings(dataset, split)],
    )


def load_source(file: Path, overrides: Sequence[str], *, name: str | None, seed: int | None) -> Source:
    """Load the config and its data, and hold the one against the other; raises `InputError`."""
    return_large_blocks()
    loaded = load_config(file, overrides, name=name, seed=seed)
    try:
        dataset = load_dataset(loaded.experiment.data, loaded.file.parent)
    except DataError as error:
        raise _placed(error, loaded) from None
    _check_classes(loaded, dataset)
    return Source(loaded, dataset)


def fit(source: Source, train: IntArray, *, preprocessor: Preprocessor | None = None) -> Fitted:
    """Fit the preprocessing to the training rows, unless it is given, and size the network.

    Raises `ConfigError`, also where there is not enough memory to train it.
    """
    fitted = fit_whatever_its_size(source, train, preprocessor=preprocessor)
    if message := too_large(fitted.settings, rows=len(source.dataset)):
        raise ConfigError(source.loaded.problem("model.hidden", message))
    return fitted


def fit_whatever_its_size(
    source: Source, train: IntArray, *, preprocessor: Preprocessor | None = None
) -> Fitted:
    """Do as `fit`, without a look at the memory."""
    loaded, dataset = source.loaded, source.dataset
    preprocessor = preprocessor or fit_preprocessor(dataset, train, loaded.experiment.data)
    shape = network_shape(loaded.experiment, inputs=len(preprocessor.features), classes=dataset.classes)
    _refuse_single_row(loaded, shape, train)
    weights = _weights(loaded, dataset, train)
    settings = stack_settings(loaded.experiment, shape, rows=train.size, weighted=weights is not None)
    return Fitted(preprocessor, settings, weights)


def _placed(error: DataError, loaded: LoadedConfig) -> DataError:
    """The error with the config's file and line where a problem names a setting but no file."""
    return DataError(
        *(
            loaded.problem(problem.path, problem.message) if problem.path and not problem.file else problem
            for problem in error.problems
        )
    )


def _check_classes(loaded: LoadedConfig, dataset: Dataset) -> None:
    """Refuse settings that name classes which the data do not have."""
    training, output = loaded.experiment.training, loaded.experiment.model.output
    classes = dataset.classes
    wrong: list[tuple[ConfigPath, str]] = []
    if isinstance(training.class_weights, dict):
        wrong += [
            (("training", "class_weights", name), name)
            for name in training.class_weights
            if name not in classes
        ]
    if isinstance(output, LogisticOutput):
        if len(classes) != 2:
            message = f"a logistic output tells two classes apart, and {dataset.target} has {len(classes)}"
            raise ConfigError(loaded.problem("model.output", f"{message}; write output: softmax"))
        positive = output.positive_class
        if positive is not None and positive not in classes:
            wrong.append((("model", "output", "positive_class"), positive))
    if wrong:
        raise ConfigError(*(_no_class(loaded, path, name, classes) for path, name in wrong))


def _no_class(loaded: LoadedConfig, path: ConfigPath, name: str, classes: Sequence[str]) -> Problem:
    known = f"; the classes are {quoted_list(classes)}"
    return loaded.problem(path, f"there is no class '{name}'{did_you_mean(name, classes) or known}")


def searching_problems(loaded: LoadedConfig, dataset: Dataset) -> list[Problem]:
    """What is wrong with the config's search, and with how it speaks of the data; training minds neither."""
    problems, search = loaded.search_problems(), loaded.experiment.search
    judged = class_of(search.objective.metric) if search else None
    if judged is not None and judged not in dataset.classes:
        path = ("search", "objective", "metric")
        problems.append(_no_class(loaded, path, judged, dataset.classes))
    return problems


def _refuse_single_row(loaded: LoadedConfig, shape: NetworkShape, train: IntArray) -> None:
    """A single row has no variance over the batch."""
    if train.size == 1 and any(layer.normalization == "batch" for layer in shape.hidden):
        message = "batch normalization needs 2 training rows, and there is 1; write normalization: layer"
        raise ConfigError(loaded.problem("model.normalization", message))


def _weights(loaded: LoadedConfig, dataset: Dataset, train: IntArray) -> FloatArray | None:
    """The training rows' factors in the loss, (rows,)."""
    weights = training_weights(loaded.experiment, dataset, train)
    if weights is not None and not weights.any():
        given = dataset.weights is None or bool(dataset.weights[train].any())
        setting = "training.class_weights" if given else "data.weights"
        raise ConfigError(loaded.problem(setting, "every row of the training part has the weight 0"))
    return weights


def training_weights(experiment: Experiment, dataset: Dataset, train: IntArray) -> FloatArray | None:
    """The training rows' factors in the loss, (rows,); None where all count alike."""
    given = None if dataset.weights is None else dataset.weights[train]
    return example_weights(experiment, dataset.labels[train], dataset.classes, given)


def data_facts(dataset: Dataset) -> dict[str, str | None]:
    """What a complete config says of the data."""
    return {
        "source": dataset.source,
        "sha256": dataset.sha256,
        "target": dataset.target,
        "test_source": dataset.test_source,
        "test_sha256": dataset.test_sha256,
    }


def completed(
    experiment: Experiment, dataset: Dataset, settings: StackSettings, *, threads: int
) -> Experiment:
    """Fill in what follows from the data and the network's size."""
    concrete = {"batch_size": settings.batch_size, "threads": threads, "precision": settings.precision}
    return experiment.model_copy(
        update={
            "data": experiment.data.model_copy(update=data_facts(dataset)),
            "training": experiment.training.model_copy(update=concrete),
        }
    )


def too_large(settings: StackSettings, *, rows: int) -> str | None:
    """Why a network cannot be trained with the memory that there is; None where it can."""
    needed, available = training_bytes(settings, rows=rows), available_bytes()
    if available is None or needed <= available:
        return None
    parameters = ParameterLayout(settings.shape).size
    return (
        f"training this network of {parameters:,} parameters on {rows:,} rows would take "
        f"{_gigabytes(needed)} of memory, and {_gigabytes(available)} are available: take fewer or narrower "
        "layers, or fewer rows or classes"
    )


def _gigabytes(amount: int) -> str:
    return f"{amount / 1e9:,.1f} GB"
