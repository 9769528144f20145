"""A run's network and its data, for what `fnnctl report` measures after the run has ended."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from fnnctl.blas import set_blas_threads
from fnnctl.config.table_files import TablePart
from fnnctl.context import Context
from fnnctl.data.in_memory import MemoryData
from fnnctl.errors import DataError, MachineError, Problem, UsageError
from fnnctl.modelling.held_out_rows import HeldOutRows, held_out_rows
from fnnctl.modelling.input_file import InputFile
from fnnctl.modelling.saved_model import SavedModel, load_model
from fnnctl.report.figures.drawing import redraw_figures
from fnnctl.store.folder import RunFolder


class MeasuredNetwork:
    """The network of a run, and its data, which are loaded once."""

    def __init__(
        self, run: RunFolder, context: Context, *, with_figures: bool, memory: MemoryData | None = None
    ) -> None:
        """`memory` are the run's data, if they were in memory. Raises `NoNetworkError`."""
        self.run, self.context, self.with_figures, self._memory = run, context, with_figures, memory
        self.evaluated = run.read_manifest().evaluated
        """The facts of an evaluation of a file; None for other runs."""
        model = load_model(run, context.labelled_note)
        threshold = self.evaluated.threshold if self.evaluated else None
        self.model: SavedModel = model.deciding_at(threshold)
        set_blas_threads(self.model.threads)

    @property
    def folder(self) -> RunFolder:
        """The run that gets the results: an evaluation itself, else the one that has the network."""
        return self.model.run if self.evaluated is None else self.run

    @property
    def seed(self) -> int:
        """That of the network's run."""
        return self.model.run.read_manifest().seed or 0

    @cached_property
    def held_out(self) -> HeldOutRows:
        """The data of the network's run; raises `InputError` if they are gone or have changed."""
        instead = "report on an evaluation (`fnnctl evaluate RUN --data FILE`)"
        return held_out_rows(self.model, instead=instead, memory=self._memory)

    def evaluated_file(self) -> InputFile:
        """The file that an evaluation scored; raises `InputError` if it is gone or has changed."""
        run, evaluated, facts = self.run, self.evaluated, self.run.read_manifest().data
        if facts is None or evaluated is None:
            raise UsageError(f"{run.path} does not name the file that it scored: evaluate the network again")
        if facts.in_memory and self._memory is None:
            raise UsageError(f"{run.path} scored data in memory: evaluate the network on a file")
        if facts.in_memory and self._memory is not None:
            file = InputFile.of_memory(self._memory, self.model)
        else:
            file = InputFile.find(
                facts.source,
                self.model,
                setting=f"the file that {run.path} scored",
                delimiter=evaluated.delimiter,
                encoding=evaluated.encoding,
                part=TablePart(table=evaluated.table, query=evaluated.query, sheet=evaluated.sheet),
                pipes=False,
            )
        if file.sha256 != facts.sha256:
            changed = f"has changed since {run.path} scored it: evaluate the network again"
            raise DataError(Problem(changed, file=facts.source))
        return file

    def write(self, table: str, write: Callable[[], None]) -> None:
        """Write a table to the folder, and draw its figures; if that is impossible, there is a note."""
        try:
            write()
            if self.with_figures:
                redraw_figures(self.folder, table)
        except MachineError as error:
            self.context.note(error.message)
