"""A trained network as its run's folder holds it: made again from `model.npz` and `model.json` alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.blas import set_blas_threads
from fnnctl.console.output import Output
from fnnctl.data.preprocessing import Columns, Preprocessor
from fnnctl.errors import UsageError
from fnnctl.nn.layers.activations import ACTIVATIONS
from fnnctl.nn.network import LAYER_HYPERPARAMETERS, Network
from fnnctl.nn.parameters import ParameterLayout
from fnnctl.nn.shape import HiddenShape, NetworkShape
from fnnctl.store import names
from fnnctl.store.atomic import damaged
from fnnctl.store.catalogue import shown_status
from fnnctl.store.description import ModelDescription
from fnnctl.store.folder import RunFolder
from fnnctl.text import shown
from fnnctl.training.scoring.row_scores import RowScorer
from fnnctl.training.scoring.stacked import SCORING_BATCH
from fnnctl.training.threads import default_threads


@dataclass(frozen=True, slots=True)
class StoredNetwork:
    """A network that can be asked about rows."""

    run: RunFolder
    description: ModelDescription
    layout: ParameterLayout
    preprocessor: Preprocessor
    scorer: RowScorer
    sha256: str
    """Of the weights' file."""
    threads: int | None
    """Threads of a matrix product; None where the BLAS does not tell."""

    @property
    def classes(self) -> list[str]:
        """The classes, in the order of the scores."""
        return self.description.classes

    @property
    def temperature(self) -> float | None:
        """What the scores are to be divided by, if anything."""
        return self.description.temperature

    def scores(self, pieces: Iterable[tuple[Columns, IntArray]]) -> Iterator[FloatArray]:
        """Score the chosen rows of each piece, one after the other: (≤ SCORING_BATCH, classes) at a time."""
        inputs, filled = self.scorer.inputs, 0
        for columns, rows in pieces:
            start = 0
            while start < len(rows):
                taken = rows[start : start + SCORING_BATCH - filled]
                self.preprocessor.transform(columns, taken, inputs[filled : filled + len(taken), :-1])
                start, filled = start + len(taken), filled + len(taken)
                if filled == SCORING_BATCH:
                    yield self.scorer.scores(filled)
                    filled = 0
        if filled:
            yield self.scorer.scores(filled)


def load_network(run: RunFolder, output: Output) -> StoredNetwork:
    """Read a run's network, and let matrix products have the threads of its training.

    That of an evaluation is the one it has scored. Raises `UsageError` where there is none, and `DataError`,
    which names the file, where what there is is damaged.
    """
    manifest = run.read_manifest()
    if manifest.evaluated is not None:
        trained = RunFolder(Path(manifest.evaluated.run))
        if not (trained.path / names.MANIFEST).exists():
            raise UsageError(f"{run.path} is an evaluation of {trained.path}, which is no longer there")
        output.note(f"note: {run.path} is an evaluation: its network is that of {trained.path}")
        return load_network(trained, output)
    if manifest.kind == "cross_validation":
        advice = "`fnnctl train` makes one; name the run that has the network that is meant"
        raise UsageError(f"{run.path} is a cross-validation, which keeps no network: {advice}")
    status = shown_status(manifest, alive=run.is_alive())
    if manifest.diverged:
        raise UsageError(f"{run.path} has no network that can be used: its training diverged")
    if manifest.kind == "search":
        winner = run.winner()
        where = f"its winner's is in {winner.path}" if winner else f"it has no winner yet ({status})"
        raise UsageError(f"{run.path} is a search and keeps no network: {where}")
    if not (run.path / names.MODEL).exists():
        raise UsageError(f"{run.path} has no network ({status}): there is no {names.MODEL}")
    if status != "completed":
        output.note(f"note: {run.path} is {status}: its network is what was trained until then")
    stored = run.read_model()
    description = stored.description
    try:
        preprocessor = Preprocessor.from_dict(description.preprocessing)
    except ValueError as error:
        raise damaged(run.path / names.MODEL, f"is damaged: preprocessing.{error}") from error
    if fault := _fault(description, preprocessor):
        raise damaged(run.path / names.MODEL, f"is damaged: {fault}")
    layout = ParameterLayout(_shape(description))
    try:
        network = _network(layout, description, stored.arrays)
    except ValueError as error:
        raise damaged(run.path / names.WEIGHTS, f"does not fit {names.MODEL}: {error}") from error
    threads = description.threads or default_threads(layout)
    return StoredNetwork(
        run=run,
        description=description,
        layout=layout,
        preprocessor=preprocessor,
        scorer=RowScorer(network),
        sha256=stored.sha256,
        threads=threads if set_blas_threads(threads) else None,
    )


def _fault(description: ModelDescription, preprocessor: Preprocessor) -> str | None:
    """What a network cannot be made of, though each fact alone could be."""
    classes = description.classes
    if len(set(classes)) < len(classes):
        return "classes: two have the same name"
    if description.output == "logistic" and (len(classes) != 2 or description.positive not in classes):
        return "positive: it must be one of two classes"
    if description.output == "softmax" and description.positive is not None:
        return "positive: softmax has no such class"
    if list(preprocessor.features) != description.features or description.inputs != len(description.features):
        return "features: they are not those of the preprocessing"
    below = description.inputs
    for number, layer in enumerate(description.hidden):
        if layer.activation not in ACTIVATIONS:
            return f"hidden.{number}.activation: there is none named {shown(layer.activation)}"
        if layer.pieces > 1 and layer.activation != "maxout":
            return f"hidden.{number}.pieces: only maxout has several"
        if layer.residual and layer.units != below:
            return f"hidden.{number}.residual: the layer has other units than inputs"
        below = layer.units
    return None


def _shape(description: ModelDescription) -> NetworkShape:
    classes = description.classes
    hidden = (HiddenShape(**layer.model_dump(exclude={"numbers"})) for layer in description.hidden)
    return NetworkShape(
        description.inputs,
        tuple(hidden),
        len(classes),
        output=description.output,
        positive=1 if description.positive is None else classes.index(description.positive),
    )


def _network(
    layout: ParameterLayout, description: ModelDescription, arrays: Mapping[str, FloatArray]
) -> Network:
    """Raises ValueError where the arrays are not the network's, or hold what is no finite number."""
    row, statistics = layout.rows_of(arrays)
    if row.dtype != description.precision:
        raise ValueError(f"the arrays are {row.dtype}, not {description.precision}")
    if not (np.isfinite(row).all() and np.isfinite(statistics).all()):
        raise ValueError("a weight is no finite number: the training diverged")
    numbers = {
        name: np.array([[getattr(layer.numbers, name) for layer in description.hidden]])
        for name in LAYER_HYPERPARAMETERS
    }
    return Network(layout, row[None], statistics[None], numbers)
