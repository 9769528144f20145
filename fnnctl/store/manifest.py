"""`manifest.json`: the facts of a run, each described where it is declared.

Only what every run has is required, so that the manifest of another version is still read; what is unknown
here is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from fnnctl.store.atomic import damaged
from fnnctl.store.documents import first_fault, read_mapping
from fnnctl.store.names import LAYOUT_VERSION

RunStatus = Literal["running", "completed", "failed", "interrupted"]


class Facts(BaseModel):
    """A part of the manifest."""

    model_config = ConfigDict(
        extra="allow",
        frozen=True,
        protected_namespaces=(),
        use_attribute_docstrings=True,
        allow_inf_nan=False,
    )


class Seconds(Facts):
    """Wall times."""

    total: float | None = None
    """From the command's start to the last file."""
    training: float | None = None
    """From the data in memory to the last weights."""


class GitState(Facts):
    """The working directory's repository."""

    commit: str
    """The commit that is checked out."""
    dirty: bool
    """Whether tracked files differ from it."""


class Processor(Facts):
    """What the run computed on."""

    model: str | None = None
    """The processor's name."""
    usable: int | None = None
    """How many processors the process may use."""
    features: list[str] = []
    """The instruction sets that NumPy's own loops use."""


class Blas(Facts):
    """NumPy's library of matrix products."""

    name: str | None = None
    """Its name."""
    version: str | None = None
    """Its version."""
    core: str | None = None
    """The kind of processor that its kernels were chosen for; another kind gives other last bits."""
    threads: int | None = None
    """How many threads it used."""


class PartRows(Facts):
    """How many rows each part has."""

    train: int
    """The training part."""
    validation: int = 0
    """The validation part; 0 where there is none."""
    test: int = 0
    """The test part; 0 where there is none."""


class DataFacts(Facts):
    """What was learned from."""

    name: str
    """The built-in data set's name, or the file's."""
    source: str
    """The built-in data set's name, or the file's absolute path."""
    sha256: str
    """Of the file's bytes."""
    test_source: str | None = None
    """The test file's absolute path, where there is one."""
    test_sha256: str | None = None
    """Of the test file's bytes."""
    task: Literal["classification"] = "classification"
    """What kind of target is learned."""
    target: str
    """The label's column."""
    classes: list[str]
    """The classes, in the order of the network's outputs."""
    rows: int
    """Rows in all parts together."""
    numeric: int
    """Columns read as numbers."""
    categorical: int
    """Columns read as categories."""
    parts: PartRows | None = None
    """Rows in each part; null where every fold has its own."""


class ModelFacts(Facts):
    """The network."""

    layers: list[int]
    """Units from the inputs to the classes: `[64, 100, 10]` has one hidden layer of 100."""
    parameters: int
    """Weights, biases and learned slopes."""


class CrossValidationFacts(Facts):
    """How the rows were divided into folds."""

    folds: int
    """Into how many, each of which is tested once."""
    repeats: int
    """How many times, each time anew."""
    stratify: bool
    """Whether every fold has the classes in the same proportions."""


class TrainingFacts(Facts):
    """How the training went."""

    epochs: int
    """Epochs trained; of a cross-validation, by all folds together."""
    best_epoch: int | None = None
    """The epoch whose weights were kept, counted from 1."""
    stopped: str | None = None
    """Why training ended, in words: `no better validation_loss for 20 epochs`."""


class CalibrationFacts(Facts):
    """How the probabilities were calibrated."""

    temperature: float
    """What the scores were divided by."""


class SearchFacts(Facts):
    """How a search went."""

    method: str
    """The method, or its scheduler and sampler."""
    trials: int | None = None
    """Trials that were begun."""
    epochs: int | None = None
    """Epochs that were granted, as planned."""
    epochs_trained: int | None = None
    """Epochs that were trained."""
    saved: int | None = None
    """Configurations that were passed over because they were equal to an earlier one."""
    end: str | None = None
    """Why the search ended: `complete`, or a limit."""
    best: dict[str, Any] | None = None
    """The incumbent: `trial`, `objective`, `configuration` (a value a path), `epochs`; null without one."""


class EvaluatedRun(Facts):
    """The run whose network an evaluation scored."""

    run: str
    """Its folder's absolute path."""
    sha256: str
    """Of its weights' file."""


class Resumption(Facts):
    """An interrupted run that was gone on with."""

    at: str
    """When: UTC, ISO 8601."""
    command: str
    """The command line, quoted for a shell."""


class Manifest(Facts):
    """Everything that says what a run is and where it came from."""

    status: RunStatus
    """How far the run is. One that says `running` and whose lock is free has died."""
    kind: str
    """What made the run: `train`, `cross_validation`, `search`, or `evaluation` (of a network, on a file)."""
    name: str
    """The experiment's name."""
    layout: int = LAYOUT_VERSION
    """The version of the run folder's layout."""
    started: str
    """When the run's folder was made: UTC, ISO 8601."""
    finished: str | None = None
    """When it ended, the same way."""
    seconds: Seconds = Seconds()
    """How long it took; of a resumed run, without what was trained twice."""
    resumed: list[Resumption] = []
    """When and how it was gone on with after interruptions."""
    command: str | None = None
    """The command line, quoted for a shell."""
    directory: str | None = None
    """Where the command was called."""
    seed: int | None = None
    """Where all random numbers came from."""
    fnnctl: str | None = None
    """fnnctl's version."""
    python: str | None = None
    """Python's version."""
    packages: dict[str, str | None] = {}
    """The versions of the packages that fnnctl stands on."""
    platform: str | None = None
    """The operating system."""
    processor: Processor = Processor()
    """The processor."""
    blas: Blas = Blas()
    """The library of matrix products."""
    git: GitState | None = None
    """The working directory's repository; null where there is none."""
    data: DataFacts | None = None
    """The data."""
    model: ModelFacts | None = None
    """The network; of a cross-validation, the first fold's."""
    cross_validation: CrossValidationFacts | None = None
    """The folds of a cross-validation; null elsewhere."""
    training: TrainingFacts | None = None
    """The training; null until it has ended."""
    calibration: CalibrationFacts | None = None
    """The calibration; null where there is none."""
    search: SearchFacts | None = None
    """The search; null elsewhere."""
    evaluated: EvaluatedRun | None = None
    """Of an evaluation: the run whose network was scored."""
    diverged: bool = False
    """Whether training diverged, so that the weights are of no use."""
    error: str | None = None
    """Why the run failed, in a sentence; null where it did not."""
    warnings: list[str] = []
    """What the user was warned of."""

    def with_facts(self, facts: Mapping[str, Any]) -> Manifest:
        """The manifest with some facts replaced."""
        return Manifest.model_validate({**self.model_dump(), **facts})


def read_manifest(content: bytes, path: Path) -> Manifest:
    """The manifest in a file's content; raises `DataError`, which names `path`, where it is damaged."""
    mapping = read_mapping(content, path)
    try:
        manifest = Manifest.model_validate(mapping)
    except ValidationError as error:
        raise damaged(path, f"is damaged: {first_fault(error)}") from error
    if manifest.layout > LAYOUT_VERSION:
        raise damaged(
            path, f"was written by a newer fnnctl (layout {manifest.layout}, this one knows {LAYOUT_VERSION})"
        )
    return manifest
