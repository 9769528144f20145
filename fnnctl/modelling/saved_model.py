"""A predictor from a run's folder, restored from `model.npz` and `model.json` alone."""

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
from fnnctl.text import shown
from fnnctl.training.threads import default_threads


@dataclass(frozen=True, slots=True)
class SavedModel:
    """A predictor, and the facts that its run has recorded about it."""

    run: RunFolder
    description: ModelDescription
    predictor: Predictor
    layout: ParameterLayout
    sha256: str
    """The digest of the weights file."""
    threads: int
    """Threads per matrix product in training, which affect the last bits."""


def load_model(run: RunFolder, note: Callable[[str], None]) -> SavedModel:
    """Read a run's network; `note` is called with messages about the run for the user.

    Raises `UsageError` if there is no network, and `DataError`, which names the file, if one is damaged.
    """
    return _loaded(_network_folder(run, note))


def has_network(run: RunFolder) -> bool:
    """Whether a run has a network to load; also True if a file is damaged, which loading then reports."""
    try:
        _network_folder(run, lambda text: None)
    except UsageError:
        return False
    except (DataError, MachineError):
        return True
    return True


def _network_folder(run: RunFolder, note: Callable[[str], None]) -> RunFolder:
    """The run itself; for a search its refitted winner, for an evaluation the run that it scored.

    Raises `UsageError` if it has no network.
    """
    manifest = run.read_manifest()
    if manifest.evaluated is not None:
        trained = RunFolder(Path(manifest.evaluated.run))
        if not (trained.path / names.MANIFEST).exists():
            raise UsageError(f"{run.path} is an evaluation of {trained.path}, which no longer exists")
        note(f"note: {run.path} is an evaluation: using the network of {trained.path}")
        return _trained_folder(trained, run, note)
    if manifest.kind == "cross_validation":
        advice = "name a run of `fnnctl train` instead"
        raise UsageError(f"{run.path} is a cross-validation, which saves no network: {advice}")
    status = shown_status(manifest, alive=run.is_alive())
    if manifest.kind == "search":
        winner = run.winner()
        if winner is None:
            raise UsageError(f"{run.path} is a search without a winner yet ({status})")
        note(f"note: {run.path} is a search: using the network of its winner, {winner.path}")
        return _trained_folder(winner, run, note)
    if manifest.diverged:
        raise UsageError(f"{run.path} has no usable network: its training diverged")
    if not (run.path / names.MODEL).exists():
        raise UsageError(f"{run.path} has no network ({status}): {names.MODEL} does not exist")
    if status != "completed":
        note(f"note: {run.path} is {status}: using the network as trained until then")
    return run


def _trained_folder(run: RunFolder, stands_for_it: RunFolder, note: Callable[[str], None]) -> RunFolder:
    """The run of a training that an evaluation or a search stands for; raises as `_network_folder` does.

    Any other kind of run is refused with `DataError`: it could stand for the first one again, for ever.
    """
    kind = run.read_manifest().kind
    if kind != "train":
        wrong = f"is damaged: it names {run.path}, which is not a training but of kind {shown(kind)}"
        raise damaged(stands_for_it.path / names.MANIFEST, wrong)
    return _network_folder(run, note)


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
    # The seed determines the metrics' intervals. They differ if the copied manifest has no seed.
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
    """Raises ValueError if the arrays do not fit the network, or contain NaN or infinity."""
    row, statistics = layout.rows_of(arrays)
    if row.dtype != description.precision:
        raise ValueError(f"the type of the arrays is {row.dtype}, not {description.precision}")
    if not (np.isfinite(row).all() and np.isfinite(statistics).all()):
        raise ValueError("a weight is NaN or infinite: the training diverged")
    hyperparameters = {
        name: np.array([[getattr(layer.numbers, name) for layer in description.hidden]])
        for name in LAYER_HYPERPARAMETERS
    }
    return Network(layout, row[None], statistics[None], hyperparameters)
