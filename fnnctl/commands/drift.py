"""What `fnnctl predict --drift` and `--fail-on-drift` do, beside predicting."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fnnctl.context import Context
from fnnctl.errors import UsageError
from fnnctl.metrics.drift import USUAL_LIMITS, DriftLimits, TableDrift
from fnnctl.modelling.drift import DriftCounter
from fnnctl.modelling.input_file import InputFile
from fnnctl.modelling.saved_model import SavedModel
from fnnctl.store.atomic import refuse_output, write_output
from fnnctl.store.drift_tables import drift_lines


@dataclass(frozen=True, slots=True)
class DriftCheck:
    """What is done with the drift of the rows that are predicted."""

    file: Path | None = None
    """Where the table is written; None writes none."""
    fails: bool = False
    """Whether the command fails if a column, or the predictions, have shifted."""
    limits: DriftLimits = USUAL_LIMITS

    def counter(self, model: SavedModel, predictions: object) -> DriftCounter:
        """What counts the rows; the predictions go to this file, or elsewhere.

        Raises `InputError` if the model keeps no histograms, or if the table cannot be written.
        """
        counter = DriftCounter.of(model)
        if self.file is not None:
            refuse_output(self.file)
            if isinstance(predictions, Path) and predictions.resolve() == self.file.resolve():
                raise UsageError(f"--drift: '{self.file}' is the file of the predictions; name another file")
        return counter

    def finished(self, counter: DriftCounter, source: InputFile, context: Context) -> TableDrift:
        """Write the table, and say what has shifted."""
        drift = counter.drift(self.limits)
        if self.file is not None:
            write_output(self.file, drift_lines(drift))
        if drift.shifted:
            context.warning(drift.in_words(source.name), is_severe=self.fails)
        else:
            context.note(drift.in_words(source.name))
        return drift
