"""`fnnctl evaluate CONFIG`: how good a configuration is, on folds of all rows."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from fnnctl.blas import set_blas_threads
from fnnctl.config.reading.resolved import resolved_yaml
from fnnctl.config.schema.optimizers import LbfgsOptimizer
from fnnctl.console.output import Output
from fnnctl.console.progress import amount_progress
from fnnctl.console.signals import Interruption
from fnnctl.errors import DivergedError
from fnnctl.executors.registry import make_executor
from fnnctl.executors.work import run_work
from fnnctl.modelling.cross_validation import CrossValidation
from fnnctl.modelling.fold_results import (
    FoldResult,
    Metrics,
    fold_metrics,
    fold_table,
    history_rows,
    out_of_fold,
    summary,
)
from fnnctl.modelling.loading import load_experiment
from fnnctl.report.figures import draw_figures
from fnnctl.runs.facts import known_facts
from fnnctl.runs.recorder import RunRecorder, warn
from fnnctl.stacks.measures import FoldMeasure
from fnnctl.stacks.planning import plan_folds
from fnnctl.stacks.work import StackItem, WorkerData, train_item
from fnnctl.store import names
from fnnctl.store.folder import RunFolder
from fnnctl.store.provenance import usable_processors
from fnnctl.store.run import OpenRun, create_run
from fnnctl.training.stopping.unfinished import unfinished
from fnnctl.training.trainer import Outcome


def cross_validate(
    config: Path,
    overrides: Sequence[str],
    *,
    workers: int | None,
    runs_dir: Path,
    name: str | None,
    seed: int | None,
    output: Output,
    signals: Interruption,
) -> RunFolder:
    """Train a network on every fold, score it on the rows that it has not seen, and write the run's folder.

    Raises `InputError` before there is a folder, and `DivergedError`, if no fold came to its end, or
    `InterruptedRunError` when what was done is in it.
    """
    started = time.monotonic()
    loaded = load_experiment(config, overrides, name=name, seed=seed)
    validation = loaded.cross_validation()
    with signals.graceful():  # so that no folder is left without a word about its end
        run = _create(validation, loaded.config.text, runs_dir)
        signals.run, signals.resumed_by = str(run.path), None
        warn(run, validation.warnings, output.note)
    with RunRecorder(run, started=started) as recorder:
        results: list[FoldResult | None] = [None] * len(validation.fits)
        try:
            with recorder.training():
                _train(run, validation, results, workers or usable_processors(), signals, output)
        finally:
            of_folds = _write_folds(run, validation, results)
        signals.raise_if_requested()
        _tell_of_diverged(run, validation, results, output)
        first = validation.fits[0]
        ended = [(result.outcome, result.history) for result in results if result]
        warn(run, list(unfinished(ended, first.settings, train_rows=first.sizes[0])), output.note)
        scores = out_of_fold(validation, results)
        results.clear()  # the predictions of many rows and repeats are large: they are in memory once
        metrics = {"test": scores.metrics(), "cross_validation": summary(validation, of_folds)}
        run.write_metrics({"train": None, "validation": None, **metrics})
        run.write_artifacts(scores.artifacts())
        draw_figures(run)
        signals.raise_if_requested()  # a library that was drawing may have swallowed the signal
    return run


def _create(validation: CrossValidation, config: bytes, runs_dir: Path) -> OpenRun:
    experiment = validation.experiment
    facts = known_facts(
        experiment,
        validation.data,
        validation.fits[0].settings,
        validation.warnings,
        blas_threads=1 if set_blas_threads(1) else None,
    )
    return create_run(
        runs_dir,
        name=experiment.name or "",
        kind="cross_validation",
        config=config,
        resolved=resolved_yaml(experiment, command="evaluate"),
        manifest={**facts, "cross_validation": experiment.evaluation.cross_validation.model_dump()},
    )


def _train(
    run: OpenRun,
    validation: CrossValidation,
    results: list[FoldResult | None],
    workers: int,
    signals: Interruption,
    output: Output,
) -> None:
    """Fill in the results as they come."""
    fits = validation.fits
    plan, stacks = plan_folds(fits, rows=len(validation.data), workers=workers)
    sizes = "+".join(str(len(stack)) for stack in stacks)
    output.detail(f"folds {sizes} in stacks; {plan.kind}, {plan.workers} at once")
    total = len(fits) * validation.experiment.training.epochs
    limit = validation.experiment.training.time_limit or math.inf
    measure = FoldMeasure(calibrate=validation.experiment.model.calibration != "none")
    with signals.graceful(), amount_progress(output, total) as show:

        def poll(done: int) -> bool:
            show(done)
            return signals.requested()

        def note(text: str) -> None:
            warn(run, [text], output.note)

        with make_executor(plan.kind, workers=plan.workers, poll=poll, note=note) as executor:
            shared = executor.share(WorkerData(validation.data, reuse=False))
            items = (
                (shared, StackItem(tuple(fits[k] for k in stack), measure, seconds=limit)) for stack in stacks
            )
            for index, result in run_work(executor, train_item, items):
                for fold, measured in zip(stacks[index], result.measured, strict=True):
                    results[fold] = measured


def _write_folds(
    run: OpenRun, validation: CrossValidation, results: Sequence[FoldResult | None]
) -> list[Metrics | None]:
    """Write what is known of single folds, whatever ended their training, and return their metrics."""
    of_folds = fold_metrics(results)
    run.write_table(names.HISTORY, *history_rows(validation, results))
    run.write_table(names.CROSS_VALIDATION, *fold_table(validation, results, of_folds))
    outcomes = Counter(str(result.outcome) if result else "not begun" for result in results)
    stopped = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.items())
    epochs = sum(result.epochs for result in results if result)
    run.record({"training": {"epochs": epochs, "stopped": f"of {len(results)} folds: {stopped}"}})
    run.log(f"{epochs} epochs in {len(results)} folds: {stopped}")
    return of_folds


def _tell_of_diverged(
    run: OpenRun, validation: CrossValidation, results: Sequence[FoldResult | None], output: Output
) -> None:
    diverged = sum(result is not None and result.outcome is Outcome.DIVERGED for result in results)
    if diverged == len(results):
        draw_figures(run)
        optimizer = validation.experiment.training.optimizer
        raise DivergedError(
            folds=len(results),
            learning_rate=0.0 if isinstance(optimizer, LbfgsOptimizer) else optimizer.learning_rate,
            scaled=validation.experiment.data.scaling != "none",
            run=str(run.path),
        )
    if diverged:
        warning = f"{diverged} of {len(results)} folds diverged: the means are over the others"
        warn(run, [warning], output.note)
