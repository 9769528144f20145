"""The training of a cross-validation's folds into a run folder."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np

from fnnctl.blas import set_blas_threads
from fnnctl.config.reading.loading import LoadedConfig
from fnnctl.config.reading.resolved import resolved_yaml
from fnnctl.context import Context
from fnnctl.executors.registry import make_executor
from fnnctl.executors.work import run_work
from fnnctl.messages import Message
from fnnctl.modelling.cross_validation import CrossValidation
from fnnctl.modelling.data_sizes import by_size, share_suffix, size_summaries
from fnnctl.modelling.fold_results import FoldResult, mean_baseline, out_of_fold, summary
from fnnctl.modelling.row_groups import fit_groupings, grouped_rows
from fnnctl.modelling.worst_rows import WorstRows
from fnnctl.processors import usable_processors
from fnnctl.runs.endings import diverged, loss_warnings, training_outcome
from fnnctl.runs.facts import files_of_bases, known_facts
from fnnctl.runs.folds import keep_folds, write_folds
from fnnctl.runs.position import followed_amount
from fnnctl.runs.recorder import RunRecorder, record_warnings
from fnnctl.stacks.fold_measure import FoldMeasure
from fnnctl.stacks.planning import plan_folds
from fnnctl.stacks.work import PARTS_OF_EPOCH, WorkerData, train_shared_fits
from fnnctl.store.run import OpenRun, create_run
from fnnctl.tasks.group_metrics import group_metrics, group_table
from fnnctl.tasks.post_training import PostTraining
from fnnctl.tasks.task import OutOfFold
from fnnctl.training.trainer import Outcome


def create_cross_validation_run(
    context: Context, validation: CrossValidation, config: LoadedConfig
) -> OpenRun:
    """Create the run folder; it contains the config and manifest at once."""
    experiment = validation.experiment
    facts = known_facts(
        experiment,
        validation.data,
        validation.fits[0].settings,
        validation.check,
        command=context.command,
        blas_threads=set_blas_threads(1),  # each worker has one
    )
    return create_run(
        context.runs_dir,
        name=experiment.name or "",
        kind="cross_validation",
        config=config.text,
        bases=files_of_bases(config),
        resolved=resolved_yaml(experiment, command="evaluate"),
        manifest={**facts, "cross_validation": _fold_facts(validation)},
    )


def _fold_facts(validation: CrossValidation) -> dict[str, Any]:
    """The manifest's facts about the folds, which are stratified only if there are several strata."""
    settings, by = validation.experiment.evaluation.cross_validation, validation.experiment.data.split.by
    stratify = settings.stratify and len(validation.data.strata_names) > 1 and by is None
    return {**settings.model_dump(), "stratify": stratify, "by": by}


def kept_folds_words(folds: int, validation: CrossValidation) -> str | None:
    """What a run resumes from; None if it is the start."""
    return f"{folds} of {len(validation.all_fits)} folds" if folds else None


def complete_cross_validation(
    run: OpenRun,
    validation: CrossValidation,
    saved: dict[int, FoldResult],
    recorder: RunRecorder,
    context: Context,
    *,
    workers: int | None,
) -> None:
    """Train the folds that are not in `saved`, and write the contents of the run folder.

    `saved` is emptied, so that its results are freed once they are written. Raises `DivergedError` or
    `InterruptedRunError` after the completed work is written.
    """
    with recorder:
        results = [saved.pop(fold, None) for fold in range(len(validation.all_fits))]
        try:
            with recorder.time_training():
                _train(run, validation, results, recorder, context, workers or usable_processors())
        finally:
            fold_metrics = write_folds(run, validation, results)
        context.stop.raise_if_requested()
        sizes = _sizes(validation, results)
        _warn_of_diverged(run, validation, results, context)
        del results[len(validation.fits) :]  # those of smaller shares, which only `sizes` is about
        ended = [result for result in results if result]
        record_warnings(run, loss_warnings(validation.fits[0], ended), context.listener)
        thresholds = [result.fitted.threshold for result in ended if result.scores]
        post_training, decoder = PostTraining.of(validation.experiment.model), validation.fits[0].decoder
        rows = validation.fits[0].sizes[1]
        record_warnings(run, post_training.fold_warnings(thresholds, decoder, rows=rows), context.listener)
        scores = out_of_fold(validation, results)
        means = {**summary(validation, fold_metrics), "baseline": mean_baseline(results)}
        results.clear()  # predictions for many rows and repeats are large: keep only one copy in memory
        warnings = scores.warnings(training_outcome(validation.experiment, ended))
        record_warnings(run, warnings, context.listener, first=True)
        test = scores.metrics() | _groups(validation, scores)
        metrics = {"test": test, "cross_validation": means, **sizes}
        run.write_metrics({"train": None, "validation": None, **metrics})
        worst = WorstRows.of_data(validation.data.dataset, np.arange(len(validation.data)), scores)
        run.write_artifacts(chain(scores.artifacts(), group_table(test), (worst.artifact(),)))
        context.figures.draw(run)
        context.stop.raise_if_requested()  # matplotlib may have swallowed the signal


def _train(
    run: OpenRun,
    validation: CrossValidation,
    results: list[FoldResult | None],
    recorder: RunRecorder,
    context: Context,
    workers: int,
) -> None:
    """Train the missing folds; store each result in `results` and on disk as soon as it is there."""
    missing = [fold for fold, result in enumerate(results) if result is None]
    if not missing:
        return
    fits = [validation.all_fits[fold] for fold in missing]
    plan, stacks = plan_folds(fits, rows=len(validation.data), workers=workers)
    sizes = "+".join(str(len(stack)) for stack in stacks)
    context.listener.detail(f"folds {sizes} in stacks; {plan.kind}, {plan.workers} at once")
    epochs = validation.experiment.training.epochs
    saved = len(results) - len(missing)
    total, before = len(results) * epochs, saved * epochs
    measure = FoldMeasure(PostTraining.of(validation.experiment.model))
    with context.stop.graceful(), followed_amount(run, context.listener, total) as show:

        def poll(done: int) -> bool:
            show(before + done / PARTS_OF_EPOCH)
            return context.stop.requested()

        def warn(message: Message) -> None:
            record_warnings(run, [message], context.listener)

        with make_executor(plan.kind, workers=plan.workers, poll=poll, warn=warn) as executor:
            shared = executor.share(WorkerData(validation.data, reuse=False))
            shared_fits = executor.share(fits)
            items = ((shared, shared_fits, stack, measure) for stack in stacks)
            for index, result in run_work(executor, train_shared_fits, items):
                folds = [missing[k] for k in stacks[index]]
                measured = dict(zip(folds, result.measured, strict=True))
                saved += keep_folds(run, validation, measured, seconds=recorder.trained_seconds())
                context.stop.kept(kept_folds_words(saved, validation))
                for fold, fold_result in measured.items():
                    results[fold] = fold_result.without_outputs()


def _groups(validation: CrossValidation, scores: OutOfFold) -> dict[str, Any]:
    """The entry of metrics.json about groups of rows, which are those of all folds; none without groups."""
    data = validation.data
    rows = grouped_rows(data, fit_groupings(data), np.arange(len(data)))
    if rows is None:
        return {}
    return group_metrics([(part, rows.of_rows(numbers)) for numbers, part in scores.parts])


def _sizes(validation: CrossValidation, results: Sequence[FoldResult | None]) -> dict[str, Any]:
    """The entry of metrics.json about a learning curve over data size; none without sizes."""
    if validation.experiment.evaluation.sizes is None:
        return {}
    return {"sizes": size_summaries(validation, results)}


def _warn_of_diverged(
    run: OpenRun, validation: CrossValidation, results: Sequence[FoldResult | None], context: Context
) -> None:
    """Warn of the diverged folds of each size; raise `DivergedError` if all those of the largest one are."""
    for size, size_results in by_size(validation, results):
        count = sum(result is not None and result.outcome is Outcome.DIVERGED for result in size_results)
        if size.share == validation.share and count == len(size_results):
            context.figures.draw(run)
            raise diverged(run, validation.fits[0], folds=count)
        if count:
            rest = (
                "means are over the other folds" if count < len(size_results) else "this size has no scores"
            )
            sentence = f"{count} of {len(size_results)} folds{share_suffix(size)} diverged: {rest}"
            record_warnings(run, [Message("diverged_folds", sentence)], context.listener)
