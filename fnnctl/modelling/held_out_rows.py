"""Which rows of its own data a saved network, or with bags one of its members, was not trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from fnnctl.arrays import IntArray
from fnnctl.data.in_memory import MemoryData
from fnnctl.data.splits.parts import Split, trained_rows
from fnnctl.errors import DataError, Problem, UsageError
from fnnctl.modelling.fit import bagged_rows
from fnnctl.modelling.loading import LoadedExperiment, load_experiment, split_data
from fnnctl.modelling.refit import trial_experiment
from fnnctl.modelling.run_config import resolved_config
from fnnctl.modelling.saved_model import SavedModel
from fnnctl.store.names import RESOLVED
from fnnctl.tasks.task import TaskData


@dataclass(frozen=True, slots=True)
class HeldOutRows:
    """The data of a run and its parts."""

    loaded: LoadedExperiment
    split: Split
    """The training part is empty. With bags, the validation rows are those that are in a bag."""
    bags: Sequence[Split]
    """Each member's parts: it was trained on all rows outside the test part and its own validation part."""

    @property
    def data(self) -> TaskData:
        """All rows."""
        return self.loaded.data

    @property
    def trained(self) -> IntArray:
        """The sorted rows that the network was trained on, (n,)."""
        return trained_rows(self.split, len(self.data), bags=bool(self.bags))

    @property
    def scored(self) -> Split:
        """The parts of an evaluation: the validation part only out of bag, as training has used it too."""
        if self.bags:
            return self.split
        return Split(self.split.train, self.split.validation[:0], self.split.test)


def held_out_rows(model: SavedModel, *, instead: str = "", memory: MemoryData | None = None) -> HeldOutRows:
    """Load the data of the model's run again, and divide them as in training.

    `memory` are the data, if they were in memory. Raises `InputError` if the data cannot be loaded, have
    changed, or do not suit the network; `instead` says what to do without them.
    """
    run, advice = model.run, f": {instead}" if instead else ""
    if run.read_resolved() is None:
        raise UsageError(f"{run.path} has no {RESOLVED}, which names its data{advice}")
    facts = run.read_manifest().data
    if facts is not None and facts.in_memory and memory is None:
        raise UsageError(f"{run.path} was trained on data in the memory of a Python program{advice}")
    try:
        loaded = load_experiment(resolved_config(run), run=run, memory=memory)
    except DataError as error:
        if not instead:
            raise
        raise DataError(*(replace(problem, advice=instead) for problem in error.problems)) from error
    data, experiment = loaded.data, loaded.experiment
    if run.read_manifest().selection:
        experiment = trial_experiment(experiment)  # the config is that of a search
    if message := data.task.difference(model.trained_task):
        raise DataError(Problem(message, file=data.dataset.source))
    with loaded.config.add_locations():
        split = split_data(data, experiment)
        bagged = bagged_rows(split, experiment, data)
    nothing = split.train[:0]
    if bagged is None:
        return HeldOutRows(loaded, Split(nothing, split.validation, split.test), ())
    bagged = bagged.computed(data.strata, data.dataset.groups)
    return HeldOutRows(loaded, Split(nothing, bagged.whole.validation, split.test), bagged.of_members)
