"""`fnnctl train`: the straight line from a config to a run folder."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from fnnctl.commands.completion import complete_run
from fnnctl.commands.preparation import Prepared, prepare
from fnnctl.commands.recording import opening_manifest, warn
from fnnctl.config.reading.resolved import resolved_yaml
from fnnctl.console.output import Output
from fnnctl.console.signals import Interruption
from fnnctl.store.folder import RunFolder
from fnnctl.store.run import OpenRun, create_run


def train(
    config: Path,
    overrides: Sequence[str],
    *,
    runs_dir: Path,
    name: str | None,
    seed: int | None,
    output: Output,
    signals: Interruption,
) -> RunFolder:
    """Train an experiment, score it on every part, and write its run folder.

    Raises `InputError` before there is a folder, and `DivergedError` or `InterruptedRunError` when what was
    done stands in it.
    """
    started = time.monotonic()
    prepared = prepare(config, overrides, name=name, seed=seed)
    with signals.graceful():  # so that no folder is left without a word about its end
        run = _create(prepared, runs_dir)
        signals.run = str(run.path)
        warn(run, prepared.warnings, output)
    complete_run(run, prepared, None, started=started, output=output, signals=signals)
    return run


def _create(prepared: Prepared, runs_dir: Path) -> OpenRun:
    return create_run(
        runs_dir,
        name=prepared.name,
        kind="train",
        config=prepared.loaded.text,
        resolved=resolved_yaml(prepared.experiment),
        manifest=opening_manifest(prepared, blas_threads=prepared.set_threads()),
    )
