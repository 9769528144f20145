"""Everything that a report shows of a run, read from its folder at once.

An incomplete run has fewer files; missing values are None. For a search, the scores are those of its refitted
winner or, if its trials were measured on bags, of its ensemble. What only searches need is imported for one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fnnctl.arrays import IntArray
from fnnctl.errors import ConfigError
from fnnctl.metrics.drift import TableDrift
from fnnctl.metrics.number_metrics import DEVIANCE
from fnnctl.metrics.stored import PARTS, reported_metrics
from fnnctl.report.words import seconds_text
from fnnctl.store import names
from fnnctl.store.catalogue import displayed_status
from fnnctl.store.drift_tables import read_drift
from fnnctl.store.folder import RunFolder
from fnnctl.store.labels import NO_LABELS, Labels, try_labels
from fnnctl.store.manifest import Manifest, SelectionFacts
from fnnctl.store.promotions import Promotion, promotions_of
from fnnctl.tasks.classification.tables import read_confusion_matrix, read_trade_offs
from fnnctl.tasks.reports import TASK_REPORTS, TaskReport
from fnnctl.tasks.stored_coverage import Coverage, read_coverage
from fnnctl.text import counted

if TYPE_CHECKING:
    from fnnctl.config.rules.trials import TrialConfigs
    from fnnctl.config.schema.experiment import Experiment
    from fnnctl.metrics.feature_importance import FeatureImportances
    from fnnctl.metrics.mean_calibration import MeanTenth
    from fnnctl.metrics.partial_dependence import PartialDependence
    from fnnctl.records.history import SearchHistory
    from fnnctl.records.timeline import Timeline


TEST, VALIDATION, TRAIN = "test", "validation", "train"
JUDGED_BY: Final = (TEST, VALIDATION, TRAIN)
"""The first of these parts that has scores is the one that a report speaks of first."""
OUT_OF_BAG: Final = "out-of-bag"


@dataclass(frozen=True, slots=True)
class EnsembleSummary:
    """The ensemble of a search's trials, beside the refitted winner."""

    path: Path
    selection: SelectionFacts
    metrics: dict[str, Any] | None
    """The content of its metrics.json."""


@dataclass(frozen=True, slots=True)
class Summary:
    """A run as its folder describes it."""

    path: Path
    manifest: Manifest
    alive: bool
    """Whether its process is still running."""
    metrics: dict[str, Any] | None
    """The content of metrics.json."""
    confusion: tuple[tuple[str, ...], IntArray] | None
    """Classes and counts (C, C) on the test part, one row per true class."""
    epochs: int | None
    """The number of epochs in the history, even if the run has not ended."""
    files: tuple[str, ...]
    matrix_files: tuple[str, ...] = ()
    """The paths of the confusion matrix's figure and table, if they exist, relative to the run's folder."""
    search: SearchHistory | None = None
    """The content of a search's journal; None for other runs."""
    trial_configs: TrialConfigs | None = None
    """The configurations of a search's trials, if it searches layers, its schedules keep their horizon, or
    its trials are ensembles.
    """
    timeline: Timeline | None = None
    """What the workers of a search did when; None if that is not known, and for other runs."""
    ensemble: EnsembleSummary | None = None
    """The ensemble of a search; None if there is none, and for other runs."""
    importances: FeatureImportances | None = None
    """The importance of the columns, if it has just been measured."""
    dependence: PartialDependence | None = None
    """What the network does with some columns, if it has just been measured."""
    trade_offs: Mapping[str, Sequence[float | None]] | None = None
    """Between two classes, what each threshold gives: the columns of threshold.csv."""
    coverage: Sequence[Coverage] = ()
    """How often regions around predictions hold the truth: coverage.csv."""
    drift: TableDrift | None = None
    """How far the rows of an evaluation are from the training rows; None for other runs."""
    refitted: int | None = None
    """The trial whose run is a search's winner; None if it is not known, and for other runs."""
    out_of_bag: bool = False
    """Whether the validation scores are of rows out of bag; for a search, those of what stands for it."""
    networks: int = 1
    """The number of networks that were trained; for a search, those of its winner."""
    winner_metrics: dict[str, Any] | None = None
    """The metrics of a search's winner; they are `metrics`, too, if it stands for the search."""
    promotions: Sequence[Promotion] = ()
    """The names that stand for the run."""
    labels: Labels = NO_LABELS
    """The tags and the note that the run was given afterwards."""
    unread_labels: Sequence[str] = ()
    """What is wrong with the files of names and labels, which a report goes on without."""

    @property
    def search_history(self) -> SearchHistory:
        """`search`, for what is about searches alone."""
        if self.search is None:
            raise TypeError(f"{self.path} is no search")
        return self.search

    @property
    def has_former_winner(self) -> bool:
        """Whether the scores are those of another trial than the best one.

        So it is if a search was extended, and has not refitted its new winner yet.
        """
        best = self.search.best if self.search else None
        return best is not None and self.refitted is not None and best.number != self.refitted

    @property
    def displayed_status(self) -> str:
        """The status shown to users: the manifest's, or `died`."""
        return displayed_status(self.manifest, alive=self.alive)

    @property
    def reported(self) -> dict[str, Any] | None:
        """The metrics of all parts; for a cross-validation, with the means over the folds."""
        return reported_metrics(self.metrics)

    @property
    def has_ensemble_result(self) -> bool:
        """Whether the scores are those of a search's ensemble, which stands for it, and not its winner's."""
        return self.search is not None and self.search.scheme.trains_ensembles and self.ensemble is not None

    def winner_part(self, part: str) -> dict[str, Any]:
        """The metrics of a part of a search's winner; empty if there are none."""
        metrics = (reported_metrics(self.winner_metrics) or {}).get(part)
        return metrics if isinstance(metrics, dict) else {}

    def part_metrics(self, part: str) -> dict[str, Any] | None:
        """The metrics of a part from `reported`; None if there are none."""
        metrics = (self.reported or {}).get(part)
        return metrics if isinstance(metrics, dict) else None

    @property
    def baseline(self) -> dict[str, Any] | None:
        """The metrics of always predicting the majority class or the mean, on the last part that has rows."""
        scored = [metrics for part in PARTS if (metrics := self.part_metrics(part))]
        baseline = scored[-1].get("baseline") if scored else None
        return baseline if isinstance(baseline, dict) else None

    @property
    def cross_validation(self) -> dict[str, Any] | None:
        """The statistics of a cross-validation's folds; None for other runs."""
        return self.part_metrics("cross_validation")

    @property
    def sizes(self) -> Sequence[Mapping[str, Any]]:
        """A learning curve over data size, in rising order; empty for a run without one."""
        entries: Sequence[Mapping[str, Any]] = (self.metrics or {}).get("sizes") or ()
        return entries

    @property
    def positive_class(self) -> str | None:
        """The positive one of two classes; None with more: see `Manifest.positive_class`."""
        return self.manifest.positive_class

    def set_words(self, trial: int) -> list[str]:
        """The `PATH=VALUE` words that turn the search's config into the trial: see `SearchHistory`."""
        if self.search is None:
            return []
        from fnnctl.config.paths import HORIZON, TWINS, format_path

        configs, assignment = self.trial_configs, self.search.trials[trial].assignment
        reads_horizon = configs is not None and HORIZON not in configs.ineffective_in(assignment)
        words = self.search.set_words(trial, reads_horizon=reads_horizon)
        if configs is not None and configs.leaves_out_twins(assignment):
            words.append(f"{format_path(TWINS)}=false")
        return words

    @property
    def task_report(self) -> TaskReport:
        """What the run's task defines for its reports."""
        return task_report(self.manifest)


def task_report(manifest: Manifest) -> TaskReport:
    """What the run's task defines for its reports; without data, the task is taken to be classification."""
    return TASK_REPORTS[manifest.data.task if manifest.data else "classification"]


def has_bags(manifest: Manifest) -> bool:
    """Whether each network of the run was validated on rows out of its bag."""
    return manifest.model is not None and manifest.model.bags


def headline(summary: Summary) -> str:
    """When the run was started and, if it has ended, how long it took."""
    manifest = summary.manifest
    started = manifest.started[:19].replace("T", " ") + " UTC"
    if manifest.seconds.total is None:
        return f"started {started}"
    return f"started {started}, took {seconds_text(manifest.seconds.total)}"


def judged_part(summary: Summary) -> str | None:
    """The part on which the run is judged; None if it has no scores."""
    return next((part for part in JUDGED_BY if summary.part_metrics(part)), None)


def validation_name(summary: Summary) -> str:
    """What reports call the validation part; with bags, each row is scored by one member of the ensemble."""
    return f"validation ({OUT_OF_BAG})" if has_bags(summary.manifest) else "validation"


def scored_rows(summary: Summary) -> str:
    """For titles: the rows from which the scores, the confusion matrix and the curves are computed."""
    folds = summary.manifest.cross_validation
    if folds is None:
        return "on the test part" if summary.manifest.evaluated is None else "on the evaluated file"
    return "out of fold" if folds.repeats == 1 else f"out of fold, {counted(folds.repeats, 'repeat')}"


def means_by_tenths(summary: Summary) -> list[MeanTenth]:
    """Observed and predicted means of the rows that the scores are of; empty without counts or amounts."""
    part = judged_part(summary)
    if part is None or DEVIANCE.name not in (summary.part_metrics(part) or {}):
        return []
    from fnnctl.tasks.regression.tables import read_means  # other reports do not need it

    run = RunFolder(summary.path)
    return read_means(run.result_run() or run)


def summarize(run: RunFolder) -> Summary:
    """Read a run's folder; raises `DataError` or `ConfigError` if one of its files is damaged."""
    manifest = run.read_manifest()
    history = run.read_history()
    search = _read_search(run, manifest)
    winner, result_run, ensemble = run.winner(), run.result_run(), _ensemble(run)
    scored = result_run or run
    scored_manifest = result_run.read_manifest() if result_run else manifest
    trained_manifest = winner.read_manifest() if winner else manifest
    metrics = scored.read_metrics()
    folders = {names.BEST: winner, names.ENSEMBLE: ensemble, names.DEFAULT: run.default()}
    labels, labels_damage = try_labels(run.path)
    promotions, promotions_damage = promotions_of(run.path)
    return Summary(
        path=run.path,
        manifest=manifest,
        alive=manifest.status == "running" and run.is_alive(),
        metrics=metrics,
        confusion=read_confusion_matrix(scored),
        epochs=len(next(iter(history.values()))) if history else None,
        files=(
            *run.files(),
            *(name for name, folder in folders.items() if folder),
            *([names.BASES] if run.has(names.BASES) else []),
            *_rebuilt(run, result_run),
        ),
        search=search,
        trial_configs=_trial_configs(run) if search and _needs_configs(search) else None,
        timeline=_timeline(run) if search else None,
        ensemble=ensemble,
        trade_offs=read_trade_offs(scored),
        coverage=read_coverage(scored),
        drift=read_drift(scored),
        refitted=trained_manifest.trial if winner else None,
        out_of_bag=has_bags(scored_manifest),
        networks=trained_manifest.model.networks if trained_manifest.model else 1,
        winner_metrics=metrics if winner in (result_run, None) else winner.read_metrics(),
        matrix_files=tuple(
            f"{_inside(run, scored)}{name}"
            for name in scored.files()
            if Path(name).stem == Path(names.CONFUSION_MATRIX).stem
        ),
        promotions=promotions,
        labels=labels,
        unread_labels=[damage for damage in (labels_damage, promotions_damage) if damage],
    )


def _inside(run: RunFolder, scored: RunFolder) -> str:
    """The path of a run inside a search, from the search's folder; empty for the run itself."""
    return "" if scored.path == run.path else f"{scored.path.name}/"


def _timeline(run: RunFolder) -> Timeline | None:
    from fnnctl.records.timeline import timeline

    return timeline(run.read_timeline())


def _read_search(run: RunFolder, manifest: Manifest) -> SearchHistory | None:
    if manifest.kind != "search" and names.JOURNAL not in run.files():
        return None
    from fnnctl.records.history import read_search

    return read_search(run)


def _rebuilt(run: RunFolder, result_run: RunFolder | None) -> list[str]:
    """The files that reports have added to what stands for a search, seen from the search's folder."""
    added = (name for name in result_run.files() if name in names.REBUILT) if result_run else ()
    return [f"{_inside(run, result_run)}{name}" for name in added if result_run]


def _needs_configs(search: SearchHistory) -> bool:
    return search.kept_horizon is not None or search.learns_layers or search.scheme.trains_ensembles


def _ensemble(run: RunFolder) -> EnsembleSummary | None:
    folder = run.ensemble()
    selection = folder.read_manifest().selection if folder else None
    if folder is None or selection is None:
        return None
    return EnsembleSummary(folder.path, selection, folder.read_metrics())


def _trial_configs(run: RunFolder) -> TrialConfigs:
    """The configurations of the search's trials, derived from its complete config."""
    from fnnctl.config.reading.loading import load_config
    from fnnctl.config.rules.trials import trial_configs
    from fnnctl.modelling.run_config import resolved_config

    loaded = load_config(resolved_config(run))
    return trial_configs(loaded.resolved, epochs=loaded.experiment.training.epochs)


def read_experiment(summary: Summary) -> Experiment | None:
    """The run's complete config; None if it has none, or if another version wrote what cannot be read."""
    if names.RESOLVED not in summary.files:
        return None
    from fnnctl.config.reading.loading import load_config  # short reports read no config
    from fnnctl.modelling.run_config import resolved_config

    try:
        return load_config(resolved_config(RunFolder(summary.path))).experiment
    except ConfigError:  # the report is not about the config
        return None
