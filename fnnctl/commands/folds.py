"""The folds of a cross-validation, each as a network to be trained with a preprocessing of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fnnctl.arrays import IntArray
from fnnctl.commands.preparation import Source, data_facts, fit, load_source, training_weights
from fnnctl.config.reading.loading import LoadedConfig
from fnnctl.config.rules.canonical import configuration_seed
from fnnctl.config.schema.experiment import Experiment
from fnnctl.data.dataset import Dataset
from fnnctl.data.preprocessing import Preprocessor
from fnnctl.data.splits.folds import Fold, Folds, divide, most_folds
from fnnctl.data.splits.parts import Split
from fnnctl.data.warnings import data_warnings
from fnnctl.errors import ConfigError, quoted_list
from fnnctl.seeds import fold_seed
from fnnctl.text import counted, shown
from fnnctl.training.members import Member, StackSettings
from fnnctl.training.pool import Pool, make_pool
from fnnctl.training.recipe import member_of
from fnnctl.training.stacking import StackKey


@dataclass(frozen=True, slots=True)
class FoldNetwork:
    """What a fold trains: the configuration, fitted to the fold's own training part."""

    repeat: int
    fold: int
    preprocessor: Preprocessor
    settings: StackSettings
    train_rows: int
    validation_rows: int
    test_rows: int

    @property
    def job(self) -> StackKey:
        """What it must have in common with the others of its stack."""
        return StackKey(self.settings, self.train_rows, self.validation_rows)


@dataclass(frozen=True, slots=True)
class CrossValidation:
    """An experiment, its rows, and all its folds; the workers share it."""

    experiment: Experiment
    """With everything that depends on the data, but not on a fold, filled in."""
    dataset: Dataset
    folds: Folds
    seed: int
    """The configuration's."""
    networks: tuple[FoldNetwork, ...]
    """One a fold, repeat after repeat."""

    def split(self, repeat: int, fold: int) -> Split:
        """The fold's own parts."""
        labels, groups = self.dataset.labels, self.dataset.groups
        return split_of(self.experiment, labels, groups, self.folds, repeat, fold)

    def examples(self, network: FoldNetwork) -> Pool:
        """All rows as the fold sees them."""
        preprocessor, dataset = network.preprocessor, self.dataset
        features = preprocessor.of(dataset)
        return make_pool(features, dataset.labels, len(preprocessor.features), network.settings.dtype)

    def member(self, network: FoldNetwork, *, offset: int) -> Member:
        """The fold's network as a member, for a pool in which its rows begin at `offset`.

        Its seed follows from the configuration's and from the fold's number. With the configuration's alone
        all folds would begin with the same weights, and the scores' spread would lack the share that these
        have in it; with the fold's place in a stack, a score would depend on the number of workers.
        """
        split = self.split(network.repeat, network.fold)
        return member_of(
            self.experiment,
            seed=fold_seed(self.seed, network.repeat, network.fold),
            train_rows=split.train + offset,
            validation_rows=split.validation + offset,
            weights=training_weights(self.experiment, self.dataset, split.train),
        )


@dataclass(frozen=True, slots=True)
class PreparedFolds:
    """An experiment that can be cross-validated."""

    loaded: LoadedConfig
    validation: CrossValidation
    warnings: list[str]


def prepare_folds(
    file: Path, overrides: Sequence[str], *, name: str | None, seed: int | None
) -> PreparedFolds:
    """Load the config and its data, divide the rows, and fit and size the network of every fold.

    Raises `InputError` with every problem that one of these steps finds.
    """
    source = load_source(file, overrides, name=name, seed=seed)
    dataset = source.dataset
    settings = source.loaded.experiment.evaluation.cross_validation
    _check_groups(source)
    _check_count(source, dataset.groups)
    folds = divide(
        dataset.labels,
        folds=settings.folds,
        repeats=settings.repeats,
        stratify=settings.stratify,
        seed=source.loaded.experiment.seed,
        groups=dataset.groups,
    )
    networks = tuple(_network(source, folds, repeat, fold) for repeat, fold in folds)
    _check_watched(source, networks)
    experiment = _completed(source, networks)
    validation = CrossValidation(experiment, dataset, folds, configuration_seed(experiment), networks)
    warnings = [*dataset.warnings, *data_warnings(dataset, None), *_absent_classes(dataset, folds)]
    return PreparedFolds(source.loaded, validation, warnings)


def split_of(
    experiment: Experiment, labels: IntArray, groups: IntArray | None, folds: Folds, repeat: int, fold: int
) -> Split:
    """A fold's parts: what is watched while training is cut from what the fold may learn from."""
    config, assigned = experiment.data.split, folds.assignment[repeat]
    chosen = Fold(repeat, fold, assigned, config.validation, config.stratify, experiment.seed)
    return chosen.split(labels, groups)


def _check_groups(source: Source) -> None:
    """All rows are divided, and those of a test file have no group."""
    if source.dataset.groups is not None and source.dataset.test_rows:
        message = "the test file's rows have no group, and cross-validation divides all rows: leave one out"
        raise ConfigError(source.loaded.problem("data.test_source", message))


def _check_count(source: Source, groups: IntArray | None) -> None:
    """Refuse more folds than there is something to put into them."""
    most = most_folds(source.dataset.labels, groups)
    validation = source.loaded.experiment.data.split.validation > 0
    wanted = source.loaded.experiment.evaluation.cross_validation.folds
    what = "row" if groups is None else "group"
    path = "evaluation.cross_validation.folds"
    if wanted > most:
        message = f"{counted(most, what)} cannot be divided into {wanted:,} folds"
        raise ConfigError(source.loaded.problem(path, message))
    if validation and most - -(-most // wanted) < 2:
        message = f"{counted(most, what)} in {wanted:,} folds leave none to set apart for validation"
        raise ConfigError(source.loaded.problem(path, f"{message}: set data.split.validation to 0"))


def _check_watched(source: Source, networks: Sequence[FoldNetwork]) -> None:
    """Refuse folds that have nothing to watch while they train, though they should."""
    if source.loaded.experiment.data.split.validation > 0 and not all(n.validation_rows for n in networks):
        message = "in a fold every class has a single row to learn from, and none to set apart for validation"
        advice = "more folds, or set data.split.validation to 0"
        raise ConfigError(source.loaded.problem("evaluation.cross_validation.folds", f"{message}: {advice}"))


def _network(source: Source, folds: Folds, repeat: int, fold: int) -> FoldNetwork:
    dataset = source.dataset
    split = split_of(source.loaded.experiment, dataset.labels, dataset.groups, folds, repeat, fold)
    fitted = fit(source, split.train)
    sizes = split.train.size, split.validation.size, split.test.size
    return FoldNetwork(repeat, fold, fitted.preprocessor, fitted.settings, *sizes)


def _completed(source: Source, networks: Sequence[FoldNetwork]) -> Experiment:
    """Fill in what follows from the data, and the batch size where all folds have the same."""
    experiment = source.loaded.experiment
    sizes = {network.settings.batch_size for network in networks}
    concrete: dict[str, object] = {"precision": networks[0].settings.precision}
    if len(sizes) == 1:
        concrete["batch_size"] = sizes.pop()
    return experiment.model_copy(
        update={
            "data": experiment.data.model_copy(update=data_facts(source.dataset)),
            "training": experiment.training.model_copy(update=concrete),
        }
    )


def _absent_classes(dataset: Dataset, folds: Folds) -> list[str]:
    """Warn of classes that some fold cannot test, or cannot learn."""
    classes, count = len(dataset.classes), folds.count
    total = np.bincount(dataset.labels, minlength=classes)
    untested, unlearned = np.zeros(classes, np.bool_), np.zeros(classes, np.bool_)
    for assigned in folds.assignment:
        cells = assigned.astype(np.int64) * classes + dataset.labels
        tested = np.bincount(cells, minlength=count * classes).reshape(count, classes)
        untested |= (tested == 0).any(axis=0)
        unlearned |= (tested == total).any(axis=0) & (total > 0)
    warnings = []
    for which, consequence in (
        (untested, "test part of some folds, where its AUC is null"),
        (unlearned, "training part of some folds, where it cannot be learned"),
    ):
        names = [shown(dataset.classes[index]) for index in np.flatnonzero(which)]
        if names:
            subject = "a class has" if len(names) == 1 else f"{len(names):,} classes have"
            warnings.append(f"{subject} no row in the {consequence}: {quoted_list(names)}")
    return warnings
