"""The first step of commands on an experiment: read it and its data, and show how far the reading is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fnnctl.config.reading.overrides import Override
from fnnctl.console.output import Output
from fnnctl.console.progress import reading_progress
from fnnctl.modelling.loading import LoadedExperiment, load_experiment
from fnnctl.store.folder import RunFolder


def read_experiment(
    file: Path,
    overrides: Sequence[Override] = (),
    *,
    name: str | None = None,
    seed: int | None = None,
    run: RunFolder | None = None,
    output: Output,
) -> LoadedExperiment:
    """Load a config and its data; see `load_experiment`."""
    with reading_progress(output) as on_read:
        return load_experiment(file, overrides, name=name, seed=seed, run=run, on_read=on_read)
