"""`fnnctl evaluate CONFIG`: cross-validates a configuration on all rows."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fnnctl.blas import set_blas_threads
from fnnctl.commands.loading import read_experiment
from fnnctl.config.reading.overrides import Override
from fnnctl.config.reading.resolved import resolved_yaml
from fnnctl.console.output import Output
from fnnctl.console.progress import amount_progress
from fnnctl.console.signals import Interruption
from fnnctl.executors.registry import make_executor
from fnnctl.executors.work import run_work
from fnnctl.modelling.cross_validation import CrossValidation, FoldResult, mean_baseline, out_of_fold, summary
from fnnctl.modelling.data_sizes import by_size, share_suffix, size_summaries
from fnnctl.processors import usable_processors
from fnnctl.report.figures.drawer import FigureDrawer
from fnnctl.runs.endings import diverged, loss_warnings, score_warnings
from fnnctl.runs.facts import known_facts
from fnnctl.runs.folds import keep_folds, load_folds, write_folds
from fnnctl.runs.recorder import RunRecorder, tell, warn
from fnnctl.runs.resuming import (
    START,
    begin_again,
    find_resumable,
    refuse_other_data,
    released_on_error,
    resolved_config,
)
from fnnctl.stacks.measures import FoldMeasure
from fnnctl.stacks.planning import plan_folds
from fnnctl.stacks.work import WorkerData, train_shared_fits
from fnnctl.store.folder import RunFolder
from fnnctl.store.run import OpenRun, create_run, open_run
from fnnctl.tasks.post_training import PostTraining
from fnnctl.training.trainer import Outcome


def cross_validate(
    config: Path,
    overrides: Sequence[Override],
    *,
    workers: int | None,
    runs_dir: Path,
    name: str | None,
    seed: int | None,
    output: Output,
    signals: Interruption,
    figures: FigureDrawer,
) -> RunFolder:
    """Train one network per fold, score each on its held-out rows, and write the run folder.

    Raises `InputError` before the folder exists. Raises `DivergedError` if all folds diverged, and
    `InterruptedRunError`; the completed work is then in the folder.
    """
    started = time.monotonic()
    loaded = read_experiment(config, overrides, name=name, seed=seed, output=output)
    validation = loaded.cross_validation()
    with signals.graceful():  # a signal here must not leave a folder that does not say how the run ended
        run = _create(validation, loaded.config.text, runs_dir)
        signals.run, signals.resumed_by = str(run.path), "evaluate"
        tell(run, [*loaded.notes(), *loaded.fold_line(validation)], output.note)
        warn(run, validation.check.warnings, output.note)
    recorder = RunRecorder(run, started=started)
    _complete(run, validation, {}, recorder, workers=workers, output=output, signals=signals, figures=figures)
    return run


def resume_cross_validation(
    name: str,
    *,
    workers: int | None,
    runs_dir: Path,
    output: Output,
    signals: Interruption,
    figures: FigureDrawer,
) -> RunFolder:
    """Continue an interrupted cross-validation; the bits are those of an uninterrupted one.

    Completed folds are not trained again, and a complete run is not changed. Raises `UsageError` if the run
    is unknown, not a cross-validation, or still running, and `InputError` if the config or the data have
    changed; the run is not changed then.
    """
    started = time.monotonic()
    folder = find_resumable(name, runs_dir, kind="cross_validation", command="evaluate")
    run = open_run(folder)
    if run is None:
        output.note(f"{folder.path} is complete: nothing to do")
        return folder
    signals.run, signals.resumed_by = str(run.path), "evaluate"
    with released_on_error(run):
        loaded = read_experiment(resolved_config(run), run=run, output=output)
        validation = loaded.cross_validation()
        refuse_other_data(run, loaded.data, loaded.config.file, command="evaluate")
        kept, seconds = load_folds(run, validation, output.note)
        with signals.graceful():
            signals.kept = _kept_words(len(kept), validation)
            begin_again(run, signals.kept or START, blas_threads=_one_thread(), note=output.note)
    recorder = RunRecorder(run, started=started, trained_before=seconds)
    _complete(
        run, validation, kept, recorder, workers=workers, output=output, signals=signals, figures=figures
    )
    return run


def _create(validation: CrossValidation, config: bytes, runs_dir: Path) -> OpenRun:
    experiment = validation.experiment
    facts = known_facts(
        experiment,
        validation.data,
        validation.fits[0].settings,
        validation.check,
        blas_threads=_one_thread(),
    )
    return create_run(
        runs_dir,
        name=experiment.name or "",
        kind="cross_validation",
        config=config,
        resolved=resolved_yaml(experiment, command="evaluate"),
        manifest={**facts, "cross_validation": _fold_facts(validation)},
    )


def _fold_facts(validation: CrossValidation) -> dict[str, Any]:
    """The manifest's facts about the folds, which are stratified only if there are several strata."""
    settings, by = validation.experiment.evaluation.cross_validation, validation.experiment.data.split.by
    stratify = settings.stratify and len(validation.data.strata_names) > 1 and by is None
    return {**settings.model_dump(), "stratify": stratify, "by": by}


def _kept_words(folds: int, validation: CrossValidation) -> str | None:
    """What a resume begins with; None if it is the start."""
    return f"{folds} of {len(validation.all_fits)} folds" if folds else None


def _one_thread() -> int | None:
    """Limit each worker's matrix products to one thread; None if the BLAS does not accept a number."""
    return 1 if set_blas_threads(1) else None


def _complete(
    run: OpenRun,
    validation: CrossValidation,
    kept: dict[int, FoldResult],
    recorder: RunRecorder,
    *,
    workers: int | None,
    output: Output,
    signals: Interruption,
    figures: FigureDrawer,
) -> None:
    """Train the folds that are not in `kept`, and write the contents of the run folder.

    `kept` is emptied, so that its results are freed once they are written. Raises `DivergedError` or
    `InterruptedRunError` after the completed work is written.
    """
    with recorder:
        results = [kept.pop(fold, None) for fold in range(len(validation.all_fits))]
        try:
            with recorder.training():
                _train(run, validation, results, recorder, workers or usable_processors(), signals, output)
        finally:
            of_folds = write_folds(run, validation, results)
        signals.raise_if_requested()
        sizes = _sizes(validation, results)
        _tell_of_diverged(run, validation, results, output, figures)
        del results[len(validation.fits) :]
        ended = [result for result in results if result]
        warn(run, loss_warnings(validation.fits[0], ended), output.note)
        thresholds = [result.threshold for result in ended if result.scores]
        post_training, decoder = PostTraining.of(validation.experiment.model), validation.fits[0].decoder
        rows = validation.fits[0].sizes[1]
        warn(run, post_training.fold_warnings(thresholds, decoder, rows=rows), output.note)
        scores = out_of_fold(validation, results)
        of_all = {**summary(validation, of_folds), "baseline": mean_baseline(results)}
        results.clear()  # predictions for many rows and repeats are large: keep only one copy in memory
        warn(run, score_warnings(validation.experiment, scores, ended), output.note, first=True)
        metrics = {"test": scores.metrics(), "cross_validation": of_all, **sizes}
        run.write_metrics({"train": None, "validation": None, **metrics})
        run.write_artifacts(scores.artifacts())
        figures.draw(run)
        signals.raise_if_requested()  # matplotlib may have swallowed the signal


def _train(
    run: OpenRun,
    validation: CrossValidation,
    results: list[FoldResult | None],
    recorder: RunRecorder,
    workers: int,
    signals: Interruption,
    output: Output,
) -> None:
    """Train the missing folds; store each result in `results` and on disk as soon as it is there."""
    missing = [fold for fold, result in enumerate(results) if result is None]
    if not missing:
        return
    fits = [validation.all_fits[fold] for fold in missing]
    plan, stacks = plan_folds(fits, rows=len(validation.data), workers=workers)
    sizes = "+".join(str(len(stack)) for stack in stacks)
    output.detail(f"folds {sizes} in stacks; {plan.kind}, {plan.workers} at once")
    epochs = validation.experiment.training.epochs
    saved = len(results) - len(missing)
    total, before = len(results) * epochs, saved * epochs
    measure = FoldMeasure(PostTraining.of(validation.experiment.model))
    with signals.graceful(), amount_progress(output, total, note=run.note_position) as show:

        def poll(done: int) -> bool:
            show(before + done)
            return signals.requested()

        def note(text: str) -> None:
            warn(run, [text], output.note)

        with make_executor(plan.kind, workers=plan.workers, poll=poll, note=note) as executor:
            shared = executor.share(WorkerData(validation.data, reuse=False))
            shared_fits = executor.share(fits)
            items = ((shared, shared_fits, stack, measure) for stack in stacks)
            for index, done in run_work(executor, train_shared_fits, items):
                measured = {missing[k]: each for k, each in zip(stacks[index], done.measured, strict=True)}
                saved += keep_folds(run, validation, measured, seconds=recorder.trained_seconds())
                signals.kept = _kept_words(saved, validation)
                for fold, result in measured.items():
                    results[fold] = result.without_outputs()


def _sizes(validation: CrossValidation, results: Sequence[FoldResult | None]) -> dict[str, Any]:
    """The entry of metrics.json about a learning curve over data size; none without sizes."""
    if validation.experiment.evaluation.sizes is None:
        return {}
    return {"sizes": size_summaries(validation, results)}


def _tell_of_diverged(
    run: OpenRun,
    validation: CrossValidation,
    results: Sequence[FoldResult | None],
    output: Output,
    figures: FigureDrawer,
) -> None:
    """Warn of the diverged folds of each size; raise `DivergedError` if all those of the largest one are."""
    for each, own in by_size(validation, results):
        count = sum(result is not None and result.outcome is Outcome.DIVERGED for result in own)
        if each.share == validation.share and count == len(own):
            figures.draw(run)
            raise diverged(run, validation.fits[0], folds=count)
        if count:
            left = "means are over the other folds" if count < len(own) else "this size has no scores"
            warning = f"{count} of {len(own)} folds{share_suffix(each)} diverged: {left}"
            warn(run, [warning], output.note)
