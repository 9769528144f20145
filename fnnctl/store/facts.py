"""What parts of the manifest share, and the facts about the software and the machine of a run."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict


class Facts(BaseModel):
    """A part of the manifest."""

    model_config = ConfigDict(
        extra="allow",
        frozen=True,
        protected_namespaces=(),
        allow_inf_nan=False,
        defer_build=True,  # only the manifest's own validator is used
    )


class GitState(Facts):
    """The working directory's repository."""

    commit: str
    """The checked-out commit."""
    dirty: bool
    """Whether tracked files differ from the commit."""


class Processor(Facts):
    """The processor that the run used."""

    model: str | None = None
    """The processor's name."""
    usable: int | None = None
    """How many processors the process may use."""
    features: list[str] = []
    """The instruction sets that NumPy's own loops use."""


class Blas(Facts):
    """The BLAS library that NumPy uses."""

    name: str | None = None
    """Its name."""
    version: str | None = None
    """Its version."""
    core: str | None = None
    """The processor type that its kernels were chosen for; other kernels differ in the last bits."""
    threads: int | None = None
    """The number of threads it used."""


class MetricFacts(Facts):
    """What a report needs of a metric without importing it."""

    task: Literal["classification", "regression"]
    """Its task."""
    label: str
    """What reports call it."""
    lower_is_better: bool = False
    """Whether smaller values are better."""
    unit: Literal["", "points", "target"] = ""
    """The unit of differences."""
    reported: Literal["first", "table", "no"] = "table"
    """Where reports show it."""


class AncestorFacts(Facts):
    """A run that a training went on from, or one that this one went on from."""

    run: str
    """The absolute path of its folder."""
    name: str
    """The name of its experiment."""
    started: str
    """When it was started: UTC, ISO 8601."""
    sha256: str
    """The SHA-256 of its weights."""
    metrics: dict[str, float | None] | None = None
    """Its metrics on the test part of the later run, by their names in metrics.json, of several targets also
    `targets.NAME.METRIC`; null if it was not scored."""
    is_missing: bool = False
    """Whether it was not scored because it was gone."""


class PluginFacts(Facts):
    """A loss, a metric or a reader of tables that is not fnnctl's own."""

    kind: Literal["loss", "metric", "table"]
    """What it is."""
    name: str
    """Its name in the config, or the ending of the files that it reads."""
    package: str | None = None
    """The installed package that offers it; null if a Python program passed it."""
    version: str | None = None
    """The version of the package."""
    metric: MetricFacts | None = None
    """What reports say of a metric; null for a loss and a reader."""


class TargetFacts(Facts):
    """One of several targets."""

    name: str
    """Its column."""
    task: Literal["classification", "regression"]
    """Its kind."""
    classes: list[str] = []
    """Its classes, in the order of the network's outputs; empty for a number."""
    power: float | None = None
    """Of counts and amounts: see `ModelFacts.power`."""
