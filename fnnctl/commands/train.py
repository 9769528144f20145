"""`fnnctl train`: the straight line from a config to a run folder."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from pathlib import Path

from fnnctl.commands.evaluation import PartScores, score_parts
from fnnctl.commands.interruption import Interruption
from fnnctl.commands.keeping import Keeping
from fnnctl.commands.output import Output
from fnnctl.commands.preparation import Prepared, prepare
from fnnctl.commands.progress import epoch_progress
from fnnctl.commands.recording import Recording, opening_manifest
from fnnctl.config.resolved import resolved_yaml
from fnnctl.errors import DivergedError
from fnnctl.metrics.confusion import confusion_matrix
from fnnctl.metrics.curves import pr_curves, roc_curves
from fnnctl.report.figures import draw_figures
from fnnctl.store.folder import RunFolder
from fnnctl.store.run import OpenRun, create_run
from fnnctl.training.checkpoint import Checkpoint
from fnnctl.training.pool import Pool
from fnnctl.training.stack import Stack
from fnnctl.training.threads import set_blas_threads
from fnnctl.training.trainer import Outcome, TrainedMember, go_on
from fnnctl.training.watch import dead_layers


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
    run = _create(prepared, runs_dir)
    for warning in prepared.warnings:
        output.note(f"warning: {warning}")
        run.log(f"warning: {warning}")
    complete_run(run, prepared, None, started=started, output=output, signals=signals)
    return run


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
    signals.run = str(run.path)
    before = checkpoint.seconds if checkpoint else 0.0
    with Recording(run, started=started, trained_before=before) as recording:
        examples = prepared.examples()
        trained = _train(prepared, examples, checkpoint, run, recording, signals, output)
        _raise_if_broken_off(run, prepared, trained, signals)
        _warn_of_dead_units(run, prepared, trained, output)
        parts = score_parts(prepared, examples, trained)
        if not all(math.isfinite(part.loss) for part in parts.values() if part):
            raise _diverged(run, prepared, trained)  # the last step's weights are finite, and too large
        _write_scores(run, prepared, parts)
        draw_figures(run)
        signals.raise_if_requested()  # a library that was drawing may have swallowed the signal
    run.drop_checkpoint()


def _create(prepared: Prepared, runs_dir: Path) -> OpenRun:
    threads = prepared.threads if set_blas_threads(prepared.threads) else None
    return create_run(
        runs_dir,
        name=prepared.name,
        kind="train",
        config=prepared.loaded.text,
        resolved=resolved_yaml(prepared.experiment),
        manifest=opening_manifest(prepared, blas_threads=threads),
    )


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
    before = checkpoint.seconds if checkpoint else 0.0
    with (
        signals.graceful(),
        epoch_progress(output, prepared.member.epochs) as show,
        Keeping(run, prepared, show=show, should_stop=signals.requested, seconds=before) as keeping,
        recording.training(),
    ):
        stack = checkpoint.stack(settings, members, examples) if checkpoint else None
        (keeping.trained,) = go_on(
            stack or Stack(settings, members, examples),
            watch=True,
            on_epoch=keeping.on_epoch,
            should_stop=keeping.should_stop,
            seconds=limit - before,
        )
    return keeping.trained


def _warn_of_dead_units(run: OpenRun, prepared: Prepared, trained: TrainedMember, output: Output) -> None:
    """A unit that is never active learns nothing more: it is seen in the history, and told of."""
    for warning in dead_layers(trained.history, prepared.settings.shape):
        output.note(f"warning: {warning}")
        run.log(f"warning: {warning}")
        run.record({"warnings": [*run.read_manifest().warnings, warning]})


def _raise_if_broken_off(
    run: OpenRun, prepared: Prepared, trained: TrainedMember, signals: Interruption
) -> None:
    if trained.outcome in {Outcome.DIVERGED, Outcome.INTERRUPTED}:
        draw_figures(run)
    if trained.outcome is Outcome.DIVERGED:
        raise _diverged(run, prepared, trained)
    signals.raise_if_requested(trained.epochs)


def _diverged(run: OpenRun, prepared: Prepared, trained: TrainedMember) -> DivergedError:
    return DivergedError(
        epoch=trained.epochs,
        learning_rate=prepared.member.learning_rate,
        scaled=prepared.experiment.data.scaling != "none",
        run=str(run.path),
    )


def _write_scores(run: OpenRun, prepared: Prepared, parts: dict[str, PartScores | None]) -> None:
    """Write the metrics, and what is told of the test part; each part is taken out of `parts` to free it."""
    classes, metrics = prepared.dataset.classes, {}
    for name in tuple(parts):  # the test part comes last
        part = parts.pop(name)
        ranked = part.ranked() if part else None
        metrics[name] = part.metrics(ranked, classes) if part and ranked else None
    run.write_metrics(metrics)
    if part and ranked:
        run.write_predictions(classes, part.table(classes), part.probabilities)
        run.write_confusion_matrix(classes, confusion_matrix(part.labels, part.predictions, len(classes)))
        run.write_curves(roc_curves(ranked, classes), pr_curves(ranked, classes))
