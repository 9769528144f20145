"""The files of a run's folder, each with a description of its content."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from fnnctl.report.sections import FileList, Section
from fnnctl.report.summary import Summary
from fnnctl.report.topics.topic import Topic
from fnnctl.store import names

FIRST_FILES: Final = (
    (names.METRICS, "all metrics"),
    (names.CROSS_VALIDATION, "the scores of each fold"),
    (names.DATA_SIZE, "the scores of each fold, for each data size"),
    (names.DATA_SIZE_FIGURE, "the scores over the number of training rows"),
    (names.LEADERBOARD, "all trials"),
    (names.SEARCH_HISTORY_FIGURE, "the objective over the epochs trained"),
    (names.RUNGS_FIGURE, "the learning curve of each trial"),
    (names.PARALLEL_FIGURE, "the settings and objective of each trial"),
    (names.IMPORTANCE_FIGURE, "the importance of each setting"),
    (names.CONFIRMED_FIGURE, "the scores of the confirmed trials for each seed"),
    (names.TIMELINE_FIGURE, "what each worker did when"),
    (names.REWARDS_FIGURE, "the controller's rewards over time"),
    (names.ARCHITECTURE_FIGURE, "the best architecture"),
    (names.BEST, "the run folder of the refitted winner"),
    (names.ENSEMBLE, "the run folder of the ensemble of trials"),
    (names.HISTORY, "losses and metrics per epoch"),
)
LAST_FILES: Final = (
    (names.LEARNING_CURVE_FIGURE, "learning curves"),
    *(
        (f"{folder}{name}", what)
        for folder in ("", f"{names.BEST}/")
        for name, what in (
            (names.FEATURE_IMPORTANCE_FIGURE, "the importance of the columns"),
            (names.FEATURE_IMPORTANCE, "the numbers of this figure, for all columns"),
        )
    ),
    (names.PREDICTIONS, "predictions for the held-out rows"),
    (names.RESOLVED, "the complete config, to repeat the run"),
    (names.MODEL, f"the model; its weights are in {names.WEIGHTS}"),
    (names.LOG, "the log"),
)
"""The files listed before and after the figures of the run's task."""
IN_ENSEMBLES: Final = {
    names.RESOLVED: "the search's complete config; `fnnctl search` with it repeats the search"
}
"""Descriptions in the report of a search's ensemble instead: no training repeats an ensemble of trials."""


def _details(summary: Summary) -> Iterator[Section]:
    figures = ((figure.name, figure.what) for figure in summary.task_report.figures)
    descriptions = dict([*FIRST_FILES, *figures, *LAST_FILES])
    if summary.manifest.selection:
        descriptions |= IN_ENSEMBLES
    rows = tuple((name, text) for name, text in descriptions.items() if name in summary.files)
    yield FileList("Files", rows)


TOPIC: Final = Topic("Files", details=_details)
