"""The files of a run's folder, each with a description of its content."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from fnnctl.report.blocks import Block, Files
from fnnctl.report.figures.registry import figures_of
from fnnctl.report.summary import Summary
from fnnctl.report.target_views import target_views
from fnnctl.store import names
from fnnctl.store.folder import RunFolder

FIRST_FILES: Final = (
    (names.METRICS, "all metrics"),
    (names.CROSS_VALIDATION, "the scores of each fold"),
    (names.DATA_SIZE, "the scores of each fold, for each data size"),
    (names.LEADERBOARD, "all trials"),
    (names.BEST, "the run folder of the refitted winner"),
    (names.ENSEMBLE, "the run folder of the ensemble of trials"),
    (names.DEFAULT, "the run folder of what `fnnctl train` gives"),
    (names.HISTORY, "losses and metrics per epoch"),
)
FOLDERS: Final = ("", f"{names.BEST}/", f"{names.ENSEMBLE}/")
"""Where the scored run's files are: of a search, in what stands for it."""
MEASURED_LATER: Final = {
    names.FEATURE_IMPORTANCE: "the importance of the columns, in numbers",
    names.PARTIAL_DEPENDENCE: "the partial dependence on columns, and the curves of single rows",
    names.PAIR_DEPENDENCE: "the partial dependence on pairs of columns",
}
"""What `fnnctl report` adds."""
LAST_FILES: Final = (
    *((f"{folder}{name}", text) for name, text in MEASURED_LATER.items() for folder in FOLDERS),
    (names.PREDICTIONS, "predictions for the held-out rows"),
    (names.COVERAGE, "how often intervals or sets of classes hold the truth"),
    (names.GROUPS, "the first metrics of groups of rows, and their differences"),
    (names.DRIFT, "how far each column is from the training rows"),
    (names.DRIFT_BINS, "the rows in the bins of each column"),
    (names.WORST_ROWS, "the values of the rows that are predicted worst"),
    (names.RESOLVED, "the complete config, to repeat the run"),
    (names.BASES, "the files that the config builds on"),
    (names.DEFAULT_CONFIG, "the complete config that `fnnctl train` has without the search"),
    (names.MODEL, f"the model; its weights are in {names.WEIGHTS}"),
    (names.TRAINED_ROWS, "digests of the rows that were trained on, for a training that goes on"),
    (names.LOG, "the log"),
    (names.LABELS, "the tags and the note"),
)
"""The files listed before and after the figures."""
IN_ENSEMBLES: Final = {
    names.RESOLVED: "the search's complete config; `fnnctl search` with it repeats the search"
}
"""Descriptions in the report of a search's ensemble instead: no training repeats an ensemble of trials."""


def files(summary: Summary) -> Iterator[Block]:
    """Those of the run's files that are worth a look."""
    figures = (
        (f"{folder}{figure.file}", figure.title) for folder in FOLDERS for figure in figures_of(summary)
    )
    descriptions = dict([*FIRST_FILES, *figures, *LAST_FILES])
    if summary.search and summary.search.scheme.trains_ensembles:
        descriptions[names.BEST] = "the run folder of the best trial"
    if summary.manifest.selection:
        descriptions |= IN_ENSEMBLES
    rows = tuple((name, text) for name, text in descriptions.items() if name in summary.files)
    yield Files("Files", (*rows, *_of_targets(summary)))


def _of_targets(summary: Summary) -> Iterator[tuple[str, str]]:
    """The folders of the files of several targets."""
    for view in target_views(RunFolder(summary.path), summary):
        has_figures = any(name.endswith(names.FIGURE_ENDING) for name in view.summary.files)
        what = "predictions, tables and figures" if has_figures else "predictions and tables"
        yield f"{view.folder}/", f"{what} of {view.name}"
