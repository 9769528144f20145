"""An interrupted training that is to go on: its folder, its checkpoint, and what has changed since."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from fnnctl.errors import DataError, Problem, UsageError
from fnnctl.modelling.fit import Fit
from fnnctl.runs.facts import machine_differences, resumed_facts
from fnnctl.runs.recorder import warn
from fnnctl.store.catalogue import find_run
from fnnctl.store.folder import RunFolder
from fnnctl.store.names import RESOLVED
from fnnctl.store.run import OpenRun
from fnnctl.tasks.task import TaskData
from fnnctl.text import shown
from fnnctl.training.checkpoint import Checkpoint, ForeignCheckpointError


def find_resumable(text: str, runs_dir: Path, *, kind: str, command: str) -> RunFolder:
    """The run that `text` names; raises `UsageError` if it is unknown, or of another kind."""
    folder = find_run(text, runs_dir)
    found = folder.read_manifest().kind
    if found != kind:
        raise UsageError(
            f"{folder.path} cannot be resumed by `fnnctl {command}`: it is a run of kind {shown(found)}"
        )
    return folder


@contextmanager
def released_on_error(run: OpenRun) -> Iterator[None]:
    """Let the run's lock go if the block fails: the run is then as it was."""
    try:
        yield
    except BaseException:
        run.let_go()
        raise


def load_checkpoint(
    run: OpenRun, data: TaskData, fit: Fit, file: Path, note: Callable[[str], None]
) -> Checkpoint | None:
    """The run's checkpoint; None if there is none that can be used, so that training begins again.

    `file` is the config that was loaded. Raises `DataError` if it names other data than the run began with.
    """
    begun_with, now = run.read_manifest().data, data.dataset
    if begun_with and (begun_with.sha256, begun_with.test_sha256) != (now.sha256, now.test_sha256):
        message = f"the run began with other data; `fnnctl train {file}` begins a new run with these"
        raise DataError(Problem(message, file=str(file), path="data"))
    try:
        arrays = run.read_checkpoint()
        member = fit.member(data, fit.split(data))
        return None if arrays is None else Checkpoint.from_arrays(arrays, [member])
    except (DataError, ForeignCheckpointError) as error:
        told = f"the checkpoint cannot be used, so training begins again: {error}"
        note(told)
        run.log(told)
        return None


def resolved_config(run: RunFolder) -> Path:
    """The run's complete config; raises `DataError` if it is gone."""
    file = run.path / RESOLVED
    if run.read_resolved() is None:
        raise DataError(Problem("is missing: a run cannot be resumed without it", file=str(file)))
    return file


def begin_again(
    run: OpenRun, checkpoint: Checkpoint | None, *, blas_threads: int | None, note: Callable[[str], None]
) -> None:
    """Say, log and record that the training goes on, and what is different from when it began."""
    manifest = run.read_manifest()
    at = f"epoch {checkpoint.epoch}" if checkpoint else "the start"
    note(f"resuming from {at} of {run.path}")
    run.log(f"resumed from {at}")
    open_facts = dict.fromkeys(("training", "calibration"))
    never_ended = {"diverged": False, "seconds": {"total": None, "training": None}}
    run.record({**open_facts, **never_ended, **resumed_facts(manifest)})
    warn(run, machine_differences(manifest, blas_threads=blas_threads), note)
