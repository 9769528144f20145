"""From a run's folder to a complete one, whether it is new or gone on with: train, score, write."""

from __future__ import annotations

import math

from fnnctl.commands.evaluation import find_temperature, score_parts, write_scores
from fnnctl.commands.keeping import Keeping
from fnnctl.commands.preparation import Prepared
from fnnctl.commands.recording import Recording, warn
from fnnctl.console.output import Output
from fnnctl.console.progress import epoch_progress
from fnnctl.console.signals import Interruption
from fnnctl.errors import DivergedError
from fnnctl.report.figures import draw_figures
from fnnctl.store.run import OpenRun
from fnnctl.training.checkpoint import Checkpoint
from fnnctl.training.diagnostics import dead_layers
from fnnctl.training.pool import Pool
from fnnctl.training.stack import Stack
from fnnctl.training.stopping.unfinished import unfinished
from fnnctl.training.trainer import Outcome, TrainedMember, train_stack


def complete_run(
    run: OpenRun,
    prepared: Prepared,
    checkpoint: Checkpoint | None,
    *,
    started: float,
    output: Output,
    signals: Interruption,
) -> None:
    """Train from the start, or from the checkpoint, and write all that a run's folder holds.

    `started` is the command's, on the monotonic clock. Raises `DivergedError` or `InterruptedRunError` when
    what was done stands in the folder.
    """
    before = checkpoint.seconds if checkpoint else 0.0
    signals.kept_epoch = checkpoint.epoch if checkpoint else None
    with Recording(run, started=started, trained_before=before) as recording:
        examples = prepared.examples()
        trained = _train(prepared, examples, checkpoint, run, recording, signals, output)
        _raise_if_broken_off(run, prepared, trained, signals)
        ended = [(trained.outcome, trained.history)]
        hints = unfinished(ended, prepared.settings, train_rows=prepared.split.train.size)
        warn(run, [*dead_layers(trained.history, prepared.settings.shape), *hints], output)
        temperature = find_temperature(prepared, examples, trained)
        parts = score_parts(prepared, examples, trained, temperature)
        if not all(math.isfinite(part.loss) for part in parts.values() if part):
            raise _diverged(run, prepared, trained)  # the last step's weights are finite, and too large
        _record_calibration(run, prepared, temperature, output)
        write_scores(run, parts, prepared.dataset.classes)
        draw_figures(run)
        signals.raise_if_requested()  # a library that was drawing may have swallowed the signal


def _train(
    prepared: Prepared,
    examples: Pool,
    checkpoint: Checkpoint | None,
    run: OpenRun,
    recording: Recording,
    signals: Interruption,
    output: Output,
) -> TrainedMember:
    settings, members = prepared.settings, [prepared.member]
    limit = prepared.experiment.training.time_limit or math.inf
    with (
        signals.graceful(),
        epoch_progress(output, prepared.member.epochs, done=checkpoint.epoch if checkpoint else 0) as show,
        Keeping(
            run,
            prepared,
            show=show,
            kept=signals.note_kept,
            should_stop=signals.requested,
            seconds=recording.trained_seconds,
        ) as keeping,
        recording.training(),
    ):
        stack = checkpoint.stack(settings, members, examples) if checkpoint else None
        (keeping.trained,) = train_stack(
            stack or Stack(settings, members, examples),
            diagnose=True,
            on_epoch=keeping.on_epoch,
            should_stop=keeping.should_stop,
            seconds=limit - recording.trained_seconds(),
        )
    return keeping.trained


def _raise_if_broken_off(
    run: OpenRun, prepared: Prepared, trained: TrainedMember, signals: Interruption
) -> None:
    if trained.outcome in {Outcome.DIVERGED, Outcome.INTERRUPTED}:
        draw_figures(run)
    if trained.outcome is Outcome.DIVERGED:
        raise _diverged(run, prepared, trained)
    signals.raise_if_requested(trained.epochs)


def _record_calibration(run: OpenRun, prepared: Prepared, temperature: float | None, output: Output) -> None:
    if temperature is not None:
        run.describe_model({"temperature": temperature})
        run.record({"calibration": {"temperature": temperature}})
    elif prepared.experiment.model.calibration != "none":
        warning = (
            f"no temperature is best for the {prepared.split.validation.size:,} rows of the validation part, "
            "which are all classified correctly, or no better than by chance: nothing is calibrated"
        )
        warn(run, [warning], output)


def _diverged(run: OpenRun, prepared: Prepared, trained: TrainedMember) -> DivergedError:
    """The error, once the manifest says so: weights may be finite numbers and yet of no use."""
    run.record({"diverged": True})
    return DivergedError(
        epoch=trained.epochs,
        learning_rate=prepared.member.learning_rate,
        scaled=prepared.experiment.data.scaling != "none",
        run=str(run.path),
    )
