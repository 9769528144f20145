"""The winner of a search, trained on all that was not kept for the test: a run of its own in the search's."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fnnctl.commands.completion import complete_run
from fnnctl.commands.preparation import Prepared, Source, prepare_source
from fnnctl.commands.recording import opening_manifest
from fnnctl.commands.search_setup import PreparedSearch
from fnnctl.config.reading.resolved import resolved_yaml
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.lr_schedules import AdaptiveLrSchedule
from fnnctl.console.output import Output
from fnnctl.console.signals import Interruption
from fnnctl.space.assignments import Assignment
from fnnctl.store.folder import RunFolder
from fnnctl.store.names import BEST, NEXT_BEST
from fnnctl.store.run import OpenRun, create_run


def refit(
    search: PreparedSearch,
    run: OpenRun,
    assignment: Assignment,
    *,
    epochs: int,
    output: Output,
    signals: Interruption,
) -> Mapping[str, Any]:
    """Train the winner for its own number of epochs, test it, once, and return its metrics.

    The folder is written anew where an earlier process has left one that is not complete. The complete run of
    a former winner stays until that of this one can take its place.
    """
    best = RunFolder(run.path / BEST)
    complete = best.path.exists() and best.read_manifest().status == "completed"
    started = time.monotonic()
    prepared = _prepared(search, assignment, epochs=epochs)
    resolved = resolved_yaml(prepared.experiment)
    if not complete or best.read_resolved() != resolved.encode("utf-8"):
        output.note("the best trial is trained on training and validation part together")
        opened = create_run(
            run.path,
            name=prepared.name,
            kind="train",
            config=resolved.encode("utf-8"),
            resolved=resolved,
            manifest=opening_manifest(prepared, blas_threads=prepared.set_threads()),
            folder=NEXT_BEST if complete else BEST,
        )
        complete_run(opened, prepared, None, started=started, output=output, signals=signals)
        if complete:
            run.replace_winner()
    metrics: Mapping[str, Any] = best.read_metrics() or {}
    return metrics


def _prepared(search: PreparedSearch, assignment: Assignment, *, epochs: int) -> Prepared:
    experiment = _without_validation(search.configs.experiment_of(assignment), epochs=epochs)
    loaded = search.source.loaded
    source = Source(replace(loaded, experiment=experiment), search.source.dataset)
    return prepare_source(source)


def _without_validation(experiment: Experiment, *, epochs: int) -> Experiment:
    """The trial's experiment with nothing that would watch a validation part, and for this many epochs."""
    training = experiment.training
    schedule = training.lr_schedule
    changes: dict[str, Any] = {"epochs": epochs, "early_stopping": None, "time_limit": None, "threads": 1}
    if isinstance(schedule, AdaptiveLrSchedule):
        changes["lr_schedule"] = schedule.model_copy(update={"monitor": "train_loss"})
    split = experiment.data.split.model_copy(update={"validation": 0.0})
    return experiment.model_copy(
        update={
            "data": experiment.data.model_copy(update={"split": split}),
            "model": experiment.model.model_copy(update={"calibration": "none"}),
            "training": training.model_copy(update=changes),
        }
    )
