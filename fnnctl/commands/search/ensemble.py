"""The ensemble of a search: trials are selected greedily on the validation rows, and tested once."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from typing import Final

from fnnctl.blas import set_blas_threads
from fnnctl.commands.preparation import PreparedSearch
from fnnctl.config.reading.resolved import resolved_yaml
from fnnctl.console.output import Output
from fnnctl.console.signals import Interruption
from fnnctl.modelling.model_description import model_files
from fnnctl.modelling.predictor import score_parts
from fnnctl.records.journal import Journal
from fnnctl.records.standings import Standings
from fnnctl.runs.facts import known_facts
from fnnctl.runs.recorder import RunRecorder, warn, write_scores
from fnnctl.search.setup import SearchSetup
from fnnctl.stacks.trial_ensemble import (
    MOST_KEPT,
    TrainedTrial,
    TrialEnsemble,
    WeightLibrary,
    select_trials,
    train_again,
)
from fnnctl.store import names
from fnnctl.store.run import OpenRun, create_run
from fnnctl.tasks.post_training import PostTraining
from fnnctl.text import counted

NO_ENSEMBLE: Final = "there is no ensemble"
"""How the warning of a search begins that asked for an ensemble and cannot have one."""


def weight_library(run: OpenRun, setup: SearchSetup, journal: Journal) -> WeightLibrary | None:
    """The library for the weights of the search's trials; None if it builds no ensemble."""
    if setup.settings.ensemble is None:
        return None
    known = [*journal.results.values(), *journal.held.values()]
    return WeightLibrary(run.path, setup.direction, setup.budget.max_epochs, known)


def build_ensemble(
    run: OpenRun,
    search: PreparedSearch,
    journal: Journal,
    standings: Standings,
    *,
    output: Output,
    signals: Interruption,
) -> None:
    """Select an ensemble of the search's trials and write its run folder, if the config asks for one.

    No figure is drawn.
    """
    started, settings = time.monotonic(), search.setup.settings
    library = weight_library(run, search.setup, journal)
    if settings.ensemble is None or library is None:
        return
    set_blas_threads(1)
    output.note("selecting an ensemble of the trials on the validation rows")
    trials = list(_trained_trials(search, journal, standings, library, output=output, signals=signals))
    ensemble = select_trials(
        search.loaded.data,
        trials,
        search.split.validation,
        metric=settings.objective.metric,
        minimized=settings.objective.minimized,
        size=settings.ensemble.size,
    )
    signals.raise_if_requested()
    if ensemble is None:
        warn(run, [f"{NO_ENSEMBLE}: the scores of all trials overflow"], output.note)
        return
    if _write(run, search, ensemble, started=started, output=output):
        run.replace_ensemble()
    else:
        warn(run, [f"{NO_ENSEMBLE}: its scores of some rows overflow"], output.note)


def _trained_trials(
    search: PreparedSearch,
    journal: Journal,
    standings: Standings,
    library: WeightLibrary,
    *,
    output: Output,
    signals: Interruption,
) -> Iterator[TrainedTrial]:
    """The trials that can be selected, the best first; those whose weights are lost are trained again."""
    for result in standings.contenders()[:MOST_KEPT]:
        trial = journal.trials[result.trial]
        (fit,) = search.fits.fits(trial.assignment)
        weights = library.read(result)
        if weights is None:
            output.note(f"training trial {result.trial} again, because its weights were lost or not kept")
            recorded = journal.results[result.key]
            metric = search.setup.settings.objective.metric
            with signals.graceful():
                weights = train_again(
                    search.loaded.data, trial, fit, recorded, metric=metric, should_stop=signals.requested
                )
            signals.raise_if_requested()
            if weights is None:
                continue
            library.add(recorded, weights)
        yield TrainedTrial(result, fit, weights)


def _write(
    run: OpenRun,
    search: PreparedSearch,
    ensemble: TrialEnsemble,
    *,
    started: float,
    output: Output,
) -> bool:
    """Write the ensemble's run folder; return False if its scores overflow, so that it is of no use."""
    data, split, setup = search.loaded.data, search.split, search.setup
    predictor, selection = ensemble.predictor(data), ensemble.selection
    post_training = PostTraining.of(setup.experiment.model)
    predictor = predictor.calibrated_on_columns(post_training, data, split.validation)
    decoder = predictor.decoder
    parts = score_parts(predictor, data, None, split)
    if not all(math.isfinite(part.loss) for part in parts.values() if part):
        return False
    arrays, description = model_files(ensemble.to_write(data))
    facts = known_facts(
        setup.experiment,
        data,
        ensemble.members[0][0].fit.settings,
        search.loaded.checked(split),
        blas_threads=1 if set_blas_threads(1) else None,
        sizes=(split.train.size, split.validation.size, split.test.size),
        networks=[trial.fit.layout for trial, _ in ensemble.members],
    )
    facts["selection"] = {
        "metric": setup.settings.objective.metric,
        "objective": selection.score,
        "best_alone": selection.scores[0],
        "rounds": len(selection.chosen),
        "kept": selection.kept,
        "candidates": ensemble.candidates,
        "trials": [
            {"trial": trial.result.trial, "count": count, "objective": trial.result.objective}
            for trial, count in ensemble.members
        ],
    }
    if decoder.temperature is not None:
        facts["calibration"] = {"temperature": decoder.temperature}
    description |= decoder.fitted_parameters
    opened = create_run(
        run.path,
        name=setup.experiment.name or "",
        kind="train",
        config=run.read_config() or search.loaded.config.text,  # a resumed search has loaded resolved.yaml
        resolved=resolved_yaml(setup.experiment, command="search", trials=setup.configs),
        manifest=facts,
        folder=names.NEXT_ENSEMBLE,
    )
    with RunRecorder(opened, started=started):
        opened.log(f"{counted(len(ensemble.members), 'trial')}, selected on the validation rows")
        opened.write_model(arrays, description)
        warn(opened, post_training.warnings(decoder, rows=split.validation.size), output.note)
        write_scores(opened, parts)
    return True
