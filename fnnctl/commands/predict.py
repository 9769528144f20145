"""`fnnctl predict`: predicts new rows block by block, so that a file of any size fits into memory."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fnnctl.arrays import FloatArray, IntArray
from fnnctl.blas import set_blas_threads
from fnnctl.console.output import Output
from fnnctl.console.progress import reading_progress
from fnnctl.data.files import UNREPORTED
from fnnctl.data.new_rows import KEEP_NONE, Keep, NewRows, output_names
from fnnctl.errors import UsageError
from fnnctl.modelling.input_file import InputFile
from fnnctl.modelling.predictor import Predictor
from fnnctl.modelling.saved_model import has_network, load_model
from fnnctl.store.atomic import write_output
from fnnctl.store.catalogue import find_run, is_run
from fnnctl.store.tables import wide_csv_lines
from fnnctl.tasks.decisions import BY_WEIGHTS
from fnnctl.text import shown


@dataclass(frozen=True, slots=True)
class PredictionForm:
    """What is written of each row."""

    keep: Keep = KEEP_NONE
    """Columns of the input, which come between the row number and the prediction."""
    digits: int | None = None
    """Digits after the decimal point of estimates and probabilities; None writes all digits."""
    top: int | None = None
    """So many of the most probable classes instead of the probabilities of all."""


def predict(
    run: str | None,
    data: str,
    *,
    runs_dir: Path,
    file: Path | None,
    delimiter: str | None,
    encoding: str | None,
    threshold: float | None,
    output: Output,
    form: PredictionForm = PredictionForm(),
) -> None:
    """Predict the rows of `data` (a file, a folder of arrays or `-`); write to `file` or standard output.

    If `run` is None, the newest run with a network predicts. `delimiter` and `encoding` default to those of
    the run's own data, `threshold` (only for two classes) to the run's, and `form` says what is written.
    Raises `InputError` if the arguments, the run or the rows are wrong; `file` then stays unchanged.
    """
    file = None if file == Path("-") else file
    if output.json and file is None:
        raise UsageError("predictions are CSV: with --json, write them to a file with --output FILE")
    if run is None and is_run(data, runs_dir):
        raise UsageError(f"{shown(data)} is a run: also name the rows to predict")
    found = find_run(run, runs_dir, has_network)
    model = load_model(found, output.note).deciding_at(threshold)
    set_blas_threads(model.threads)
    given = InputFile.find(data, model, setting="DATA", delimiter=delimiter, encoding=encoding)
    if run is None and model.run.path == found.path:  # else a note has named the search and its winner
        output.note(f"note: predicting with {found.path}, the newest run with a network")
    decoder = model.predictor.decoder
    if decoder.class_weights is not None and decoder.decision is None:
        output.note(f"note: {BY_WEIGHTS}")
    if file and given.holds(file):
        raise UsageError(f"'{file}' holds the rows to predict and is not overwritten; name another file")
    columns = model.predictor.task.prediction_columns(form.top)
    on_screen = file is None and sys.stdout is not None and sys.stdout.isatty()  # the rows show the progress
    progress = nullcontext(UNREPORTED) if on_screen else reading_progress(output)
    with progress as on_read, given.open(model, output.note, keep=form.keep, on_read=on_read) as rows:
        kept = output_names(rows.kept, ("row", *columns))
        for name, new in kept.items():
            if new != name:
                output.note(f"{given.name}: the column {shown(name)} is called {shown(new)} in the output")
        blocks = _predictions(model.predictor, rows.blocks, given, form.top)
        lines = wide_csv_lines(("row", *kept.values(), *columns), blocks, decimals=form.digits)
        if file is None:
            output.lines(lines)
        else:
            write_output(file, lines)
    if output.json:
        output.json_object({"run": str(model.run.path), "output": str(file)})


def _predictions(
    predictor: Predictor, blocks: Iterable[NewRows], given: InputFile, top: int | None
) -> Iterator[tuple[Iterable[Sequence[object]], FloatArray]]:
    """Yield row numbers, kept texts and predictions, with the numeric columns (n, c), batch by batch."""
    waiting: deque[Sequence[str]] = deque()

    def pieces() -> Iterator[tuple[NewRows, IntArray]]:
        for block in blocks:
            waiting.extend(block.kept or ())
            yield block, np.arange(len(block))

    row = 0
    for scores in predictor.column_scores(pieces()):
        numbers = np.arange(row, row + len(scores))
        given.refuse_overflow(scores, numbers)
        predicted, values = predictor.task.predict(scores, predictor.decoder, top=top)
        kept = [waiting.popleft() for _ in numbers] if waiting else [()] * len(numbers)
        leading = zip(numbers.tolist(), kept, predicted, strict=True)
        yield ([number, *texts, *columns] for number, texts, columns in leading), values
        row += len(scores)
