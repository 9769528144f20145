"""The fits of a search's trials: one per trial, or one per trial and fold."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from typing import TypeAlias

from fnnctl.config.rules.canonical import configuration_seed
from fnnctl.config.rules.trials import TrialConfigs
from fnnctl.config.schema.ensemble import EnsembleConfig
from fnnctl.config.schema.experiment import Experiment
from fnnctl.data.preprocessing import Preprocessor
from fnnctl.data.splits.parts import Rows
from fnnctl.errors import InputError
from fnnctl.messages import Message
from fnnctl.modelling.fit import Fit, bagged_rows, completed, memory_shortage, preprocessing_key
from fnnctl.modelling.stack_settings import as_ensemble
from fnnctl.records.trials import Job, Trial
from fnnctl.space.assignments import Assignment
from fnnctl.tasks.task import TaskData
from fnnctl.training.members import StackSettings
from fnnctl.training.memory import training_bytes

StackKey: TypeAlias = tuple[StackSettings, tuple[int, int, int, int]]
"""What fits of one stack have in common: their settings, the sizes of their parts, and the number of rows
that each of their networks trains on."""


@dataclass(frozen=True, slots=True)
class StackKeys:
    """A trial's stack keys (which fits may share a stack) and its cost."""

    order: str
    """A text by which trials are sorted."""
    fit_keys: Sequence[StackKey]
    """One key per fit."""
    cost: int
    """Trained rows times parameters times members, over all fits: the virtual time of an epoch."""
    epochs: int
    """The epochs of the trial, which may be fewer than the largest budget."""

    @property
    def total_cost(self) -> int:
        """The virtual time of the whole trial."""
        return self.epochs * self.cost

    def cost_of(self, job: Job) -> int:
        """The virtual time of a job."""
        return self.epochs_of(job) * self.cost

    def epochs_of(self, job: Job) -> int:
        """The epochs that a job trains: none after the trial's last one."""
        return min(job.stop, self.epochs) - min(job.start, self.epochs)


class FailedTrialError(Exception):
    """The trial's configuration does not give a valid network."""

    def __init__(self, reason: Message) -> None:
        super().__init__(str(reason))
        self.reason = reason


@dataclass(frozen=True, slots=True)
class TrialFits:
    """Makes a trial's fits when they are needed; preprocessing that several fits share is fitted once."""

    data: TaskData
    configs: TrialConfigs
    rows: tuple[Rows, ...]
    """The rows that each of a trial's fits trains on."""
    _preprocessors: dict[tuple[str, int], Preprocessor] = field(default_factory=dict)
    _bags: dict[int, Rows] = field(default_factory=dict)
    _affordable: set[StackSettings] = field(default_factory=set)
    """Settings whose networks are known to fit in memory."""

    @property
    def most_train_rows(self) -> int:
        """The number of rows of the largest training part."""
        groups = self.data.dataset.groups
        return max(rows.split(self.data.strata, groups).train.size for rows in self.rows)

    @property
    def test_share(self) -> float:
        """The number of test rows per other row of the folds, over all of them."""
        groups = self.data.dataset.groups
        splits = [rows.split(self.data.strata, groups) for rows in self.rows]
        return sum(split.test.size for split in splits) / sum(split.non_test.size for split in splits)

    def fits(self, assignment: Assignment) -> list[Fit]:
        """The fits of a trial, one per entry of `rows`; raises `FailedTrialError`.

        Outside a confirmation their seeds are the same as in `fnnctl train` with the trial's configuration,
        or in its cross-validation.
        """
        drafts = self._drafts(assignment)
        first = drafts[0]
        experiment = completed(first.experiment, self.data, first.settings, threads=1)
        seed = configuration_seed(experiment)
        return [replace(fit, experiment=experiment, seed=fit.rows.network_seed(seed)) for fit in drafts]

    def of_stack(self, members: Sequence[tuple[Trial, int]]) -> tuple[Fit, ...]:
        """The fits of a stack: of each member, the fit of the trial with this index."""
        fits_by_trial: dict[int, list[Fit]] = {}
        for trial, _ in members:
            if trial.number not in fits_by_trial:
                fits_by_trial[trial.number] = self.fits(trial.assignment)
        return tuple(fits_by_trial[trial.number][index] for trial, index in members)

    def stack_keys(self, assignment: Assignment) -> StackKeys:
        """The stack keys of a trial's fits.

        It is much faster than `fits`, because no seed is hashed. Raises `FailedTrialError`.
        """
        drafts = self._drafts(assignment)
        order = f"{settings_text(drafts[0].settings)} {drafts[0].preprocessing}"
        keys = [(fit.settings, (*fit.sizes, fit.trained_rows)) for fit in drafts]
        cost = sum(fit.layout.size * fit.settings.ensemble * fit.trained_rows for fit in drafts)
        return StackKeys(order, keys, cost, drafts[0].experiment.training.epochs)

    def valid_stack_keys(self, assignment: Assignment) -> StackKeys | None:
        """See `stack_keys`; None if the configuration is invalid."""
        try:
            return self.stack_keys(assignment)
        except FailedTrialError:
            return None

    def training_bytes(self, assignment: Assignment) -> int:
        """The memory that training a trial's network needs; 0 if its configuration is invalid."""
        fit = self.typical_fit(assignment)
        return training_bytes(fit.settings, rows=len(self.data)) if fit else 0

    def memory_shortage(self, assignment: Assignment, ensemble: EnsembleConfig | None = None) -> str | None:
        """Why memory is too small for a trial or, if it is given, for an `ensemble` of such networks.

        None if it suffices, or for an invalid trial.
        """
        fit = self.typical_fit(assignment)
        if fit is None:
            return None
        settings = as_ensemble(fit.settings, ensemble) if ensemble else fit.settings
        return memory_shortage(settings, rows=len(self.data))

    def typical_fit(self, assignment: Assignment) -> Fit | None:
        """A fit of a trial, without seed or memory check; None if its settings are invalid.

        It has as many training rows as any other; of folds in the order of a column, about the mean number.
        """
        try:
            return self._drafts(assignment, check_memory=False, only=self._typical)[0]
        except FailedTrialError:
            return None

    @property
    def _typical(self) -> int:
        """The number of the rows that a typical fit trains on; folds in an order become larger and larger."""
        if self.data.dataset.order is None:
            return 0
        numbers = [rows.key[-1] if rows.key else 0 for rows in self.rows]
        return numbers.index(max(numbers) // 2)

    def _drafts(
        self, assignment: Assignment, *, check_memory: bool = True, only: int | None = None
    ) -> list[Fit]:
        """The trial's fits, or `only` the one with this number, without their seeds."""
        drafts = []
        try:
            experiment = self.configs.experiment_of(assignment)
            key = preprocessing_key(experiment)
            for index in range(len(self.rows)):
                if only not in (None, index):
                    continue
                former = self._preprocessors.get((key, index))
                rows = self._with_bags(index, experiment)
                fit = Fit.of(self.data, experiment, rows, seed=0, preprocessor=former, check_memory=False)
                self._preprocessors[key, index] = fit.preprocessor
                if check_memory and fit.settings not in self._affordable:
                    fit.refuse_memory_shortage(len(self.data))
                    self._affordable.add(fit.settings)
                drafts.append(fit)
        except InputError as error:
            message = "; ".join(f"{problem.path}: {problem.message}" for problem in error.problems)
            raise FailedTrialError(Message("invalid_configuration", message)) from error
        return drafts

    def _with_bags(self, index: int, experiment: Experiment) -> Rows:
        """The rows with this index, with bags if a trial has any: all trials have the same ones."""
        rows = self.rows[index]
        if index not in self._bags and (bagged := bagged_rows(rows, experiment, self.data)):
            self._bags[index] = bagged.computed(self.data.strata, self.data.dataset.groups)
        return self._bags.get(index, rows)


@lru_cache(maxsize=1000)
def settings_text(settings: StackSettings) -> str:
    """The settings as a text: equal for equal settings, and sortable."""
    return json.dumps(asdict(settings), sort_keys=True)
