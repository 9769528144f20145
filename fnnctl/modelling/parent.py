"""The run that a training goes on from: its networks, its preprocessing and its settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from fnnctl.arrays import IntArray
from fnnctl.config.reading.inheritance import Inheritance
from fnnctl.config.reading.loading import load_config
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.section import plain
from fnnctl.config.schema.warm_start import WARM_START, WarmStartConfig
from fnnctl.config.yaml_text import flow_yaml
from fnnctl.data.known_columns import KnownColumns
from fnnctl.errors import ConfigError, MachineError, NoNetworkError, Problem, UsageError
from fnnctl.messages import Message
from fnnctl.metrics.drift import DriftLimits
from fnnctl.modelling.drift import DriftCounter
from fnnctl.modelling.run_config import resolved_config
from fnnctl.modelling.saved_model import SavedModel, has_network, load_model
from fnnctl.nn.losses.joint import places_of_outputs
from fnnctl.nn.network import Network
from fnnctl.nn.parameters import ParameterLayout
from fnnctl.store.catalogue import find_run
from fnnctl.store.folder import RunFolder
from fnnctl.store.volumes import is_in_memory, memory_volume
from fnnctl.tasks.decoder import OutputDecoder, TargetScale
from fnnctl.tasks.joint.decoder import JointDecoder, parts_of
from fnnctl.tasks.task import Targets, TaskData
from fnnctl.text import counted, quoted, word_list
from fnnctl.training.members import Start

FAR: Final = DriftLimits(psi=0.25)
"""A column that is further from the former rows has changed greatly (Siddiqi, 2006)."""
MANY: Final = 1 / 3
"""A warning says so of such a share of the columns; judgement."""
FROM_NOTHING: Final = f"remove {WARM_START} to train from nothing"


@dataclass(frozen=True, slots=True)
class Parent:
    """A run with networks that one fit has trained."""

    model: SavedModel
    experiment: Experiment
    """The complete one of the run."""

    @property
    def run(self) -> RunFolder:
        """Its folder, which for a search is that of its winner."""
        return self.model.run

    @property
    def name(self) -> str:
        """The run's name in messages."""
        return self.run.in_words

    @property
    def setting(self) -> WarmStartConfig:
        """What a complete config says of it."""
        path = self.run.path if is_in_memory(self.run.path) else self.run.path.absolute()
        return WarmStartConfig(run=str(path), sha256=self.model.sha256)

    @property
    def inheritance(self) -> Inheritance:
        """The settings that belong to its weights."""
        return Inheritance(self.name, self.experiment)

    @property
    def columns(self) -> KnownColumns:
        """The columns that its networks read."""
        table = self.model.description.table
        columns = KnownColumns.of(self.model.predictor.preprocessor, table.formats, self.name)
        return replace(columns, labels=self.model.predictor.task.targets)

    def warnings(self, data: TaskData, rows: IntArray) -> list[Message]:
        """Warnings about classes that are new to the run, and if many columns of the training rows, (n,), are
        unlike those of the run's.
        """
        return [*self._new_classes(data), *self._shifts(data, rows)]

    def refuse_targets(self, targets: Sequence[str]) -> None:
        """Raise `ConfigError` if these or those of the networks are several, and differ, or their order."""
        former = self.model.predictor.task.targets
        if tuple(targets) == former or len(targets) == len(former) == 1:
            return
        others = [quoted(name) for name in targets if name not in former]
        if len(former) == 1 or len(targets) == 1:
            numbers = [counted(len(names), "target") for names in (targets, former)]
            reason = f"names {numbers[0]}, but {self.name} has {numbers[1]}"
        elif others:
            what = "is no target" if len(others) == 1 else "are no targets"
            reason = f"names {word_list(others)}, which {what} of {self.name}"
        elif len(targets) < len(former):
            missing = [quoted(name) for name in former if name not in targets]
            reason = f"lacks {word_list(missing)} of the targets of {self.name}"
        else:
            reason = f"names the targets of {self.name} in another order"
        setting = flow_yaml(plain(self.experiment, nulls=True)["data"]["target"])
        advice = f"write {setting}, or {FROM_NOTHING}"
        raise ConfigError(Problem(reason, path="data.target", advice=advice))

    def refuse_new_classes(self, data: TaskData) -> None:
        """Raise `ConfigError` if classes are new to networks with one output for two classes."""
        predictor = self.model.predictor
        tasks = zip(predictor.task.tasks, data.task.tasks, predictor.decoder.of_targets, strict=True)
        for former, task, decoder in tasks:
            new = task.classes[len(former.classes) :]
            if new and decoder.loss.scores == "positive_class":
                which = f" of {quoted(task.targets[0])}" if len(data.task.tasks) > 1 else ""
                names = word_list([*map(quoted, new)])
                text = f"{self.name} has one output for two classes{which}, which is none for {names}"
                raise _unsuited(text)

    def _new_classes(self, data: TaskData) -> list[Message]:
        pairs = zip(self.model.predictor.task.tasks, data.of_single_targets, strict=True)
        messages = [
            (single.task.targets[0], message)
            for former, (single, rows) in pairs
            if (message := self._new_classes_of(former.classes, single.task.classes, single.targets[rows]))
        ]
        is_several = len(data.task.tasks) > 1
        return [message.about(target) if is_several else message for target, message in messages]

    def _new_classes_of(
        self, former: Sequence[str], classes: Sequence[str], targets: Targets
    ) -> Message | None:
        """The warning about the new ones of the classes of one target, (n,); None if there are none."""
        new = classes[len(former) :]
        if not new:
            return None
        what, verb, pronoun = ("class", "is", "it") if len(new) == 1 else ("classes", "are", "them")
        sentence = (
            f"the {what} {word_list([*map(quoted, new)])} {verb} new to {self.name}, "
            f"whose networks begin with weights of 0 for {pronoun}: correct {pronoun} if misspelt"
        )
        if not np.isin(targets, np.arange(len(former))).any():
            sentence += f"; no row has one of its classes {word_list([*map(quoted, former)])}"
        return Message("new_classes", sentence)

    def _shifts(self, data: TaskData, rows: IntArray) -> list[Message]:
        if not self.model.histogram_arrays:
            return []
        counter = DriftCounter.of(self.model)
        counter.count(data.dataset, rows)
        columns = [column for column in counter.drift(FAR).columns if not column.is_prediction]
        shifted = [quoted(column.name) for column in columns if column.shifted]
        if len(shifted) < MANY * len(columns):
            return []
        sentence = (
            f"in {len(shifted):,} of {counted(len(columns), 'column')} the rows are far from those that "
            f"{self.name} was trained on ({word_list(shifted)}): its preprocessing is that of those rows, "
            "so compare with a training from nothing"
        )
        return [Message("far_from_parent", sentence)]

    def decoder(self, fresh: OutputDecoder, targets: Targets) -> OutputDecoder:
        """A decoder of the training rows' targets, with the scale that the networks' outputs have, and with
        the factor of each of several targets in the loss.

        Its range has the new targets, too.
        """
        former = self.model.description.decoder
        if not isinstance(fresh, JointDecoder):
            return _with_scale(fresh, former.scale, targets)
        former = parts_of(former).without_target_weights(self.experiment.training.target_weights)
        parts = zip(fresh.parts, former.parts, targets.T, strict=True)
        scaled = [_with_scale(part, of_run.scale, column) for part, of_run, column in parts]
        return replace(fresh, parts=tuple(scaled), factors=former.factors)

    def starts(self, layout: ParameterLayout) -> tuple[Start, ...]:
        """Where each network of a fit begins, in the order of `Fit.members`; `layout` is that of the fit.

        Raises `ConfigError` if the weights do not fit.
        """
        in_order = [
            network
            for kinds in _parts_of_targets(self.model, self.experiment)
            for together in zip(*kinds, strict=True)
            for network in together
        ]
        outputs = places_of_outputs(self.model.description.shape.output, layout.shape.output)
        try:
            return tuple(_start(network, layout, outputs) for network in in_order)
        except ValueError as error:
            raise _unsuited(f"the weights of {self.name} do not fit: {error}") from error


def find_parent(setting: WarmStartConfig, runs_dir: Path) -> Parent:
    """The run that is to be trained on.

    Raises `ConfigError` if there is none, if it has no network that one fit has trained, or if its weights
    are not those that the setting names.
    """
    try:
        model = load_model(_find_run(setting.run, runs_dir), lambda text: None)
    except (UsageError, NoNetworkError) as error:
        raise _unsuited(error.message) from error
    if setting.sha256 is not None and model.sha256 != setting.sha256:
        raise _unsuited(f"the weights of {model.run.path} have changed: their SHA-256 is {model.sha256}")
    experiment = load_config(resolved_config(model.run)).experiment
    ensemble = experiment.model.ensemble
    members = 1 if ensemble.share_weights else ensemble.members
    counts = [[len(networks) for networks in kinds] for kinds in _parts_of_targets(model, experiment)]
    targets = 1 if experiment.model.together else len(model.description.target_names)
    if counts != [[members] * (2 if ensemble.plain_twins else 1)] * targets:
        advice = "name its best trial, RUN/best, or another training"
        raise _unsuited(f"{model.run.path} has the networks of several trials of a search", advice)
    return Parent(model, experiment)


def _parts_of_targets(model: SavedModel, experiment: Experiment) -> list[Sequence[tuple[Network, ...]]]:
    """The networks of each kind, members and plain twins, of each target that has networks of its own."""
    kinds = 2 if experiment.model.ensemble.plain_twins else 1
    return [model.networks[first : first + kinds] for first in range(0, len(model.networks), kinds)]


def _find_run(name: str, runs_dir: Path) -> RunFolder:
    path = Path(name)
    if not is_in_memory(path):
        return find_run(name, runs_dir, has_network)
    try:
        memory_volume(path)
    except MachineError as error:
        raise UsageError("the run was in the memory of a Python program, and is gone") from error
    return RunFolder(path)


def _with_scale(fresh: OutputDecoder, scale: TargetScale | None, targets: Targets) -> OutputDecoder:
    """A decoder with the scale of a run, whose range then has these targets too, (n,); NaN is missing."""
    if scale is None or fresh.scale is None:
        return fresh
    limits = scale.range
    if limits is not None:
        limits = (
            float(np.fmin.reduce(targets, initial=limits[0])),
            float(np.fmax.reduce(targets, initial=limits[1])),
        )
    return replace(fresh, scale=replace(scale, range=limits, residuals=()))


def _start(network: Network, layout: ParameterLayout, outputs: IntArray) -> Start:
    arrays = network.layout.named_arrays(network.parameters[0], network.statistics[0])
    return Start(*layout.extended_rows(arrays, outputs))


def _unsuited(text: str, advice: str = FROM_NOTHING) -> ConfigError:
    return ConfigError(Problem(text, path=WARM_START, advice=advice, has_subject=True))
