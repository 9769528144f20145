"""`fnnctl evaluate CONFIG`: cross-validates a configuration on all rows."""

from __future__ import annotations

import time
from collections.abc import Sequence

from fnnctl.blas import set_blas_threads
from fnnctl.config.reading.loading import ConfigSource
from fnnctl.config.reading.overrides import Override
from fnnctl.context import Context
from fnnctl.data.in_memory import MemoryData
from fnnctl.modelling.loading import read_experiment
from fnnctl.modelling.run_config import resolved_config
from fnnctl.runs.cross_validation import (
    complete_cross_validation,
    create_cross_validation_run,
    kept_folds_words,
)
from fnnctl.runs.folds import load_folds
from fnnctl.runs.recorder import RunRecorder, record_notes, record_warnings
from fnnctl.runs.resuming import (
    START,
    begin_again,
    find_resumable,
    refuse_other_data,
    released_on_error,
)
from fnnctl.store.folder import RunFolder
from fnnctl.store.promotions import notes_on_name
from fnnctl.store.run import open_run


def cross_validate(
    config: ConfigSource,
    overrides: Sequence[Override],
    context: Context,
    *,
    workers: int | None = None,
    memory: MemoryData | None = None,
) -> RunFolder:
    """Train one network per fold, score each on its held-out rows, and write the run folder.

    By default there are as many workers as processors. The rows are those of `memory` if the config's source
    is `memory`. Raises `InputError` before the folder exists. Raises
    `DivergedError` if all folds diverged, or `InterruptedRunError`, after the completed work is written.
    """
    started = time.monotonic()
    loaded = read_experiment(config, overrides, context.listener, memory=memory)
    validation = loaded.cross_validation()
    with context.stop.graceful():  # a signal here must not leave a folder that does not say how the run ended
        run = create_cross_validation_run(context, validation, loaded.config)
        context.stop.resumable(run.path, "evaluate")
        name_notes = notes_on_name(validation.experiment.name or "", context.runs_dir)
        record_notes(run, [*loaded.notes(), *loaded.fold_line(validation), *name_notes], context.listener)
        record_warnings(run, validation.check.warnings, context.listener)
    recorder = RunRecorder(run, started=started)
    complete_cross_validation(run, validation, {}, recorder, context, workers=workers)
    return run


def resume_cross_validation(
    name: str, context: Context, *, workers: int | None = None, memory: MemoryData | None = None
) -> RunFolder:
    """Continue an interrupted cross-validation; the bits are those of an uninterrupted one.

    Completed folds are not trained again, and a complete run is not changed. Raises `UsageError` if the run
    is unknown, not a cross-validation, or still running, and `InputError` if the config or the data have
    changed; the run is not changed then.
    """
    started = time.monotonic()
    folder = find_resumable(name, context.runs_dir, kind="cross_validation", command="evaluate")
    run = open_run(folder)
    if run is None:
        context.note(f"{folder.path} is complete: nothing to do")
        return folder
    context.stop.resumable(run.path, "evaluate")
    with released_on_error(run):
        loaded = read_experiment(resolved_config(run), (), context.listener, run=run, memory=memory)
        validation = loaded.cross_validation()
        refuse_other_data(run, loaded.data, loaded.config.file, command="evaluate")
        kept, seconds = load_folds(run, validation, context.note)
        with context.stop.graceful():
            words = kept_folds_words(len(kept), validation)
            context.stop.kept(words)
            begin_again(run, words or START, blas_threads=set_blas_threads(1), context=context)
    recorder = RunRecorder(run, started=started, trained_before=seconds)
    complete_cross_validation(run, validation, kept, recorder, context, workers=workers)
    return run
