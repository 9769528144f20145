"""Resumes an interrupted run: finds its folder and checkpoint, and what has changed since it began."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from fnnctl.context import Context
from fnnctl.errors import DataError, Problem, UsageError
from fnnctl.modelling.fit import Fit
from fnnctl.modelling.run_plugins import require_plugins
from fnnctl.runs.checkpointing import incomplete_checkpoint
from fnnctl.runs.facts import machine_differences, resumed_facts
from fnnctl.runs.recorder import record_warnings
from fnnctl.store.catalogue import find_run
from fnnctl.store.folder import RunFolder
from fnnctl.store.manifest import CONTINUED_BY
from fnnctl.store.provenance import machine
from fnnctl.store.run import OpenRun
from fnnctl.tasks.task import TaskData
from fnnctl.text import quoted
from fnnctl.training.checkpoint import Checkpoint, ForeignCheckpointError
from fnnctl.training.state import MissingArrayError

START: Final = "the start"
"""Where a run resumes if nothing of it was kept."""


def find_resumable(text: str, runs_dir: Path, *, kind: str, command: str) -> RunFolder:
    """The run that `text` names.

    Raises `UsageError` if it is unknown or of another kind, and `PluginError` if a plug-in cannot be used, or
    has another version than when it began.
    """
    folder = find_run(text, runs_dir, lambda run: run.read_manifest().kind == kind)
    actual = folder.read_manifest().kind
    if actual != kind:
        wrong = f"it is a run of kind {quoted(actual)}"
        if actual in CONTINUED_BY:
            wrong += f", which `fnnctl {CONTINUED_BY[actual]} --resume` continues"
        raise UsageError(f"`fnnctl {command}` cannot resume {folder.path}: {wrong}")
    require_plugins(folder, same_version=True)
    return folder


@contextmanager
def released_on_error(run: OpenRun) -> Iterator[None]:
    """Release the run's lock if the block fails, without changing the run."""
    try:
        yield
    except BaseException:
        run.let_go()
        raise


def refuse_other_data(run: OpenRun, data: TaskData, file: Path, *, command: str) -> None:
    """Raise `DataError` if the data differ from those the run began with; `file` is the loaded config."""
    recorded, now = run.read_manifest().data, data.dataset
    if recorded and (recorded.sha256, recorded.test_sha256) != (now.sha256, now.test_sha256):
        message = f"the data have changed since the run began; `fnnctl {command} {file}` starts a new run"
        raise DataError(Problem(message, file=str(file), path="data"))


def load_checkpoint(run: OpenRun, data: TaskData, fit: Fit, note: Callable[[str], None]) -> Checkpoint | None:
    """The run's checkpoint; None if there is no usable one, so that training starts again.

    Raises `DataError` if it lacks an array.
    """
    try:
        arrays = run.read_checkpoint()
        members = fit.members(data, fit.split(data))
        return None if arrays is None else Checkpoint.from_arrays(arrays, members)
    except MissingArrayError as error:
        raise incomplete_checkpoint(run, error) from error
    except (DataError, ForeignCheckpointError) as error:
        message = f"the checkpoint cannot be used, so training starts again: {error}"
        note(message)
        run.log(message)
        return None


def begin_again(run: OpenRun, at: str, *, blas_threads: int | None, context: Context) -> None:
    """Report, log and record that the run resumes at `at`, and warn if the machine has changed.

    A run that resumes at `START` is one of this machine and this version.
    """
    manifest = run.read_manifest()
    context.note(f"resuming from {at} of {run.path}")
    run.log(f"resumed from {at}")
    open_facts = dict.fromkeys(("training", "calibration"))
    never_ended = {"diverged": False, "seconds": {"total": None, "training": None}}
    now = machine(blas_threads=blas_threads) if at == START else {}
    run.record({**open_facts, **never_ended, **resumed_facts(manifest, context.command), **now})
    record_warnings(
        run, machine_differences(run.read_manifest(), blas_threads=blas_threads), context.listener
    )
