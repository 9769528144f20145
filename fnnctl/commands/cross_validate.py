"""`fnnctl evaluate CONFIG`: how good a configuration is, on folds of all rows."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from fnnctl.blas import set_blas_threads
from fnnctl.commands.fold_plan import plan_folds
from fnnctl.commands.fold_scores import (
    PREDICTION_COLUMNS,
    Metrics,
    RepeatScores,
    fold_metrics,
    fold_table,
    history_rows,
    out_of_fold,
    out_of_fold_metrics,
    pooled_reliability,
    prediction_rows,
    summary,
    summed_confusion,
)
from fnnctl.commands.fold_training import FoldResult, train_folds
from fnnctl.commands.folds import CrossValidation, PreparedFolds, prepare_folds
from fnnctl.commands.recording import Recording, known_facts, warn
from fnnctl.config.reading.resolved import resolved_yaml
from fnnctl.config.schema.optimizers import LbfgsOptimizer
from fnnctl.console.output import Output
from fnnctl.console.progress import amount_progress
from fnnctl.console.signals import Interruption
from fnnctl.errors import DivergedError
from fnnctl.executors.registry import make_executor
from fnnctl.executors.work import run_work
from fnnctl.report.figures import draw_figures
from fnnctl.store.folder import RunFolder
from fnnctl.store.provenance import usable_processors
from fnnctl.store.run import OpenRun, create_run
from fnnctl.training.stopping.unfinished import unfinished
from fnnctl.training.trainer import Outcome

Results = list[FoldResult | None]


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

    Raises `InputError` before there is a folder, and `DivergedError`, where no fold came to its end, or
    `InterruptedRunError` when what was done stands in it.
    """
    started = time.monotonic()
    prepared = prepare_folds(config, overrides, name=name, seed=seed)
    with signals.graceful():  # so that no folder is left without a word about its end
        run = _create(prepared, runs_dir)
        signals.run, signals.resumed_by = str(run.path), None
        warn(run, prepared.warnings, output)
    with Recording(run, started=started) as recording:
        validation = prepared.validation
        results: Results = [None] * len(validation.networks)
        try:
            with recording.training():
                _train(validation, results, workers or usable_processors(), signals, output)
        finally:
            of_folds = _write_folds(run, validation, results)
        signals.raise_if_requested()
        _tell_of_diverged(run, validation, results, output)
        first = validation.networks[0]
        ended = [(result.outcome, result.history) for result in results if result]
        warn(run, list(unfinished(ended, first.settings, train_rows=first.train_rows)), output)
        repeats = out_of_fold(validation, results)
        results.clear()  # of many rows and repeats, what is predicted is large: it is in memory once
        _write_scores(run, validation, repeats, of_folds)
        draw_figures(run)
        signals.raise_if_requested()  # a library that was drawing may have swallowed the signal
    return run


def _create(prepared: PreparedFolds, runs_dir: Path) -> OpenRun:
    validation = prepared.validation
    experiment, network = validation.experiment, validation.networks[0]
    threads = 1 if set_blas_threads(1) else None
    facts = known_facts(
        experiment, validation.dataset, network.settings, prepared.warnings, blas_threads=threads
    )
    return create_run(
        runs_dir,
        name=experiment.name or "",
        kind="cross_validation",
        config=prepared.loaded.text,
        resolved=resolved_yaml(experiment, command="evaluate"),
        manifest={**facts, "cross_validation": experiment.evaluation.cross_validation.model_dump()},
    )


def _train(
    validation: CrossValidation, results: Results, workers: int, signals: Interruption, output: Output
) -> None:
    """Fill in the results as they come."""
    plan = plan_folds(validation, workers=workers)
    sizes = "+".join(str(len(stack)) for stack in plan.stacks)
    output.detail(f"folds {sizes} in stacks; {plan.kind}, {plan.workers} at once")
    total = len(results) * validation.experiment.training.epochs
    with signals.graceful(), amount_progress(output, total) as show:

        def poll(done: int) -> bool:
            show(done)
            return signals.requested()

        with make_executor(plan.kind, workers=plan.workers, poll=poll) as executor:
            shared = executor.share(validation)
            items = ((shared, stack) for stack in plan.stacks)
            for index, of_stack in run_work(executor, train_folds, items):
                for fold, result in zip(plan.stacks[index], of_stack, strict=True):
                    results[fold] = result


def _write_folds(run: OpenRun, validation: CrossValidation, results: Results) -> list[Metrics | None]:
    """Write what is known of single folds, whatever ended their training, and return their metrics."""
    of_folds = fold_metrics(validation, results)
    run.write_history(*history_rows(validation, results))
    run.write_cross_validation(*fold_table(validation, results, of_folds))
    outcomes = Counter(str(result.outcome) if result else "not begun" for result in results)
    stopped = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.items())
    epochs = sum(result.epochs for result in results if result)
    run.record({"training": {"epochs": epochs, "stopped": f"of {len(results)} folds: {stopped}"}})
    run.log(f"{epochs} epochs in {len(results)} folds: {stopped}")
    return of_folds


def _tell_of_diverged(run: OpenRun, validation: CrossValidation, results: Results, output: Output) -> None:
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
    if not diverged:
        return
    warning = f"{diverged} of {len(results)} folds diverged: the means are over the others"
    warn(run, [warning], output)


def _write_scores(
    run: OpenRun,
    validation: CrossValidation,
    repeats: Sequence[RepeatScores],
    of_folds: Sequence[Metrics | None],
) -> None:
    classes = validation.dataset.classes
    metrics, roc, pr = out_of_fold_metrics(repeats, classes)
    run.write_metrics(
        {
            "train": None,
            "validation": None,
            "test": metrics,
            "cross_validation": summary(validation, of_folds),
        }
    )
    blocks = ((prediction_rows(scores, classes), scores.part.probabilities) for scores in repeats)
    run.write_predictions(classes, blocks, columns=PREDICTION_COLUMNS)
    run.write_confusion_matrix(classes, summed_confusion(repeats, len(classes)))
    run.write_curves(roc, pr)
    run.write_calibration(pooled_reliability(repeats).table(repeats=len(repeats)))
