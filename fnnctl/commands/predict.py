"""`fnnctl predict`: labels and probabilities for new rows, in blocks, so that a file of any size fits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from fnnctl.arrays import FloatArray
from fnnctl.commands.new_data import InputFile
from fnnctl.commands.stored_network import StoredNetwork, load_network
from fnnctl.console.output import Output
from fnnctl.data.new_rows import NewRows
from fnnctl.errors import UsageError
from fnnctl.nn.losses.cross_entropy import softmax
from fnnctl.store.atomic import write_output
from fnnctl.store.catalogue import find_run
from fnnctl.store.tables import wide_csv_lines
from fnnctl.training.scoring.temperature import scaled


def predict(
    run: str,
    data: str,
    *,
    runs_dir: Path,
    file: Path | None,
    delimiter: str | None,
    encoding: str | None,
    output: Output,
) -> None:
    """Predict the rows of `data`, a file, a folder of arrays or `-`, and write them to `file` or out.

    `delimiter` and `encoding` are those of the run's own data where they are not given. Raises `InputError`
    for what is wrong with the arguments, the run or the rows; `file` is then as it was.
    """
    file = None if file == Path("-") else file
    if output.json and file is None:
        raise UsageError("predictions are CSV: with --json name a file for them with --output")
    network = load_network(find_run(run, runs_dir), output)
    given = InputFile.find(data, network, setting="DATA", delimiter=delimiter, encoding=encoding)
    if file and given.holds(file):
        raise UsageError(f"'{file}' holds the rows to predict, and is not overwritten; name another file")
    columns = ("row", "prediction", *(f"p_{name}" for name in network.classes))
    with given.open(network, output.note) as blocks:
        lines = wide_csv_lines(columns, _predictions(network, blocks, given))
        if file is None:
            output.lines(lines)
        else:
            write_output(file, lines)
    if output.json:
        output.json_object({"run": str(network.run.path), "output": str(file)})


def _predictions(
    network: StoredNetwork, blocks: Iterable[NewRows], given: InputFile
) -> Iterator[tuple[Iterator[tuple[int, str]], FloatArray]]:
    """Row numbers and labels, with the probabilities (n, classes), batch by batch."""
    row = 0
    for scores in network.scores((block, np.arange(len(block))) for block in blocks):
        given.refuse_overflow(scores, np.arange(row, row + len(scores)))
        probabilities = softmax(scaled(scores, network.temperature))
        labels = [network.classes[k] for k in probabilities.argmax(axis=1).tolist()]
        yield zip(range(row, row + len(labels)), labels, strict=True), probabilities
        row += len(labels)
