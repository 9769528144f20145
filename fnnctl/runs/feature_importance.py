"""Measures which columns matter to the network of a run, and writes that into its folder."""

from __future__ import annotations

import shlex

from fnnctl.blas import set_blas_threads
from fnnctl.context import Context
from fnnctl.data.in_memory import MemoryData
from fnnctl.errors import DataError, MachineError, Problem, UsageError
from fnnctl.metrics.feature_importance import FeatureImportances
from fnnctl.modelling.feature_importance import (
    HeldOutFeatures,
    feature_importances,
    features_of_file,
    features_of_run,
)
from fnnctl.modelling.held_out_rows import held_out_rows
from fnnctl.modelling.input_file import InputFile
from fnnctl.modelling.saved_model import SavedModel, load_model
from fnnctl.processors import usable_processors
from fnnctl.report.figures.drawing import redraw_figures
from fnnctl.report.stored_importances import write_importances
from fnnctl.store import names
from fnnctl.store.folder import RunFolder
from fnnctl.store.manifest import EvaluatedRun


def measure_importance(
    run: RunFolder, context: Context, *, with_figure: bool, memory: MemoryData | None = None
) -> FeatureImportances:
    """The importance of the columns on rows that the run's network was not trained on.

    The table and the figure are written to the folder of the network's run or, if the run is an evaluation of
    a file, to its own; if they cannot be written, there is a note. `memory` are the run's data, if they were
    in memory. Raises `InputError` if the run has no network or no such rows.
    """
    model = load_model(run, context.labelled_note)
    set_blas_threads(model.threads)
    evaluated = run.read_manifest().evaluated
    seed = model.run.read_manifest().seed or 0
    if evaluated is None:
        folder = model.run
        instead = "report on an evaluation (`fnnctl evaluate RUN --data FILE`)"
        held_out = held_out_rows(model, instead=instead, memory=memory)
        features = features_of_run(model, held_out, seed, context.note)
    else:
        folder, model = run, model.deciding_at(evaluated.threshold)
        features = _features_of_evaluation(run, evaluated, model, seed, context, memory)
    threads = max(1, usable_processors() // model.threads)
    with context.listener.columns(len(features.columns)) as on_column:
        importances = feature_importances(
            features, model.predictor, seed, threads=threads, on_column=on_column
        )
    try:
        write_importances(folder, importances)
        if with_figure:
            redraw_figures(folder, names.FEATURE_IMPORTANCE)
    except MachineError as error:
        context.note(error.message)
    return importances


def _features_of_evaluation(
    run: RunFolder,
    evaluated: EvaluatedRun,
    model: SavedModel,
    seed: int,
    context: Context,
    memory: MemoryData | None,
) -> HeldOutFeatures:
    """The features of the rows that an evaluation scored; raises `DataError` if they have changed."""
    facts = run.read_manifest().data
    if facts is None:
        raise UsageError(f"{run.path} does not name the file that it scored: evaluate the network again")
    if facts.in_memory and memory is None:
        raise UsageError(f"{run.path} scored data in memory: evaluate the network on a file")
    if facts.in_memory and memory is not None:
        file = InputFile.of_memory(memory, model)
    else:
        file = InputFile.find(
            facts.source,
            model,
            setting=f"the file that {run.path} scored",
            delimiter=evaluated.delimiter,
            encoding=evaluated.encoding,
            pipes=False,
        )
    if file.sha256 != facts.sha256:
        changed = f"has changed since {run.path} scored it: evaluate the network again"
        raise DataError(Problem(changed, file=facts.source))
    trained_on = model.run.read_manifest().data
    if trained_on is not None and trained_on.sha256 == facts.sha256:
        better = f"`fnnctl report {shlex.quote(str(model.run.path))} --importance` uses only the test part"
        context.warning(f"the network has seen most rows of {file.name}, as it was trained on it: {better}")
    return features_of_file(model, file, seed, context.note)
