"""A predictor from a run's folder, restored from `model.npz` and `model.json` alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.arrays.limits import flush
from fnnctl.data.preprocessing import Preprocessor
from fnnctl.data.row_encoder import columns_of
from fnnctl.errors import DataError, MachineError, NoNetworkError, UsageError
from fnnctl.modelling.model_description import (
    PARTS_KEY,
    DescribedPart,
    NetworkDescription,
    read_parts,
)
from fnnctl.modelling.predictor import Predictor, PredictorPart, TargetPredictor
from fnnctl.modelling.run_plugins import require_plugins
from fnnctl.nn.network import LAYER_HYPERPARAMETERS, Network
from fnnctl.nn.parameters import ParameterLayout
from fnnctl.plugins import PluginKind, current
from fnnctl.store import names
from fnnctl.store.atomic import damaged
from fnnctl.store.catalogue import displayed_status
from fnnctl.store.folder import RunFolder, StoredModel
from fnnctl.store.weights import BACKGROUND, ERRORS, HISTOGRAMS, Array
from fnnctl.tasks.task import Task
from fnnctl.text import quoted
from fnnctl.training.threads import default_threads


@dataclass(frozen=True, slots=True)
class SavedModel:
    """A predictor, and the facts that its run has recorded about it."""

    run: RunFolder
    description: NetworkDescription
    """Of its first network; all have the same target, classes and columns."""
    predictor: Predictor
    networks: tuple[tuple[Network, ...], ...]
    """Those of each part, as they were trained: inner members are in one network."""
    sha256: str
    """The digest of the weights file."""
    seed: int
    """That of its run; 0 if a copied manifest has none."""
    threads: int
    """Threads per matrix product in the training of the first network, which affect the last bits."""
    error_arrays: Mapping[str, FloatArray] = field(default_factory=dict)
    """What `modelling.covering` knows of its errors; empty if nothing is."""
    background_arrays: Mapping[str, Array] = field(default_factory=dict)
    """The training rows that `modelling.explanations.background` kept; empty if none are."""
    histogram_arrays: Mapping[str, FloatArray | IntArray] = field(default_factory=dict)
    """What `modelling.drift` knows of its training rows; empty if nothing is."""

    @property
    def layouts(self) -> tuple[ParameterLayout, ...]:
        """One per network."""
        return tuple(network.layout for together in self.networks for network in together)

    @property
    def why_without_facts(self) -> str:
        """Why a model has no arrays that describe its rows, and what to do; for a model without histograms,
        which every completed training writes.
        """
        return (
            "it was trained before version 0.11, or its training was interrupted; train it again: "
            f"fnnctl train {self.run.path / names.RESOLVED}"
        )

    def of_target(self, number: int) -> SavedModel:
        """The model of one of several targets, counted from 0."""
        description, predictor = self.description.of_target(number), self.predictor.of_target(number)
        errors = _beginning(f"{number + 1}.", self.error_arrays)
        return replace(self, description=description, predictor=predictor, error_arrays=errors)

    @property
    def trained_task(self) -> Task:
        """That of its networks: of all their targets, though the model is that of one."""
        predictor = self.predictor
        return predictor.joint.task if isinstance(predictor, TargetPredictor) else predictor.task

    @property
    def of_targets(self) -> list[SavedModel]:
        """The model of each target; itself if there is only one."""
        several = range(len(self.description.targets))
        return [self.of_target(number) for number in several] or [self]

    def deciding_at(self, threshold: float | None) -> SavedModel:
        """The model with another threshold between two classes; unchanged if it is None.

        Raises `UsageError` if there are not two classes, or several targets.
        """
        if threshold is None:
            return self
        if len(self.trained_task.tasks) > 1:
            raise UsageError(
                f"--threshold: is for one target, but {self.run.path} has {self.trained_task.in_words()}; "
                f"train with model.threshold, which is for all that have two classes"
            )
        if self.predictor.decoder.decision is None:
            task = self.predictor.task.in_words()
            raise UsageError(f"--threshold: is for two classes, but {self.run.path} has {task}")
        return replace(self, predictor=self.predictor.deciding_at(threshold))


def load_model(run: RunFolder, note: Callable[[str], None], *, measures: bool = False) -> SavedModel:
    """Read a run's network; `note` is called with messages about the run for the user.

    `measures` says that the metrics of its run are to be computed. Raises `NoNetworkError`, `DataError`,
    which names the file, if one is damaged, and `PluginError` for a plug-in that cannot be used.
    """
    folder = _network_folder(run, note)
    stored = folder.read_model()
    kinds: tuple[PluginKind, ...] = ("loss", "metric") if measures else ("loss",)
    for other_version in require_plugins(folder, kinds, losses=_output_names(stored.description)):
        note(other_version)
    with current().opened(False):
        return _loaded(folder, stored)


def _output_names(mapping: Mapping[str, Any]) -> set[str]:
    """The names of the outputs in a JSON object, which may be damaged."""
    parts = mapping.get(PARTS_KEY, [])
    parts = parts if isinstance(parts, list) else []
    networks = [mapping, *(part.get("network") for part in parts if isinstance(part, dict))]
    return {str(network.get("output")) for network in networks if isinstance(network, dict)}


def has_network(run: RunFolder) -> bool:
    """Whether a run has a network to load; also True if a file is damaged, which loading then reports."""
    try:
        _network_folder(run, lambda text: None)
    except NoNetworkError:
        return False
    except (DataError, MachineError):
        return True
    return True


def _network_folder(run: RunFolder, note: Callable[[str], None]) -> RunFolder:
    """The run itself; for a search what stands for it, for an evaluation the run that it scored.

    Raises `NoNetworkError` if it has no network.
    """
    manifest = run.read_manifest()
    if manifest.evaluated is not None:
        if manifest.evaluated.run is None:
            which = "a network that was in memory and is not kept with it"
            raise NoNetworkError(
                f"{manifest.name!r} is an evaluation of {which}: use the run that was evaluated"
            )
        trained = RunFolder(Path(manifest.evaluated.run))
        if not trained.has(names.MANIFEST):
            raise NoNetworkError(f"{run.path} is an evaluation of {trained.path}, which no longer exists")
        note(f"{run.path} is an evaluation: using the network of {trained.path}")
        return _trained_folder(trained, run, note)
    if manifest.kind == "cross_validation":
        advice = "name a run of `fnnctl train` instead"
        raise NoNetworkError(f"{run.path} is a cross-validation, which saves no network: {advice}")
    status = displayed_status(manifest, alive=run.is_alive())
    if manifest.kind == "search":
        inside = run.result_run()
        if inside is None:
            raise NoNetworkError(f"{run.path} is a search without a winner yet ({status})")
        if run.named is not None:
            is_ensemble = inside.read_manifest().selection is not None
            what = "the networks of its ensemble" if is_ensemble else "the network of its winner"
            note(f"{run.path} is a search: using {what}, {inside.path}")
        return _trained_folder(inside, run, note)
    if manifest.diverged:
        raise NoNetworkError(f"{run.path} has no usable network: its training diverged")
    if not run.has(names.MODEL):
        raise NoNetworkError(f"{run.path} has no network ({status}): {names.MODEL} does not exist")
    if status != "completed":
        note(f"{run.path} is {status}: using the network as trained until then")
    return run


def _trained_folder(run: RunFolder, stands_for_it: RunFolder, note: Callable[[str], None]) -> RunFolder:
    """The run of a training that an evaluation or a search stands for; raises as `_network_folder` does.

    Any other kind of run is refused with `DataError`: it could stand for the first one again, for ever.
    """
    kind = run.read_manifest().kind
    if kind != "train":
        wrong = f"is damaged: it names {run.path}, which is not a training but of kind {quoted(kind)}"
        raise damaged(stands_for_it.path / names.MANIFEST, wrong)
    return _network_folder(run, note)


def _loaded(run: RunFolder, stored: StoredModel) -> SavedModel:
    ensemble, described = read_parts(stored.description, run.path / names.MODEL)
    facts = (ERRORS, BACKGROUND, HISTOGRAMS)
    weights = {name: array for name, array in stored.arrays.items() if not name.startswith(facts)}
    arrays = _by_prefix(weights, described, run.path / names.WEIGHTS)
    networks_of_parts: list[tuple[Network, ...]] = []
    parts: list[PredictorPart] = []
    for part in described:
        preprocessor, layout = _checked(part, parts, run.path / names.MODEL)
        networks: list[Network] = []
        try:
            for prefix in part.array_prefixes:
                networks.append(_network(layout, part.description.network, arrays[prefix]))
        except ValueError as error:
            network = f"part {len(parts) + 1}, member {len(networks) + 1}: " if ensemble else ""
            raise damaged(
                run.path / names.WEIGHTS, f"does not fit {names.MODEL}: {network}{error}"
            ) from error
        # Equal preprocessings become one object: with every batch of rows they are compared.
        equal = (former.preprocessor for former in parts if former.preprocessor == preprocessor)
        preprocessor = next(equal, preprocessor)
        decoder = part.description.network.decoder
        weight = part.description.target_weights or part.description.weight
        parts.append(PredictorPart.of(preprocessor, networks, decoder, weight=weight))
        networks_of_parts.append(tuple(networks))
    first = described[0].description.network
    # The seed determines the metrics' intervals. They differ if the copied manifest has no seed.
    seed = run.read_manifest().seed or 0
    predictor = Predictor.of_parts(first.task(seed), parts)
    if ensemble:
        predictor = replace(predictor, decoder=predictor.decoder.with_fitted(ensemble.all_fitted))
    return SavedModel(
        run=run,
        description=first,
        predictor=predictor,
        networks=tuple(networks_of_parts),
        sha256=stored.sha256,
        seed=seed,
        threads=first.threads or default_threads(networks_of_parts[0][0].layout),
        error_arrays=_beginning(ERRORS, stored.arrays),
        background_arrays=_beginning(BACKGROUND, stored.arrays),
        histogram_arrays=_beginning(HISTOGRAMS, stored.arrays),
    )


def _beginning(prefix: str, arrays: Mapping[str, Array]) -> dict[str, Array]:
    """The arrays whose names begin with the prefix, which is removed."""
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


def _by_prefix(
    arrays: Mapping[str, FloatArray], parts: Sequence[DescribedPart], path: Path
) -> dict[str, dict[str, FloatArray]]:
    """The arrays of each network, by the prefix of their names, which is removed."""
    by_prefix: dict[str, dict[str, FloatArray]] = {
        prefix: {} for part in parts for prefix in part.array_prefixes
    }
    for full_name, array in arrays.items():
        prefix = "" if "" in by_prefix else "".join(full_name.rpartition(".")[:2])
        if prefix not in by_prefix:
            problem = f"the array {quoted(full_name)} belongs to none of its parts"
            raise damaged(path, f"does not fit {names.MODEL}: {problem}")
        by_prefix[prefix][full_name.removeprefix(prefix)] = array
    return by_prefix


def _checked(
    part: DescribedPart, earlier: Sequence[PredictorPart], path: Path
) -> tuple[Preprocessor, ParameterLayout]:
    """The preprocessing and the layout that a part describes; raises `DataError`, which names `path`."""
    network = part.description.network
    try:
        preprocessor = Preprocessor.from_dict(network.preprocessing)
    except ValueError as error:
        raise damaged(path, f"is damaged: {part.key_prefix}preprocessing.{error}") from error
    if problem := network.problem(preprocessor):
        raise damaged(path, f"is damaged: {part.key_prefix}{problem}")
    if earlier and columns_of(preprocessor) != columns_of(earlier[0].preprocessor):
        problem = f"{part.key_prefix}preprocessing: its columns are not those of the first part"
        raise damaged(path, f"is damaged: {problem}")
    return preprocessor, ParameterLayout(network.shape)


def _network(
    layout: ParameterLayout, description: NetworkDescription, arrays: Mapping[str, FloatArray]
) -> Network:
    """Raises ValueError if the arrays do not fit the network, or contain NaN or infinity."""
    row, statistics = layout.rows_of(arrays)
    if row.dtype != description.precision:
        raise ValueError(f"the type of the arrays is {row.dtype}, not {description.precision}")
    if not (np.isfinite(row).all() and np.isfinite(statistics).all()):
        raise ValueError("a weight is NaN or infinite: the training diverged")
    for array in (row, statistics):
        flush(array)  # weights of before version 0.2 may be subnormal
    hyperparameters = {
        name: np.array([[getattr(layer.numbers, name) for layer in description.hidden]])
        for name in LAYER_HYPERPARAMETERS
    }
    limits = description.decoder.limits
    network_limits = None if limits is None else np.array([limits])
    return Network(layout, row[None], statistics[None], hyperparameters, network_limits)
