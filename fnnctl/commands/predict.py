"""`fnnctl predict`: predicts new rows, as CSV."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from fnnctl.blas import set_blas_threads
from fnnctl.commands.drift import DriftCheck
from fnnctl.config.table_files import WHOLE_FILE, TablePart
from fnnctl.console.output import Output
from fnnctl.context import Context
from fnnctl.data.files import UNREPORTED
from fnnctl.data.new_rows import KEEP_NONE, Keep, output_names
from fnnctl.errors import UsageError
from fnnctl.memory import return_large_blocks
from fnnctl.metrics.drift import TableDrift
from fnnctl.modelling.covering import covering, refuse_separators
from fnnctl.modelling.explanations.contributions import Explainer, Explanation
from fnnctl.modelling.input_file import InputFile, as_notes, refuse_unused_part
from fnnctl.modelling.saved_model import SavedModel, has_network, load_model
from fnnctl.processors import usable_processors
from fnnctl.store.atomic import write_output
from fnnctl.store.catalogue import find_run, is_run
from fnnctl.store.folder import RunFolder
from fnnctl.store.tables import csv_lines
from fnnctl.tasks.decisions import BY_WEIGHTS
from fnnctl.text import quoted


@dataclass(frozen=True, slots=True)
class PredictionForm:
    """What is written of each row."""

    keep: Keep = KEEP_NONE
    """Columns of the input, which come between the row number and the prediction."""
    digits: int | None = None
    """Digits after the decimal point of estimates and probabilities; None writes all digits."""
    top: int | None = None
    """This many of the most probable classes instead of the probabilities of all."""
    coverage: float | None = None
    """How often regions around the predictions hold the truth; None writes none."""
    contributions: int | None = None
    """The number of columns whose contributions are written; None writes none."""


@dataclass(frozen=True, slots=True)
class Predicted:
    """What was done."""

    run: RunFolder
    """The run whose network predicted."""
    drift: TableDrift | None
    """How far the rows are from the training rows, if that was asked for."""


def prediction_target(file: Path | None, output: Output) -> Path | Output:
    """Where predictions go: to a file, or to standard output, which `--json` needs for itself."""
    if file is not None and file != Path("-"):
        return file
    if output.json:
        raise UsageError("predictions are CSV: with --json, write them to a file with --output FILE")
    return output


def predict(
    run: str | None,
    data: str,
    context: Context,
    *,
    to: Path | Output,
    delimiter: str | None = None,
    encoding: str | None = None,
    part: TablePart = WHOLE_FILE,
    threshold: float | None = None,
    form: PredictionForm = PredictionForm(),
    background: str | None = None,
    workers: int | None = None,
    drift: DriftCheck | None = None,
) -> Predicted:
    """Predict the rows of `data` (a file, a folder of arrays or `-`).

    If `run` is None, the newest run with a network predicts. `delimiter` and `encoding` default to those of
    the run's own data, `threshold` (only for two classes) to the run's, and `form` says what is written.
    `part` says which table of `data`, and of the file `background`, is meant.
    Many rows are scored by up to `workers` workers, by default one per processor. With `drift` they are
    compared with the training rows.
    Raises `InputError` if the arguments, the run or the rows are wrong; a file then stays unchanged.
    """
    from fnnctl.stacks.prediction_workers import PredictedLines, predicted_lines

    if run is None and is_run(data, context.runs_dir):
        raise UsageError(f"{quoted(data)} is a run: also name the rows to predict")
    if run is not None and is_run(data, context.runs_dir) and not is_run(run, context.runs_dir):
        raise UsageError(f"the run comes first: {shlex.join(['fnnctl', 'predict', data, run])}")
    folder = find_run(run, context.runs_dir, has_network)
    saved = load_model(folder, context.labelled_note)
    model = saved.deciding_at(threshold)
    if form.coverage is not None:
        refuse_separators(model.predictor.task)
        model, notes = covering(model, form.coverage)
        for note in notes:
            context.labelled_note(note)
    set_blas_threads(model.threads)
    return_large_blocks()  # before the first large one: each block of the file allocates them anew
    source = InputFile.find(data, model, setting="DATA", delimiter=delimiter, encoding=encoding, part=part)
    if run is None and model.run.path == folder.path:  # else a note has named the search and its winner
        context.labelled_note(f"predicting with {folder.path}, the newest run with a network")
    decoder = model.predictor.decoder
    if decoder.class_weights is not None and decoder.decision is None:
        context.labelled_note(BY_WEIGHTS)
    background_file = _background_file(model, source, form, background, part)
    refuse_unused_part(part, [source, *([background_file] if background_file else [])])
    for output in (to, drift and drift.file):
        if isinstance(output, Path):
            _refuse_input(output, source, background_file)
    counter = None if drift is None else drift.counter(saved, to)
    explanation = _explanation(model, form.contributions, background_file, context)
    explained = explanation.columns if explanation else ()
    # A wrong option is told before a file is read.
    columns = model.predictor.task.prediction_columns(decoder, form.top, has_exposures=True)
    _refuse_repeated(columns, explained)
    # On a terminal, the rows themselves show how far the reading is.
    on_screen = isinstance(to, Output) and to.is_terminal
    progress = nullcontext(UNREPORTED) if on_screen else context.listener.reading()
    with (
        progress as on_read,
        source.open(
            model, context.note, warn=as_notes(context.note), keep=form.keep, on_read=on_read
        ) as rows,
    ):
        columns = model.predictor.task.prediction_columns(decoder, form.top, has_exposures=rows.has_exposures)
        columns = [*columns, *explained]
        kept = output_names(rows.kept, ("row", *columns))
        for name, new in kept.items():
            if new != name:
                context.note(
                    f"{source.name}: the column {quoted(name)} is called {quoted(new)} in the output"
                )
        predicted = predicted_lines(
            PredictedLines(model.predictor, source.name, form.top, form.digits, explanation, counter),
            rows.blocks,
            workers=(workers or usable_processors()) if model.threads == 1 else 1,
            warn=as_notes(context.note),
        )
        lines = chain(csv_lines(("row", *kept.values(), *columns), ()), predicted)
        if isinstance(to, Path):
            write_output(to, lines)
        else:
            to.lines(lines)
    return Predicted(model.run, drift.finished(counter, source, context) if drift and counter else None)


def _refuse_input(output: Path, source: InputFile, background: InputFile | None) -> None:
    """Raise `UsageError` if this output file holds rows that are read."""
    for which, file in (("the rows to predict", source), ("background rows", background)):
        if file is not None and file.contains(output):
            raise UsageError(f"'{output}' holds {which} and is not overwritten; name another file")


def _refuse_repeated(columns: Sequence[str], explained: Sequence[str]) -> None:
    """Raise `UsageError` if a target has the name of a column of the contributions to another one."""
    if repeated := next((column for column in columns if column in {*explained}), None):
        raise UsageError(
            f"--contributions: two columns would have the name {quoted(repeated)}; in Python, "
            "Predictor.of_target(NAME).contributions(rows) has those of each target"
        )


def _background_file(
    model: SavedModel, source: InputFile, form: PredictionForm, background: str | None, part: TablePart
) -> InputFile | None:
    """The file that --background names; raises `InputError` if it cannot have one."""
    if background is None:
        return None
    if form.contributions is None:
        raise UsageError("--background belongs to --contributions N: add it, or leave --background out")
    file = InputFile.find(background, model, setting="--background", delimiter=None, encoding=None, part=part)
    if file.path is None and source.path is None:
        raise UsageError("DATA and --background cannot both be standard input: name a file")
    return file


def _explanation(
    model: SavedModel, most: int | None, background: InputFile | None, context: Context
) -> Explanation | None:
    """What is written of contributions; None if none are."""
    if most is None:
        return None
    from fnnctl.modelling.explanations.background import (  # it reads training data
        background_of_model,
        background_of_rows,
    )

    if background is None:
        rows = background_of_model(model, instead="name background rows with --background FILE")
    else:
        with background.open(model, context.note, warn=as_notes(context.note)) as opened:
            rows, count = background_of_rows(model.predictor, opened.blocks, model.seed, background.name)
        if len(rows) < count:
            context.note(f"{background.name}: {len(rows):,} of {count:,} background rows are used, at random")
    return Explanation(Explainer.of(model.predictor, rows, model.seed), most)


def show_predicted(predicted: Predicted, to: Path | Output, output: Output) -> None:
    """Say with `--json` what was written."""
    if output.json:
        drift = {} if predicted.drift is None else {"drift": predicted.drift.to_dict()}
        output.json_object({"run": str(predicted.run.path), "output": str(to), **drift})
