"""`fnnctl train --resume`: the same straight line, begun at a run's last checkpoint."""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path

from fnnctl.commands.completion import complete_run
from fnnctl.commands.preparation import Prepared, prepare
from fnnctl.commands.recording import going_on, machine_differences, warn
from fnnctl.console.output import Output
from fnnctl.console.signals import Interruption
from fnnctl.errors import DataError, Problem, UsageError
from fnnctl.store.catalogue import find_run
from fnnctl.store.folder import RunFolder
from fnnctl.store.manifest import DataFacts, Manifest
from fnnctl.store.names import RESOLVED
from fnnctl.store.run import OpenRun, open_run
from fnnctl.training.checkpoint import Checkpoint, ForeignCheckpointError


def resume(text: str, *, runs_dir: Path, output: Output, signals: Interruption) -> RunFolder:
    """Go on with an interrupted training from its last checkpoint, to the bits of one without a pause.

    A run that is complete stays as it is. Raises `UsageError` for an unknown run, for one that is no
    training, and for one that still goes on, and `InputError` where config or data are no longer what they
    were; the run is then as it was.
    """
    started = time.monotonic()
    folder = find_run(text, runs_dir)
    if (kind := folder.read_manifest().kind) != "train":
        raise UsageError(f"{folder.path} cannot be resumed by `fnnctl train`: it is a run of kind '{kind}'")
    run = open_run(folder)
    if run is None:
        output.note(f"{folder.path} is complete: there is nothing to go on with")
        return folder
    signals.run = str(run.path)
    with ExitStack() as undo:
        undo.callback(run.let_go)
        prepared = prepare(_config(run), [], name=None, seed=None)
        manifest = run.read_manifest()
        _refuse_other_data(manifest.data, prepared)
        checkpoint = _checkpoint(run, prepared, output)
        with signals.graceful():
            _note_start(run, manifest, prepared, checkpoint, output)
            undo.pop_all()
    complete_run(run, prepared, checkpoint, started=started, output=output, signals=signals)
    return run


def _config(run: RunFolder) -> Path:
    file = run.path / RESOLVED
    if run.read_resolved() is None:
        raise DataError(Problem("is missing: without it no run can be gone on with", file=str(file)))
    return file


def _refuse_other_data(begun_with: DataFacts | None, prepared: Prepared) -> None:
    """Refuse files that a changed `resolved.yaml` names, or of which it does not tell the SHA-256."""
    now, file = prepared.dataset, str(prepared.loaded.file)
    if begun_with and (begun_with.sha256, begun_with.test_sha256) != (now.sha256, now.test_sha256):
        message = f"the run began with other data; `fnnctl train {file}` begins a new run with these"
        raise DataError(Problem(message, file=file, path="data"))


def _checkpoint(run: OpenRun, prepared: Prepared, output: Output) -> Checkpoint | None:
    """The run's checkpoint; None where there is none that can be used, and training begins again."""
    try:
        arrays = run.read_checkpoint()
        return None if arrays is None else Checkpoint.from_arrays(arrays, [prepared.member])
    except (DataError, ForeignCheckpointError) as error:
        told = f"the checkpoint cannot be used, so training begins again: {error}"
        output.note(told)
        run.log(told)
        return None


def _note_start(
    run: OpenRun, manifest: Manifest, prepared: Prepared, checkpoint: Checkpoint | None, output: Output
) -> None:
    """Say, log and record that the run goes on, and what is another than when it began."""
    at = f"epoch {checkpoint.epoch}" if checkpoint else "the start"
    output.note(f"going on from {at} of {run.path}")
    run.log(f"resumed from {at}")
    open_facts = dict.fromkeys(("training", "calibration"))
    never_ended = {"diverged": False, "seconds": {"total": None, "training": None}}
    run.record({**open_facts, **never_ended, **going_on(manifest)})
    warn(run, machine_differences(manifest, blas_threads=prepared.set_threads()), output)
