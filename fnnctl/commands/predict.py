"""`fnnctl predict`: predicts new rows block by block, so that a file of any size fits into memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.blas import set_blas_threads
from fnnctl.console.output import Output
from fnnctl.data.new_rows import NewRows
from fnnctl.errors import UsageError
from fnnctl.modelling.input_file import InputFile
from fnnctl.modelling.predictor import Predictor
from fnnctl.modelling.saved.saved_model import has_network, load_model
from fnnctl.store.atomic import write_output
from fnnctl.store.catalogue import find_run, is_run
from fnnctl.store.tables import wide_csv_lines
from fnnctl.text import shown


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
) -> None:
    """Predict the rows of `data` (a file, a folder of arrays or `-`); write to `file` or standard output.

    If `run` is None, the newest run with a network predicts. `delimiter` and `encoding` default to those of
    the run's own data, `threshold` (only for two classes) to the run's. Raises `InputError` if the arguments,
    the run or the rows are wrong; `file` then stays unchanged.
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
    if file and given.holds(file):
        raise UsageError(f"'{file}' holds the rows to predict and is not overwritten; name another file")
    columns = ("row", *model.predictor.task.prediction_columns)
    with given.open(model, output.note) as blocks:
        lines = wide_csv_lines(columns, _predictions(model.predictor, blocks, given))
        if file is None:
            output.lines(lines)
        else:
            write_output(file, lines)
    if output.json:
        output.json_object({"run": str(model.run.path), "output": str(file)})


def _predictions(
    predictor: Predictor, blocks: Iterable[NewRows], given: InputFile
) -> Iterator[tuple[Iterable[Sequence[object]], FloatArray]]:
    """Yield row numbers and predictions, with the numeric columns (n, c), batch by batch."""
    row = 0
    for scores in predictor.column_scores((block, np.arange(len(block))) for block in blocks):
        numbers = np.arange(row, row + len(scores))
        given.refuse_overflow(scores, numbers)
        predicted, values = predictor.task.predict(scores, predictor.readout)
        yield ([n, *columns] for n, columns in zip(numbers.tolist(), predicted, strict=True)), values
        row += len(scores)
