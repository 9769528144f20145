"""`fnnctl train`: trains and scores one experiment, from its config to the run folder."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from pathlib import Path

from fnnctl.blas import set_blas_threads
from fnnctl.commands.loading import read_experiment
from fnnctl.config.reading.resolved import resolved_yaml
from fnnctl.console.output import Output
from fnnctl.console.progress import epoch_progress
from fnnctl.console.signals import Interruption
from fnnctl.errors import DivergedError
from fnnctl.modelling.data_checks import DataCheck
from fnnctl.modelling.fit import Fit
from fnnctl.modelling.model_description import describe
from fnnctl.modelling.predictor import Predictor, score_parts
from fnnctl.nn.parameters import ParameterLayout
from fnnctl.report.figures.drawer import FigureDrawer
from fnnctl.runs.checkpointing import Checkpointer
from fnnctl.runs.endings import column_warnings, diverged, loss_warnings, score_warnings, uses_recipe
from fnnctl.runs.facts import known_facts
from fnnctl.runs.recorder import RunRecorder, tell, warn, write_scores
from fnnctl.runs.resuming import (
    START,
    begin_again,
    find_resumable,
    load_checkpoint,
    refuse_other_data,
    released_on_error,
    resolved_config,
)
from fnnctl.stacks.work import TrainedStack, train_fits
from fnnctl.store.folder import RunFolder
from fnnctl.store.run import OpenRun, create_run, open_run
from fnnctl.tasks.post_training import PostTraining
from fnnctl.tasks.task import TaskData
from fnnctl.training.checkpoint import Checkpoint
from fnnctl.training.diagnostics import dead_layer_notes, dead_layers
from fnnctl.training.learners.batches import batch_bounds
from fnnctl.training.threads import threads_warning
from fnnctl.training.trainer import Outcome, TrainedMember


def train(
    config: Path,
    overrides: Sequence[str],
    *,
    runs_dir: Path,
    name: str | None,
    seed: int | None,
    output: Output,
    signals: Interruption,
    figures: FigureDrawer,
) -> RunFolder:
    """Train an experiment, score it on every part, and write its run folder.

    Raises `InputError` before the folder exists, and `DivergedError` or `InterruptedRunError` after the
    completed work is written.
    """
    started = time.monotonic()
    loaded = read_experiment(config, overrides, name=name, seed=seed, output=output)
    split = loaded.split()
    fit = loaded.fit(split)
    check = loaded.checked(split, bags=fit.settings.bags)
    with signals.graceful():  # a signal here must not leave a folder that does not say how the run ended
        run = create_training_run(runs_dir, loaded.data, fit, config=loaded.config.text, check=check)
        signals.run = str(run.path)
        tell(run, [*loaded.notes(), *loaded.split_line(split)], output.note)
        warn(run, [*check.warnings, *_threads_warning(fit)], output.note)
    complete_training(
        run, loaded.data, fit, None, started=started, output=output, signals=signals, figures=figures
    )
    return run


def resume_training(
    name: str, *, runs_dir: Path, output: Output, signals: Interruption, figures: FigureDrawer
) -> RunFolder:
    """Continue an interrupted training from its last checkpoint; the bits are those of an uninterrupted one.

    A complete run is not changed. Raises `UsageError` if the run is unknown, not a training, or still
    running, and `InputError` if the config or the data have changed; the run is not changed then.
    """
    started = time.monotonic()
    folder = find_resumable(name, runs_dir, kind="train", command="train")
    run = open_run(folder)
    if run is None:
        output.note(f"{folder.path} is complete: nothing to do")
        return folder
    signals.run = str(run.path)
    with released_on_error(run):
        loaded = read_experiment(resolved_config(run), run=run, output=output)
        fit = loaded.fit(loaded.split())
        refuse_other_data(run, loaded.data, loaded.config.file, command="train")
        checkpoint = load_checkpoint(run, loaded.data, fit, output.note)
        with signals.graceful():
            at = f"epoch {checkpoint.epoch}" if checkpoint else START
            begin_again(run, at, blas_threads=set_threads(fit), note=output.note)
    complete_training(
        run, loaded.data, fit, checkpoint, started=started, output=output, signals=signals, figures=figures
    )
    return run


def create_training_run(
    runs_dir: Path,
    data: TaskData,
    fit: Fit,
    *,
    check: DataCheck,
    config: bytes | None = None,
    folder: str | None = None,
    trial: int | None = None,
) -> OpenRun:
    """Create the run folder; it contains the config (default: the resolved one) and manifest at once.

    `trial` is the number of the trial that is trained again, if it is a search's winner.
    """
    facts = known_facts(
        fit.experiment, data, fit.settings, check, blas_threads=set_threads(fit), sizes=fit.sizes
    )
    resolved = resolved_yaml(fit.experiment)
    return create_run(
        runs_dir,
        name=fit.experiment.name or "",
        kind="train",
        config=resolved.encode("utf-8") if config is None else config,
        resolved=resolved,
        manifest=facts if trial is None else {**facts, "trial": trial},
        folder=folder,
    )


def set_threads(fit: Fit) -> int | None:
    """Limit matrix products to the fit's threads; return their number, or None if the BLAS accepts none."""
    threads = fit.experiment.training.threads
    return threads if threads != "auto" and set_blas_threads(threads) else None


def _threads_warning(fit: Fit) -> list[str]:
    threads, settings = fit.experiment.training.threads, fit.settings
    if threads == "auto":
        return []
    return threads_warning(threads, ParameterLayout(settings.shape), settings.ensemble)


def complete_training(
    run: OpenRun,
    data: TaskData,
    fit: Fit,
    checkpoint: Checkpoint | None,
    *,
    started: float,
    output: Output,
    signals: Interruption,
    figures: FigureDrawer,
    budget: int | None = None,
) -> list[str]:
    """Train from the start or from the checkpoint, and write the contents of the run folder.

    Returns a warning, already shown, if the predictions are of little use. `started` is when the command
    began, on the monotonic clock; `budget` is the largest one of the search whose winner is trained. Raises
    `DivergedError` or `InterruptedRunError` after the completed work is written.
    """
    if checkpoint:
        signals.note_checkpoint(checkpoint.epoch)
    with RunRecorder(
        run, started=started, trained_before=checkpoint.seconds if checkpoint else 0.0
    ) as recorder:
        stack = _train(run, data, fit, checkpoint, recorder, output, signals)
        trained = stack.trained_fit(0)
        if trained.outcome in {Outcome.DIVERGED, Outcome.INTERRUPTED}:
            figures.draw(run)
        if trained.outcome is Outcome.DIVERGED:
            raise _diverged(run, fit, trained)
        signals.raise_if_requested(trained.epochs)
        hints = loss_warnings(fit, [trained], budget=budget)
        has_recipe = uses_recipe(fit.experiment)
        dead = dead_layers(trained.history, fit.settings.shape, has_recipe=has_recipe)
        warn(run, [*dead, *hints], output.note)
        if has_recipe:
            tell(run, [*dead_layer_notes(trained.history, fit.settings.shape)], output.note)
        predictor = _calibrated(run, data, fit, stack, output)
        parts = score_parts(predictor, data, stack.pool, fit.split(data), fit.bags(data))
        if not all(math.isfinite(part.loss) for part in parts.values() if part):
            raise _diverged(run, fit, trained)  # the last step's weights are finite, but too large
        doubts = score_warnings(fit.experiment, parts["test"], [trained])
        warn(run, doubts, output.note, first=True)
        warn(run, column_warnings(run, parts["test"]), output.note)
        write_scores(run, parts)
        figures.draw(run)
        signals.raise_if_requested()  # matplotlib may have swallowed the signal
    return doubts


def _train(
    run: OpenRun,
    data: TaskData,
    fit: Fit,
    checkpoint: Checkpoint | None,
    recorder: RunRecorder,
    output: Output,
    signals: Interruption,
) -> TrainedStack:
    experiment = fit.experiment
    member = fit.member(data, fit.split(data))
    limit = experiment.training.time_limit or math.inf

    def after_step() -> bool:
        show.step()
        return signals.requested()

    with (
        signals.graceful(),
        epoch_progress(
            output,
            experiment.training.epochs,
            done=checkpoint.epoch if checkpoint else 0,
            steps=len(batch_bounds(len(member.train_rows), fit.settings)),
            note=run.note_position,
        ) as show,
        Checkpointer(
            run,
            fit,
            describe(fit, data, member),
            show=show,
            kept=signals.note_checkpoint,
            should_stop=after_step,
            seconds=recorder.trained_seconds,
        ) as checkpointer,
        recorder.training(),
    ):
        stack = train_fits(
            data,
            [fit],
            checkpoint=checkpoint,
            diagnose=True,
            on_epoch=checkpointer.on_epoch,
            should_stop=checkpointer.should_stop,
            seconds=limit - recorder.trained_seconds(),
        )
        checkpointer.trained = stack.trained
    return stack


def _calibrated(run: OpenRun, data: TaskData, fit: Fit, stack: TrainedStack, output: Output) -> Predictor:
    """The fit's predictor, calibrated and with a threshold if the experiment asks for it."""
    post_training, bags = PostTraining.of(fit.experiment.model), [bag.validation for bag in fit.bags(data)]
    predictor = stack.predictor(0, *stack.final_weights(0))
    predictor = predictor.calibrated(post_training, data, stack.pool, fit.split(data).validation, bags)
    decoder = predictor.decoder
    if found := decoder.fitted_parameters:
        run.describe_model(found)
    if decoder.temperature is not None:
        run.record({"calibration": {"temperature": decoder.temperature}})
    warn(run, post_training.warnings(decoder, rows=fit.sizes[1]), output.note)
    return predictor


def _diverged(run: OpenRun, fit: Fit, trained: TrainedMember) -> DivergedError:
    """Record the divergence and return the error: even finite weights may be useless."""
    run.record({"diverged": True})
    return diverged(run, fit, epoch=trained.epochs)
