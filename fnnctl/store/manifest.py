"""`manifest.json`: the facts of a run.

Only facts that every run has are required, and unknown facts are kept, so that manifests of other versions
can be read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from fnnctl.config.sources import MEMORY_SOURCE
from fnnctl.messages import Message
from fnnctl.store.facts import AncestorFacts, Blas, Facts, GitState, PluginFacts, Processor, TargetFacts
from fnnctl.store.names import LAYOUT_VERSION

RunStatus = Literal["running", "completed", "failed", "interrupted"]
CONTINUED_BY: Final[Mapping[str, str]] = {
    "train": "train",
    "cross_validation": "evaluate",
    "search": "search",
}
"""The command that starts a run of each kind, and can resume it."""


class Seconds(Facts):
    """Wall times."""

    total: float | None = None
    """From the start of the command until the last file is written; of a search, the sum of its sessions,
    without killed ones.
    """
    training: float | None = None
    """From the loaded data to the final weights; likewise a sum."""


class PartRows(Facts):
    """The number of rows in each part."""

    train: int
    """The training part."""
    validation: int = 0
    """The validation part; 0 if there is none."""
    test: int = 0
    """The test part; 0 if there is none."""


class BestColumnFacts(Facts):
    """How well a simple rule on one column predicts the target."""

    name: str
    """The column."""
    metric: str
    """The metric of the scores."""
    score: float
    """On held-out rows outside the test part."""
    baseline: float
    """The score of the same rows without any column."""
    is_leak: bool = False
    """Whether it does so nearly perfectly, of which a warning was printed."""


class DataFacts(Facts):
    """The data."""

    name: str
    """The built-in data set's name, or the file's."""
    source: str
    """The built-in data set's name, the file's absolute path, or `memory`."""
    sha256: str
    """SHA-256 of the file, or the digest of data in memory."""
    test_source: str | None = None
    """The test file's absolute path, if there is one."""
    test_sha256: str | None = None
    """SHA-256 of the test file."""
    task: Literal["classification", "regression", "several"] = "classification"
    """The kind of target."""
    target: str
    """The target column; of several their names, with commas."""
    targets: list[TargetFacts] = []
    """The targets, if there are several."""
    classes: list[str] = []
    """The classes, in the order of the network's outputs; empty for a regression."""
    ordered: bool = False
    """Whether this is an order of the classes from the lowest to the highest."""
    exposure: str | None = None
    """The column of the exposures, per unit of which rates are estimated; null without any."""
    rows: int
    """Rows in all parts."""
    columns: int | None = None
    """Columns of the table that the network uses; null in older runs."""
    numeric: int
    """Columns read as numbers; a date becomes several."""
    categorical: int
    """Columns read as categories."""
    parts: PartRows | None = None
    """Rows in each part; null if every fold has its own."""
    best_column: BestColumnFacts | None = None
    """The column that alone predicts the target best; null if that was not measured."""

    @property
    def estimated(self) -> str:
        """What a network estimates: the target or, with an exposure, its rate."""
        return self.target if self.exposure is None else f"{self.target} per unit of {self.exposure}"

    @property
    def in_memory(self) -> bool:
        """Whether a Python program handed the rows over, so that no command can read them again."""
        return self.source == MEMORY_SOURCE


class ModelFacts(Facts):
    """The network, or the networks of an ensemble."""

    layers: list[int]
    """Units from the inputs to the outputs: `[64, 100, 10]` has one hidden layer of 100 units. Of several
    networks, those of the first one."""
    parameters: int
    """Weights, biases and trained slopes of all networks."""
    networks: int = 1
    """The number of networks whose predictions are averaged."""
    shared_weights: bool = False
    """Whether they share the weights of hidden layers, which count once."""
    plain_twins: bool = False
    """Whether half of the networks are twins of the others, without the embedding of numbers."""
    same_shape: bool = True
    """Whether all networks have one shape."""
    bags: bool = False
    """Whether each network was validated on rows of its own, which are training rows of the others."""
    positive: int | None = None
    """If there are two classes, the index of the class whose curve figures show, from 0; else null."""
    class_weights: bool = False
    """Whether probabilities are corrected for the weights that the classes had in training."""
    target_transform: str = "none"
    """In a regression: the transform of the target; `auto` if each fold or trial decides."""
    power: float | None = None
    """Of counts and amounts: the power of the mean in the variance, from which deviances follow."""


class TrainedRowsFacts(Facts):
    """How many rows have trained the networks of a run, if they go on from those of another one."""

    trained: int
    """The rows that the run or one of its ancestors was trained on."""
    new: int
    """Those of them that no ancestor was trained on."""
    unit: Literal["row", "group"] = "row"
    """Whether rows are counted, or groups, by which rows are recognized with data.split.group."""


class CrossValidationFacts(Facts):
    """How the rows were divided into folds."""

    folds: int
    """Folds per repeat; each is tested once."""
    repeats: int
    """The number of repeats, each with different folds (in an order, only with different seeds)."""
    stratify: bool
    """Whether all folds have the same proportions of the strata."""
    by: str | None = None
    """The column in whose order the folds follow one another; null if their rows are drawn."""


class TrainingFacts(Facts):
    """How the training went."""

    epochs: int
    """Epochs trained; in a cross-validation, the sum over the folds."""
    best_epoch: int | None = None
    """The epoch whose weights were kept, counted from 1."""
    stopped: str | None = None
    """Why training ended, in words: `no better validation_loss for 20 epochs`."""
    stopped_kind: str | None = None
    """The kind of that reason: `completed`, `stopped_early`, `converged`, `out_of_time`, `diverged`,
    `interrupted` or `error`; null for folds, which end in several ways, and in runs of before 0.7."""


class CalibrationFacts(Facts):
    """How the probabilities were calibrated."""

    temperature: float
    """The temperature by which the scores were divided."""


class SharesFacts(Facts):
    """How much the two kinds of an ensemble's networks count in its predictions; the shares sum to 1."""

    members: float
    """The share of the members."""
    plain_twins: float
    """The share of their twins without the embedding of numbers."""
    targets: dict[str, float] = {}
    """That share for each of several targets; then the others are means over the targets."""


class RestoredWeightsFacts(Facts):
    """The weights that are kept if the best trial is trained alone; they may be of another epoch."""

    trial: int
    """The trial's number."""
    objective_of: int
    """The epoch of its objective."""
    kept: int | None = None
    """The epoch of the kept weights, the best by what early stopping monitors; null if the journal has no
    curve of that."""


class DefaultTrialFacts(Facts):
    """The best trial against the trial with the default settings; see `records.default_trial`."""

    winner: int
    """The best trial's number."""
    trial: int | None = None
    """The number of the trial with the default settings; null if there is none with a result."""
    budget: int | None = None
    """The epochs after which the two are compared; null if they have no common budget."""
    objectives: tuple[float, float] | None = None
    """Those of the two after these epochs; with a confirmation, the means over its seeds."""
    p: float | None = None
    """Corrected for the number of trials; null if nothing is known of chance."""
    compared: int = 0
    """The number of trials for which p is corrected; 0 with a confirmation, which corrects its own."""
    ties: int | None = None
    """How many other trials cannot be told from the best one, each by itself; null if that is unknown."""
    unconfirmed: bool = False
    """Whether a confirmation left the trial with the default settings out."""


class ComparedMetric(Facts):
    """A metric of a search on the test part beside that of what `fnnctl train` gives."""

    metric: str
    """Its name in metrics.json."""
    search: float
    """Its value for what stands for the search."""
    default: float
    """Its value for what `fnnctl train` gives."""
    difference: float
    """`search` minus `default`."""
    ci95: list[float] | None = None
    """The 95 % interval of the difference, by a paired test; null without a spread."""
    p: float
    """Two-sided."""
    verdict: Literal["better", "worse", "tie"]
    """Whether the search is better."""


class DefaultComparison(Facts):
    """What stands for a search beside what `fnnctl train` gives for its config, on the test part."""

    outcome: Literal["compared", "only_default", "same", "no_time", "diverged"]
    """`only_default`: no other trial was completed. `same`: the networks of both are those of the default
    trial. `no_time`: the search ended before the default settings were trained to their end. `diverged`:
    their training diverged."""
    trial: int | None = None
    """The number of the default trial; null if there is none."""
    rows: int = 0
    """The number of test rows; 0 if nothing is compared."""
    metrics: list[ComparedMetric] = []
    """The objective first, as far as its value follows from rows, then the task's first metric."""
    seconds_planned: float | None = None
    """The estimated seconds of the whole plan, if only the default settings were completed before a search
    ended."""

    @property
    def is_worse(self) -> bool:
        """Whether the search is worse than `fnnctl train` by more than chance."""
        return bool(self.metrics) and self.metrics[0].verdict == "worse"


class SearchFacts(Facts):
    """How a search went."""

    method: str
    """The method, or its scheduler and sampler."""
    trials: int | None = None
    """Trials started."""
    trials_planned: int | None = None
    """Trials to start, as planned; see `epochs_bound`."""
    only_configurations: int | None = None
    """The number of configurations of the space, if that is why there are fewer trials than asked for."""
    epochs: int | None = None
    """Epochs granted, as planned."""
    epochs_bound: Literal["at most", "at least", "about"] = "at most"
    """Whether at most, at least or about this many are planned."""
    epochs_trained: int | None = None
    """Epochs trained, of the jobs that have results."""
    epochs_without_result: int = 0
    """Epochs trained in jobs that had no recorded result when the search ended."""
    time_limit: float | None = None
    """The seconds of --time-limit, if it was given."""
    confirmed: int | None = None
    """Networks trained to confirm the winner."""
    saved: int | None = None
    """Configurations skipped because they equal an earlier one."""
    end: str | None = None
    """Why the search ended: `complete`, or a limit."""
    end_kind: str | None = None
    """The kind of that reason: `complete`, `interrupted` or `time_limit`; null in searches of before 0.7."""
    best: dict[str, Any] | None = None
    """The trial that is refitted, by the confirmation if there is one: `trial`, `objective` (in the search),
    `configuration` (path: value), `epochs` (of the refit); null if there is none."""
    restored_weights: RestoredWeightsFacts | None = None
    """Null if that trial, trained alone, keeps the weights of the epoch of its objective."""
    default_trial: DefaultTrialFacts | None = None
    """The comparison of that trial with the default trial, by their objectives; null if there was none."""
    compared_with_default: DefaultComparison | None = None
    """The comparison with what `fnnctl train` gives; null without a test part, and until it is made."""


class SelectedTrial(Facts):
    """A trial in a search's ensemble."""

    trial: int
    """The trial's number."""
    count: int
    """How often it was selected: its weight in the mean."""
    objective: float | None = None
    """The trial's own objective."""
    gain: float | None = None
    """How much the loss of the ensemble rises without it, on the rows that selected it; null for the only
    one."""


class NestedScore(Facts):
    """A metric of an ensemble on out-of-bag rows, and of ensembles that did not see the rows."""

    metric: str
    """Its name in metrics.json."""
    selected: float | None = None
    """On the rows that selected the ensemble."""
    nested: float | None = None
    """Of ensembles that the other bags select, each on its own bag."""
    optimism: float | None = None
    """By how much the first is better."""


class SelectionFacts(Facts):
    """How the ensemble of a search was selected."""

    metric: str
    """The metric of the objective, measured on the validation part, or out of bag."""
    objective: float | None = None
    """Its value for the ensemble."""
    best_alone: float | None = None
    """Its value for the best trial."""
    rounds: int
    """The rounds of the selection."""
    kept: int
    """The rounds up to the best objective, which are the ensemble."""
    candidates: int
    """The number of trials that could be selected."""
    trials: list[SelectedTrial]
    """The selected trials, the best first."""
    nested: list[NestedScore] = []
    """The objective first, then the task's first metric; empty if the trials are not ensembles with bags."""
    compared_with_default: DefaultComparison | None = None
    """The comparison with what `fnnctl train` gives, if the run is of before 0.7; else `search` has it."""


class EvaluatedRun(Facts):
    """The run whose network an evaluation scored."""

    run: str | None
    """Its folder's absolute path; null if it was in the memory of a Python program."""
    sha256: str
    """SHA-256 of its weights file."""
    threshold: float | None = None
    """The threshold between two classes; null for the more probable class."""
    delimiter: str | None = None
    """The delimiter of the scored file, if the command named another one than the run has."""
    encoding: str | None = None
    """Likewise its character encoding."""
    table: str | None = None
    """The table of the scored file, if the command named one."""
    query: str | None = None
    """Likewise the query whose rows were scored."""
    sheet: str | None = None
    """Likewise the sheet."""


class Resumption(Facts):
    """A resume of an interrupted run."""

    at: str
    """When: UTC, ISO 8601."""
    command: str | None
    """The command line, quoted for a shell; null if a Python program resumed it."""


class Manifest(Facts):
    """The facts of a run: its kind, its origin and its outcome."""

    status: RunStatus
    """The state of the run. If it is `running` and the lock is free, the process has died."""
    kind: str
    """The kind of run: `train`, `cross_validation`, `search`, or `evaluation` (of a network, on a file)."""
    name: str
    """The experiment's name."""
    layout: int = LAYOUT_VERSION
    """The version of the run folder's layout."""
    started: str
    """When the run folder was created: UTC, ISO 8601."""
    finished: str | None = None
    """When the run ended: UTC, ISO 8601."""
    seconds: Seconds = Seconds.model_construct()
    """Wall times; for a resumed run, without the work that was repeated."""
    resumed: list[Resumption] = []
    """When and how it was resumed."""
    command: str | None = None
    """The command line, quoted for a shell; null if a Python program started the run."""
    directory: str | None = None
    """The working directory of the command."""
    seed: int | None = None
    """The seed of all random numbers."""
    fnnctl: str | None = None
    """fnnctl's version."""
    python: str | None = None
    """Python's version."""
    packages: dict[str, str | None] = {}
    """The versions of the packages that fnnctl requires."""
    plugins: list[PluginFacts] = []
    """The losses, metrics and readers of tables that are not fnnctl's own."""
    platform: str | None = None
    """The operating system."""
    processor: Processor = Processor.model_construct()
    """The processor."""
    blas: Blas = Blas.model_construct()
    """The BLAS library."""
    git: GitState | None = None
    """The working directory's repository; null if there is none."""
    data: DataFacts | None = None
    """The data."""
    model: ModelFacts | None = None
    """The network; for a cross-validation, the first fold's."""
    cross_validation: CrossValidationFacts | None = None
    """The folds of a cross-validation; null for other kinds."""
    trained_rows: TrainedRowsFacts | None = None
    """The rows of all generations; null unless the run goes on from another one."""
    training: TrainingFacts | None = None
    """The training; null until it ends."""
    ancestors: list[AncestorFacts] = []
    """The nearest runs that the training went on from, the last one first."""
    generation: int = 0
    """How many there are; 0 if the training began with random weights."""
    calibration: CalibrationFacts | None = None
    """The calibration; null if there is none."""
    shares: SharesFacts | None = None
    """The shares of members and twins; null if there are no twins."""
    search: SearchFacts | None = None
    """The search; null for other kinds."""
    trial: int | None = None
    """The number of the trial that a search's winner is; null for other runs."""
    selection: SelectionFacts | None = None
    """The selection of a search's ensemble; null for other runs."""
    evaluated: EvaluatedRun | None = None
    """The run whose network an evaluation scored; null for other kinds."""
    diverged: bool = False
    """Whether training diverged, which makes the weights useless."""
    error: str | None = None
    """Why the run failed, in a sentence; null if it did not."""
    error_kind: str | None = None
    """The error as a word, as in the JSON of a command that fails; null in runs of before 0.7."""
    warnings: list[str] = []
    """The warnings that were printed, the most severe ones first."""
    warning_kinds: list[str] = []
    """What each of them says, as a word; those about a run inside the search begin with its folder."""
    sha256: dict[str, str] = {}
    """When the run ended, the SHA-256 of the files that gates and comparisons rely on, by name; a run of
    fnnctl 0.1.0 has none."""

    @property
    def messages(self) -> list[Message]:
        """The warnings with their kinds."""
        return list(map(Message.from_stored, self.warning_kinds, self.warnings))

    @property
    def plugin_facts(self) -> list[dict[str, Any]]:
        """The facts of `plugins`, for `fnnctl.plugins`."""
        return [plugin.model_dump() for plugin in self.plugins]

    @property
    def passed_plugins(self) -> list[PluginFacts]:
        """The plug-ins that a Python program passed, so that no command can repeat the run from its files."""
        return [plugin for plugin in self.plugins if plugin.package is None]

    @property
    def positive_class(self) -> str | None:
        """The positive one of two classes; None with more classes and without data."""
        if self.data is None or len(self.data.classes) != 2:
            return None
        return self.data.classes[0 if self.model and self.model.positive == 0 else 1]

    def expected_sha256(self, name: str) -> str | None:
        """The digest that a file must have; None if it is unknown, or the run may still write the file."""
        return None if self.status == "running" else self.sha256.get(name)

    def with_facts(self, facts: Mapping[str, Any]) -> Manifest:
        """The manifest with some facts replaced."""
        return Manifest.model_validate({**self.model_dump(), **facts})
