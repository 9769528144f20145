"""`fnnctl train --resume`: the same straight line, begun at a run's last checkpoint."""

from __future__ import annotations

import os
import shlex
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from fnnctl.commands.interruption import Interruption
from fnnctl.commands.output import Output
from fnnctl.commands.preparation import Prepared, prepare
from fnnctl.commands.recording import machine_facts
from fnnctl.commands.train import complete_run
from fnnctl.errors import DataError, UsageError
from fnnctl.store.catalogue import find_run
from fnnctl.store.folder import RunFolder
from fnnctl.store.manifest import Manifest, Resumption
from fnnctl.store.names import RESOLVED
from fnnctl.store.provenance import utc_text
from fnnctl.store.run import OpenRun, open_run
from fnnctl.training.checkpoint import Checkpoint
from fnnctl.training.threads import set_blas_threads


def resume(text: str, *, runs_dir: Path, output: Output, signals: Interruption) -> RunFolder:
    """Go on with an interrupted training from its last checkpoint, to the bits of one without a pause.

    A run that is complete stays as it is. Raises `UsageError` for an unknown run, for one that is no
    training, and for one that still goes on.
    """
    started = time.monotonic()
    folder = find_run(text, runs_dir)
    if (kind := folder.read_manifest().kind) != "train":
        raise UsageError(f"{folder.path} is not of `fnnctl train`: its kind is {kind}")
    run = open_run(folder)
    manifest = run.read_manifest()
    if manifest.status == "completed":
        os.close(run.lock)
        output.note(f"{run.path} is complete: there is nothing to go on with")
        return run
    prepared = prepare(folder.path / RESOLVED, [], name=None, seed=None)
    threads = prepared.threads if set_blas_threads(prepared.threads) else None
    checkpoint = _checkpoint(run, prepared, output)
    _note_differences(manifest, machine_facts(blas_threads=threads), output)
    at = f"epoch {checkpoint.epoch}" if checkpoint else "the start"
    output.note(f"going on from {at} of {run.path}")
    run.log(f"resumed from {at}")
    command = shlex.join(["fnnctl", *sys.argv[1:]])
    resumed = [*manifest.resumed, Resumption(at=utc_text(datetime.now(UTC)), command=command)]
    run.record({"status": "running", "finished": None, "error": None, "resumed": resumed})
    complete_run(run, prepared, checkpoint, started=started, output=output, signals=signals)
    return run


def _checkpoint(run: OpenRun, prepared: Prepared, output: Output) -> Checkpoint | None:
    """The run's checkpoint; None where there is none that can be used, and training begins again."""
    try:
        arrays = run.read_checkpoint()
        checkpoint = None if arrays is None else Checkpoint.from_arrays(arrays)
    except (DataError, KeyError, TypeError) as error:
        output.note(f"the checkpoint cannot be used, training begins again: {error}")
        return None
    if checkpoint and not checkpoint.belongs_to([prepared.member]):
        output.note("the checkpoint is of another configuration, training begins again")
        return None
    return checkpoint


def _note_differences(manifest: Manifest, now: dict[str, str | None], output: Output) -> None:
    """Say where this machine differs from the one that began: the bits are promised for one kind only."""
    then = {
        "processor": manifest.processor.model,
        "BLAS": manifest.blas.name,
        "BLAS version": manifest.blas.version,
        "BLAS core": manifest.blas.core,
        "numpy": manifest.packages.get("numpy"),
    }
    for what, before in then.items():
        if before != now[what]:
            output.note(
                f"warning: the run began with another {what} ({before}, now {now[what]}): "
                "its last digits may differ from those of a run without a pause"
            )
