"""`fnnctl evaluate RUN`: scores a saved model on its run's own test part or on a new file."""

from __future__ import annotations

import shlex
import time
from dataclasses import replace

from fnnctl.blas import set_blas_threads
from fnnctl.commands.report import show_end, show_summary
from fnnctl.config.table_files import WHOLE_FILE, TablePart
from fnnctl.console.output import Output
from fnnctl.context import Context
from fnnctl.data.in_memory import MemoryData
from fnnctl.errors import UsageError
from fnnctl.modelling.input_file import InputFile, refuse_unused_part
from fnnctl.modelling.saved_model import has_network, load_model
from fnnctl.report.blocks import Command
from fnnctl.report.summary import summarize
from fnnctl.runs.evaluation import RescoredRun, score_file, score_test_part
from fnnctl.store.catalogue import find_run
from fnnctl.store.folder import RunFolder


def evaluate_run(
    run: str | None,
    context: Context,
    *,
    data: str | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
    part: TablePart = WHOLE_FILE,
    threshold: float | None = None,
    name: str | None = None,
) -> RunFolder | RescoredRun:
    """Score the network of a run on the run's test part, or on the labelled rows of the file `data`.

    If `run` is None, the newest run with a network is scored. `delimiter`, `encoding`, `part` and `name` (of
    the new run, which is returned) apply only with `data`; `threshold`, only for two classes, replaces that
    of the run.
    Raises `InputError` if the arguments, the run or its data are wrong, before there is a new folder.
    """
    folder = find_run(run, context.runs_dir, has_network)
    if data is not None:
        return evaluate_on(
            folder,
            data,
            context,
            delimiter=delimiter,
            encoding=encoding,
            part=part,
            threshold=threshold,
            name=name,
        )
    model = load_model(folder, context.labelled_note, measures=True).deciding_at(threshold)
    set_blas_threads(model.threads)
    options = {"--delimiter": delimiter, "--encoding": encoding, **part.options, "--name": name}
    for option, value in options.items():
        if value is not None:
            raise UsageError(f"{option} needs a new file: add --data FILE")
    return score_test_part(model, context, threshold=threshold)


def evaluate_on(
    run: RunFolder,
    data: str | MemoryData,
    context: Context,
    *,
    setting: str = "--data",
    delimiter: str | None = None,
    encoding: str | None = None,
    part: TablePart = WHOLE_FILE,
    threshold: float | None = None,
    name: str | None = None,
) -> RunFolder:
    """Score the network of a run on labelled rows, in a file or in memory; return the new run.

    `setting` is what the errors call `data`; the other parameters and errors are those of `evaluate_run`.
    """
    started = time.monotonic()
    model = load_model(run, context.labelled_note, measures=True).deciding_at(threshold)
    threads = set_blas_threads(model.threads)
    if isinstance(data, MemoryData):
        rows = InputFile.of_memory(data, model)
    else:
        rows = InputFile.find(
            data, model, setting=setting, delimiter=delimiter, encoding=encoding, part=part, pipes=False
        )
        refuse_unused_part(part, [rows])
    return score_file(model, rows, context, name=name, started=started, blas_threads=threads)


def show_evaluation(scores: RunFolder | RescoredRun, output: Output, *, threshold: float | None) -> None:
    """Print the report on an evaluation, with the command that shows everything."""
    if isinstance(scores, RunFolder):
        show_end(scores, output)
        return
    summary, path = summarize(scores.run), str(scores.run.path)
    if output.json:
        status = summary.manifest.status
        output.json_object({"run": path, "status": status, "metrics": scores.metrics})
        return
    confusion = scores.test.confusion_table() if scores.test else None
    scored = replace(summary, metrics=scores.metrics, confusion=confusion)
    options = "" if threshold is None else f" --threshold {threshold:g}"
    again = f"fnnctl evaluate {shlex.quote(path)}{options} --verbose"
    show_summary(scored, output, command=Command("Show everything", (again,)))
