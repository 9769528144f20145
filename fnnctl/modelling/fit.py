"""A fit: one experiment on given rows with one seed. All training consists of fits."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np

from fnnctl.arrays import IntArray
from fnnctl.config.paths import CATEGORY_ENCODING, format_path
from fnnctl.config.rules.canonical import configuration_seed
from fnnctl.config.schema.data import DataConfig
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.losses import output_of
from fnnctl.config.schema.objective import AUTO_METRIC, objective_of
from fnnctl.config.schema.target import LabelsTarget, Target
from fnnctl.data.fitting import fit_preprocessor
from fnnctl.data.preprocessing import Preprocessor
from fnnctl.data.splits.bags import BaggedRows
from fnnctl.data.splits.groups import most_folds
from fnnctl.data.splits.parts import Rows, Split
from fnnctl.data.splits.samples import sample_rows
from fnnctl.errors import ConfigError, Problem
from fnnctl.memory import available_bytes
from fnnctl.metrics.metric import SEVERAL
from fnnctl.modelling.stack_settings import member_of, network_shape, number_bins, stack_settings
from fnnctl.nn.losses.joint import target_type
from fnnctl.nn.parameters import ParameterLayout
from fnnctl.seeds import Purpose, member_seed, stream, target_seed, twin_seed
from fnnctl.tasks.decoder import OutputDecoder
from fnnctl.tasks.epoch_metrics import target_monitor
from fnnctl.tasks.task import Task, TaskData
from fnnctl.text import counted
from fnnctl.training.members import Member, StackSettings, Start
from fnnctl.training.memory import training_bytes
from fnnctl.training.pool import Pool, make_pool
from fnnctl.training.threads import default_threads

if TYPE_CHECKING:
    from fnnctl.modelling.parent import Parent

NO_WEIGHT: Final = "all training rows of one of the members have weight 0"


@dataclass(frozen=True, slots=True)
class Fit:
    """One experiment on given rows with one seed. The data set is separate, so that fits can share it."""

    experiment: Experiment
    """Complete with the settings that depend on the data, as far as the caller wants them recorded."""
    rows: Rows
    """The training, validation and test rows, and those of each member if they have bags."""
    sizes: tuple[int, int, int]
    """The numbers of training, validation and test rows; with bags, those outside the test part are training
    rows."""
    trained_rows: int
    """The number of rows that each network trains on, at most `training.max_rows`."""
    seed: int
    """It determines all random numbers of the training."""
    preprocessor: Preprocessor
    """Fitted to the training rows."""
    settings: StackSettings
    decoder: OutputDecoder
    """How the network's outputs become predictions, fitted to the training rows' targets."""
    starts: tuple[Start, ...] = field(default=(), repr=False, compare=False)
    """Where the networks begin, in the order of `members`; empty for random weights."""

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
        parent: Parent | None = None,
    ) -> Self:
        """Fit the preprocessing to the training rows, unless it is given, and determine the network's shape.

        The preprocessing of a `parent`, whose networks are trained on, is taken, and the scale of its
        targets.

        Without `seed`, the configuration's seed is used, and the experiment is completed first to compute it.
        Raises `ConfigError`, also if there is not enough memory to train the network.
        """
        rows = bagged_rows(rows, experiment, data) or rows
        groups = data.dataset.groups
        computed = rows.computed(data.strata, groups) if isinstance(rows, BaggedRows) else None
        split = rows.split(data.strata, groups) if computed is None else computed.whole
        bags = (split,) if computed is None else computed.of_members
        trained_rows = min(bags[0].train.size, experiment.training.max_rows or len(data))
        if parent is not None:
            preprocessor = parent.model.predictor.preprocessor
        preprocessor = preprocessor or fit_preprocessor(
            data.dataset, split.train, experiment.data, number_bins(experiment.model)
        )
        if not preprocessor.features:
            message = "there is no feature, because each category is in one training row alone; write one_hot"
            raise ConfigError(Problem(message, path=format_path(CATEGORY_ENCODING)))
        targets = data.targets[split.train]
        decoder = data.task.output_decoder(
            experiment.model, targets, experiment.data.target_transform, data.exposures(split.train)
        )
        if experiment.data.target_transform == "auto":
            data_config = experiment.data.model_copy(update={"target_transform": decoder.transform_name})
            experiment = experiment.model_copy(update={"data": data_config})
        if parent is not None:
            decoder = parent.decoder(decoder, targets)
        decoder = decoder.with_target_weights(experiment.training.target_weights)
        decision, exposure = data.task.decision(experiment), experiment.data.exposure
        decoder = replace(decoder, decision=decision, exposure=exposure).weighted(
            data.task.class_weights(experiment.training, targets)
        )
        shape = network_shape(experiment, preprocessor, decoder.output)
        if trained_rows == 1 and any(layer.normalization == "batch" for layer in shape.hidden):
            message = "batch normalization needs 2 or more training rows; write normalization: layer"
            raise ConfigError(Problem(message, path="model.normalization"))
        weighted = data.example_weights(experiment, bags[0].train) is not None
        for number, bag in enumerate(bags if weighted else ()):
            trained = rows_to_train_on(data, experiment, rows, bag, number)
            weights = data.example_weights(experiment, trained)
            if weights is not None and not weights.any():
                row_weights = data.dataset.weights
                problem = data.task.weights_problem(None if row_weights is None else row_weights[trained])
                raise ConfigError(replace(problem, text=NO_WEIGHT) if len(bags) > 1 else problem)
        is_weighted = weighted or decoder.has_loss_factors
        settings = stack_settings(experiment, shape, rows=trained_rows, weighted=is_weighted)
        if seed is None:
            experiment = completed(experiment, data, settings)
            seed = configuration_seed(experiment)
        sizes = split.train.size, split.validation.size, split.test.size
        starts = () if parent is None else parent.starts(ParameterLayout(shape))
        fit = cls(experiment, rows, sizes, trained_rows, seed, preprocessor, settings, decoder, starts)
        if check_memory:
            fit.refuse_memory_shortage(len(data))
        return fit

    def refuse_memory_shortage(self, rows: int) -> None:
        """Raise `ConfigError` if memory is too small to train the networks on a data set of `rows` rows."""
        if message := memory_shortage(self.settings, rows=rows):
            path = "model.hidden" if self.experiment.model.ensemble.members == 1 else "model.ensemble"
            raise ConfigError(Problem(message, path=path))

    @property
    def layout(self) -> ParameterLayout:
        """The layout of the network's parameters in its flat row."""
        return ParameterLayout(self.settings.shape)

    @property
    def preprocessing(self) -> str:
        """A key that is equal for fits on the same rows if their features are the same."""
        return preprocessing_key(self.experiment)

    @property
    def non_test_rows(self) -> int:
        """The number of rows outside the test part that are trained or validated on."""
        return self.sizes[0] if isinstance(self.rows, BaggedRows) else self.sizes[0] + self.sizes[1]

    def split(self, data: TaskData) -> Split:
        """The rows of each part; with bags, the validation part is inside the training part."""
        return self.rows.split(data.strata, data.dataset.groups)

    def bags(self, data: TaskData) -> tuple[Split, ...]:
        """The training and validation rows of each member; empty if all members have those of `split`."""
        if not isinstance(self.rows, BaggedRows):
            return ()
        return self.rows.bags(data.strata, data.dataset.groups)

    def examples(self, data: TaskData) -> Pool:
        """All rows of the data, preprocessed for this fit's network."""
        features, targets = self.preprocessor.of(data.dataset), self.decoder.standardized(data.rates)
        kind = target_type(self.settings.shape.output, self.settings.dtype)
        factors = self.decoder.loss_factors(data.targets, data.dataset.exposures)
        return make_pool(
            features,
            targets.astype(kind, copy=False),
            len(self.preprocessor.features),
            self.settings.dtype,
            None if factors is None else factors.astype(self.settings.dtype, copy=False),
        )

    def member(self, data: TaskData, split: Split, *, offset: int = 0, bag: int = 0) -> Member:
        """The network as a member of a stack whose pool has this fit's rows from `offset` on.

        `split` are its parts if it has the `bag` of this number. Of an ensemble without bags, it is the first
        one.
        """
        train_rows = rows_to_train_on(data, self.experiment, self.rows, split, bag)
        return member_of(
            self.experiment,
            seed=self.seed,
            train_rows=train_rows + offset,
            validation_rows=split.validation + offset,
            weights=data.example_weights(self.experiment, train_rows),
            limits=self.decoder.limits,
        )

    def members(self, data: TaskData, split: Split, *, offset: int = 0) -> list[Member]:
        """All networks of the fit as members, which differ only in their seeds, and in their rows with bags.

        There are one, or those of an ensemble; each is followed by its twin, if there are twins. If each
        target has networks of its own, those of the first target come first.
        """
        twins = self.settings.twins
        if bags := self.bags(data):
            members = [self.member(data, bag, offset=offset, bag=number) for number, bag in enumerate(bags)]
        else:
            members = [self.member(data, split, offset=offset)] * (
                self.settings.ensemble // self.settings.networks_per_member
            )
        members = [
            replace(member, seed=member_seed(self.seed, number)) for number, member in enumerate(members)
        ]
        if self.settings.separate_targets > 1:
            names = [part.output.target for part in self.decoder.of_targets]
            members = [_of_target(member, *target) for target in enumerate(names) for member in members]
        if twins:
            # A twin has random numbers of its own, or it would begin with the same weights.
            members = [
                network
                for member in members
                for network in (member, replace(member, seed=twin_seed(member.seed), embedded=False))
            ]
        if not self.starts:
            return members
        return [replace(member, start=start) for member, start in zip(members, self.starts, strict=True)]


def _of_target(member: Member, number: int, name: str) -> Member:
    """A member as the network of one of several targets, whose rules watch the loss of this target."""
    stopping, monitor = member.stopping, member.schedule_monitor
    if stopping is not None:
        stopping = stopping.model_copy(update={"monitor": target_monitor(stopping.monitor, name)})
    return replace(
        member,
        seed=target_seed(member.seed, number),
        target=number,
        stopping=stopping,
        schedule_monitor=None if monitor is None else target_monitor(monitor, name),
    )


def bagged_rows(rows: Rows, experiment: Experiment, data: TaskData) -> BaggedRows | None:
    """The rows with a bag for each member, which they may have already; None if the experiment asks for none.

    Raises `ConfigError` if there are fewer rows, or groups, outside the test part than members.
    """
    ensemble, groups = experiment.model.ensemble, data.dataset.groups
    if not ensemble.bags:
        return None
    if isinstance(rows, BaggedRows):
        return rows
    seen = None if data.seen is None else data.seen.of_members(ensemble.members)
    bagged = BaggedRows(rows, ensemble.members, experiment.data.split.stratify, experiment.split_seed, seen)
    outside_test = bagged.non_test(data.strata, groups)
    most = most_folds(data.strata[outside_test], None if groups is None else groups[outside_test])
    if most < ensemble.members:
        count = counted(most, "row" if groups is None else "group")
        text = f"{count} outside the test part cannot be divided into {ensemble.members:,} folds"
        advice = "write fewer members, or bags: false"
        if data.seen is not None:  # the members are those of the parent
            advice = "add rows: the networks that are trained on have so many members"
        raise ConfigError(Problem(text, path="model.ensemble", advice=advice, has_subject=True))
    if seen is not None and not bagged.bags(data.strata, groups)[0].validation.size:
        unseen = ~seen.trained[:, outside_test]
        message = (
            "each member needs rows outside the test part that it and its ancestors were not trained on, but "
            f"one has {unseen.sum(axis=1).min():,}, and {np.count_nonzero(unseen.all(axis=0)):,} are new to "
            f"all {ensemble.members:,} members: add new rows, or lower data.split.test"
        )
        raise ConfigError(Problem(message, path="model.ensemble.bags"))
    return bagged


def rows_to_train_on(data: TaskData, experiment: Experiment, rows: Rows, parts: Split, bag: int) -> IntArray:
    """The training rows of a network with these parts of a fit's `rows`: a sample, if they are too many.

    It does not depend on the configuration's seed, so configurations are compared on the same sample.
    """
    most, train = experiment.training.max_rows, parts.train
    if most is None or train.size <= most:
        return train
    rng = stream(experiment.split_seed, Purpose.SAMPLES, *rows.key, bag)
    return sample_rows(train, most, strata=data.strata, order=data.dataset.order, rng=rng)


def preprocessing_key(experiment: Experiment) -> str:
    """A text that is equal for experiments with the same features, given the same training rows."""
    return json.dumps([experiment.data.model_dump(), number_bins(experiment.model)], sort_keys=True)


def completed(
    experiment: Experiment, data: TaskData, settings: StackSettings, *, threads: int | None = None
) -> Experiment:
    """Fill in the settings that follow from the data and the network's size; by default also `threads`."""
    if threads is None:
        setting = experiment.training.threads
        threads = default_threads(ParameterLayout(settings.shape), settings.ensemble)
        if setting != "auto":
            threads = setting
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
        "target": _target_setting(experiment.data, task),
        "test_source": dataset.test_source,
        "test_sha256": dataset.test_sha256,
    }
    changes["data"] = experiment.data.model_copy(update=facts)
    if task.name != SEVERAL:
        output = output_of(experiment.model.output, task.name, is_ordered=experiment.data.is_ordered)
        changes["model"] = experiment.model.model_copy(update={"output": output})
    search = experiment.search
    if search is not None and not search.is_auto and search.objective.metric == AUTO_METRIC:
        metric = objective_of(experiment, task.name, task.default_metric)
        objective = search.objective.model_copy(update={"metric": metric})
        changes["search"] = search.model_copy(update={"objective": objective})
    return experiment.model_copy(update=changes)


def _target_setting(config: DataConfig, task: Task) -> Target:
    """The setting `data.target`, with the target of a source that has its own."""
    if isinstance(config.target, LabelsTarget):
        return config.target
    return task.targets if len(task.targets) > 1 else task.targets[0]


def memory_shortage(settings: StackSettings, *, rows: int) -> str | None:
    """Why the available memory is not enough to train a network or an ensemble; None if it is."""
    needed, available = training_bytes(settings, rows=rows), available_bytes()
    if available is None or needed <= available:
        return None
    parameters, inner = ParameterLayout(settings.shape).size, settings.shape.inner_members
    members = settings.ensemble * inner
    networks = "this network" if members == 1 else f"an ensemble of {members:,} networks, each"
    if inner > 1:
        networks = f"{members:,} networks that share weights,"
    fewer = "" if members == 1 else "a smaller model.ensemble, "
    return (
        f"training {networks} of {parameters:,} parameters on {rows:,} rows would take "
        f"{needed / 1e9:,.1f} GB of memory, but only {available / 1e9:,.1f} GB are available: use "
        f"{fewer}fewer or narrower layers, or fewer rows or classes"
    )
