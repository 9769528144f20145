"""The figure of a search's ensemble: what each of its trials brings."""

from __future__ import annotations

from typing import Any, Final

from fnnctl.report.figures.record import RunFigure
from fnnctl.report.summary import Summary
from fnnctl.store import names
from fnnctl.store.folder import RunFolder
from fnnctl.store.manifest import SelectedTrial, SelectionFacts
from fnnctl.text import counted, joined_words

MAX_NAMED: Final = 3
"""The number of trials that the summary names."""


def _draw(run: RunFolder, summary: Summary) -> Any:
    from fnnctl.plots.ensemble import PlottedTrial, ensemble_figure

    if summary.ensemble is None:
        return None
    selection = summary.ensemble.selection
    trials = [
        PlottedTrial(f"trial {trial.trial}", trial.count / selection.kept, trial.gain)
        for trial in _heaviest_first(selection)
    ]
    title = f"{summary.manifest.name}: what each trial brings to the ensemble"
    return ensemble_figure(trials, loss="loss", title=title)


def _has_gains(summary: Summary) -> bool:
    ensemble = summary.ensemble
    return ensemble is not None and any(trial.gain is not None for trial in ensemble.selection.trials)


def _in_words(summary: Summary) -> str:
    if summary.ensemble is None:
        return ""
    selection = summary.ensemble.selection
    heaviest = _heaviest_first(selection)[:MAX_NAMED]
    weights = (f"trial {trial.trial} {trial.count / selection.kept:.0%}" for trial in heaviest)
    return f"{counted(len(selection.trials), 'trial')}; weights: {joined_words(list(weights))}"


def _heaviest_first(selection: SelectionFacts) -> list[SelectedTrial]:
    return sorted(selection.trials, key=lambda trial: (-trial.count, trial.trial))


ENSEMBLE_FIGURE: Final = RunFigure(
    file="ensemble.png",
    title="what each trial brings to the ensemble",
    source=names.JOURNAL,  # which all searches have; the numbers are those of ensemble/manifest.json
    draw=_draw,
    place="Ensemble of trials",
    in_words=_in_words,
    is_possible=_has_gains,
    is_wide=True,
    reading="""\
The weight of each trial in the mean and, beside it, how much the loss rises without the trial, on the rows
that selected the ensemble. A trial whose bar is grey could be left out.""",
)
