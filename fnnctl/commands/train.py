"""`fnnctl train`: trains and scores one experiment, from its config to the run folder."""

from __future__ import annotations

import time
from collections.abc import Sequence

from fnnctl.config.reading.loading import ConfigSource
from fnnctl.config.reading.overrides import OptionChange, Override
from fnnctl.config.schema.warm_start import WARM_START
from fnnctl.config.yaml_text import flow_yaml
from fnnctl.context import Context
from fnnctl.data.in_memory import MemoryData
from fnnctl.messages import Message
from fnnctl.modelling.fit import Fit
from fnnctl.modelling.loading import read_experiment
from fnnctl.modelling.run_config import resolved_config
from fnnctl.modelling.trained_rows import trained_rows_of
from fnnctl.nn.parameters import ParameterLayout
from fnnctl.runs.recorder import record_notes, record_warnings
from fnnctl.runs.resuming import (
    START,
    begin_again,
    find_resumable,
    load_checkpoint,
    refuse_other_data,
    released_on_error,
)
from fnnctl.runs.training import complete_training, create_training_run, set_threads
from fnnctl.store.folder import RunFolder
from fnnctl.store.names import TRAINED_ROWS
from fnnctl.store.promotions import notes_on_name
from fnnctl.store.run import open_run
from fnnctl.training.threads import threads_warning


def train(
    config: ConfigSource,
    overrides: Sequence[Override],
    context: Context,
    *,
    workers: int | None = None,
    memory: MemoryData | None = None,
) -> RunFolder:
    """Train an experiment, score it on every part, and write its run folder.

    The members of an ensemble train on up to `workers` workers, by default one per processor.
    The rows are those of `memory` if the config's source is `memory`. Raises `InputError` before the folder
    exists, and `DivergedError` or `InterruptedRunError` after the completed work is written.
    """
    started = time.monotonic()
    loaded = read_experiment(config, overrides, context.listener, memory=memory, runs_dir=context.known_runs)
    split = loaded.split()
    fit = loaded.fit(split)
    check = loaded.checked(split, bags=fit.settings.bags)
    with context.stop.graceful():  # a signal here must not leave a folder that does not say how the run ended
        run = create_training_run(
            context,
            loaded.data,
            fit,
            config=loaded.config,
            check=check,
            parent=loaded.parent,
            former_rows=loaded.former_rows,
        )
        context.stop.resumable(run.path, "train")
        notes = [*loaded.notes(), *loaded.split_line(split), *loaded.transform_line(fit)]
        notes += notes_on_name(fit.experiment.name or "", context.runs_dir)
        record_notes(run, notes, context.listener)
        record_warnings(run, [*check.warnings, *_threads_warning(fit)], context.listener)
    complete_training(run, loaded.data, fit, context, started=started, workers=workers)
    return run


def run_to_train_on(run: str | None, option: str = "--warm-start") -> list[OptionChange]:
    """The change of a config by the option that names a run; none without it."""
    return [] if run is None else [OptionChange(option, f"{WARM_START}={flow_yaml(run)}")]


def resume_training(
    name: str, context: Context, *, workers: int | None = None, memory: MemoryData | None = None
) -> RunFolder:
    """Continue an interrupted training from its last checkpoint; the bits are those of an uninterrupted one.

    A complete run is not changed. Raises `UsageError` if the run is unknown, not a training, or still
    running, and `InputError` if the config or the data have changed; the run is not changed then.
    """
    started = time.monotonic()
    folder = find_resumable(name, context.runs_dir, kind="train", command="train")
    run = open_run(folder)
    if run is None:
        context.note(f"{folder.path} is complete: nothing to do")
        return folder
    context.stop.resumable(run.path, "train")
    with released_on_error(run):
        loaded = read_experiment(resolved_config(run), (), context.listener, run=run, memory=memory)
        fit = loaded.fit(loaded.split())
        refuse_other_data(run, loaded.data, loaded.config.file, command="train")
        if not run.has(TRAINED_ROWS):  # it was killed at once, or an earlier version began it
            run.write_trained_rows(trained_rows_of(loaded.data, [fit], loaded.former_rows))
        checkpoint = load_checkpoint(run, loaded.data, fit, context.note)
        with context.stop.graceful():
            at = f"epoch {checkpoint.epoch}" if checkpoint else START
            begin_again(run, at, blas_threads=set_threads(fit), context=context)
    complete_training(run, loaded.data, fit, context, started=started, checkpoint=checkpoint, workers=workers)
    return run


def _threads_warning(fit: Fit) -> list[Message]:
    threads, settings = fit.experiment.training.threads, fit.settings
    if threads == "auto":
        return []
    return threads_warning(threads, ParameterLayout(settings.shape), settings.ensemble)
