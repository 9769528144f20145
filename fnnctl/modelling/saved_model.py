"""A predictor from a run's folder: made again from `model.npz` and `model.json` alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.data.preprocessing import Preprocessor
from fnnctl.errors import DataError, MachineError, UsageError
from fnnctl.modelling.description import ModelDescription, read_description
from fnnctl.modelling.predictor import Predictor
from fnnctl.nn.network import LAYER_HYPERPARAMETERS, Network
from fnnctl.nn.parameters import ParameterLayout
from fnnctl.store import names
from fnnctl.store.atomic import damaged
from fnnctl.store.catalogue import shown_status
from fnnctl.store.folder import RunFolder
from fnnctl.tasks.registry import task_of
from fnnctl.training.threads import default_threads


@dataclass(frozen=True, slots=True)
class SavedModel:
    """A predictor, and what its run says of it."""

    run: RunFolder
    description: ModelDescription
    predictor: Predictor
    layout: ParameterLayout
    sha256: str
    """Of the weights' file."""
    threads: int
    """Threads of a matrix product in the training, on which the last bits depend."""


def load_model(run: RunFolder, note: Callable[[str], None]) -> SavedModel:
    """Read a run's network; `note` is told what is worth knowing of the run.

    Raises `UsageError` if there is no network, and `DataError`, which names the file, if one is damaged.
    """
    return _loaded(_network_folder(run, note))


def has_network(run: RunFolder) -> bool:
    """Whether a run has a network to load; also if a file of it is damaged, which loading then says."""
    try:
        _network_folder(run, lambda text: None)
    except UsageError:
        return False
    except (DataError, MachineError):
        return True
    return True


def _network_folder(run: RunFolder, note: Callable[[str], None]) -> RunFolder:
    """The run itself; for a search its refitted winner, for an evaluation the run that it has scored.

    Raises `UsageError` if it has no network.
    """
    manifest = run.read_manifest()
    if manifest.evaluated is not None:
        trained = RunFolder(Path(manifest.evaluated.run))
        if not (trained.path / names.MANIFEST).exists():
            raise UsageError(f"{run.path} is an evaluation of {trained.path}, which is no longer there")
        note(f"note: {run.path} is an evaluation: its network is that of {trained.path}")
        return _network_folder(trained, note)
    if manifest.kind == "cross_validation":
        advice = "`fnnctl train` makes one; name the run that has the network that is meant"
        raise UsageError(f"{run.path} is a cross-validation, which keeps no network: {advice}")
    status = shown_status(manifest, alive=run.is_alive())
    if manifest.kind == "search":
        winner = run.winner()
        if winner is None:
            raise UsageError(f"{run.path} is a search that has no winner yet ({status})")
        note(f"note: {run.path} is a search: its network is that of its winner, {winner.path}")
        return _network_folder(winner, note)
    if manifest.diverged:
        raise UsageError(f"{run.path} has no network that can be used: its training diverged")
    if not (run.path / names.MODEL).exists():
        raise UsageError(f"{run.path} has no network ({status}): there is no {names.MODEL}")
    if status != "completed":
        note(f"note: {run.path} is {status}: its network is what was trained until then")
    return run


def _loaded(run: RunFolder) -> SavedModel:
    stored = run.read_model()
    description = read_description(stored.description, run.path / names.MODEL)
    try:
        preprocessor = Preprocessor.from_dict(description.preprocessing)
    except ValueError as error:
        raise damaged(run.path / names.MODEL, f"is damaged: preprocessing.{error}") from error
    if fault := description.fault(preprocessor):
        raise damaged(run.path / names.MODEL, f"is damaged: {fault}")
    layout = ParameterLayout(description.shape)
    try:
        network = _network(layout, description, stored.arrays)
    except ValueError as error:
        raise damaged(run.path / names.WEIGHTS, f"does not fit {names.MODEL}: {error}") from error
    # The seed is for the intervals of metrics. A run that was copied without its manifest's seed has others.
    task = task_of(description.target, description.classes, seed=run.read_manifest().seed or 0)
    return SavedModel(
        run=run,
        description=description,
        predictor=Predictor.of(task, preprocessor, [network], description.readout),
        layout=layout,
        sha256=stored.sha256,
        threads=description.threads or default_threads(layout),
    )


def _network(
    layout: ParameterLayout, description: ModelDescription, arrays: Mapping[str, FloatArray]
) -> Network:
    """Raises ValueError if the arrays are not the network's, or hold a number that is not finite."""
    row, statistics = layout.rows_of(arrays)
    if row.dtype != description.precision:
        raise ValueError(f"the arrays are {row.dtype}, not {description.precision}")
    if not (np.isfinite(row).all() and np.isfinite(statistics).all()):
        raise ValueError("a weight is no finite number: the training diverged")
    hyperparameters = {
        name: np.array([[getattr(layer.numbers, name) for layer in description.hidden]])
        for name in LAYER_HYPERPARAMETERS
    }
    return Network(layout, row[None], statistics[None], hyperparameters)
