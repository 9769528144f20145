"""The ensemble of a search: trials are selected greedily on the validation rows, and tested once."""

from __future__ import annotations

import math
import time
from typing import Any, Final

from fnnctl.blas import set_blas_threads
from fnnctl.config.reading.resolved import resolved_yaml
from fnnctl.modelling.model_description import model_files
from fnnctl.modelling.predictor import score_parts
from fnnctl.runs.facts import known_facts
from fnnctl.runs.recorder import RunRecorder, record_warnings, write_scores
from fnnctl.runs.search_session import SearchSession
from fnnctl.runs.trained_trials import trained_trials, weight_library
from fnnctl.stacks.trial_ensemble import TrialEnsemble, select_trials
from fnnctl.store import names
from fnnctl.store.run import create_run
from fnnctl.tasks.post_training import PostTraining
from fnnctl.text import counted

NO_ENSEMBLE: Final = "there is no ensemble"
"""How the warning of a search begins that asked for an ensemble and cannot have one."""


def build_ensemble(session: SearchSession) -> None:
    """Select an ensemble of the search's trials and write its run folder, if the config asks for one.

    No figure is drawn.
    """
    started, settings = time.monotonic(), session.setup.settings
    run, context = session.run, session.context
    library = weight_library(run, session.setup, session.journal)
    if settings.ensemble is None or library is None:
        return
    set_blas_threads(1)
    context.note("selecting an ensemble of the trials on the validation rows")
    ensemble = select_trials(
        session.search.loaded.data,
        list(trained_trials(session, library)),
        session.search.split.validation,
        metric=settings.objective.metric,
        minimized=settings.objective.minimized,
        size=settings.ensemble.size,
    )
    context.stop.raise_if_requested()
    if ensemble is None:
        record_warnings(run, [f"{NO_ENSEMBLE}: the scores of all trials overflow"], context.listener)
    elif _write(session, ensemble, started=started):
        run.replace_ensemble()
    else:
        record_warnings(run, [f"{NO_ENSEMBLE}: its scores of some rows overflow"], context.listener)


def _write(session: SearchSession, ensemble: TrialEnsemble, *, started: float) -> bool:
    """Write the ensemble's run folder; return False if its scores overflow, so that it is of no use."""
    run, setup, search = session.run, session.setup, session.search
    data, split, listener = search.loaded.data, search.split, session.context.listener
    post_training = PostTraining.of(setup.experiment.model)
    predictor = ensemble.predictor(data).calibrated_on_columns(post_training, data, split.validation)
    decoder = predictor.decoder
    parts = score_parts(predictor, data, None, split)
    if not all(math.isfinite(part.loss) for part in parts.values() if part):
        return False
    arrays, description = model_files(ensemble.to_write(data))
    facts = known_facts(
        setup.experiment,
        data,
        ensemble.members[0][0].fit.settings,
        search.loaded.checked_data(split),
        command=session.context.command,
        blas_threads=set_blas_threads(1),
        sizes=(split.train.size, split.validation.size, split.test.size),
        networks=[trial.fit.layout for trial, _ in ensemble.members],
    )
    facts["selection"] = _selection_facts(ensemble, setup.settings.objective.metric)
    if decoder.temperature is not None:
        facts["calibration"] = {"temperature": decoder.temperature}
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
        opened.write_model(arrays, {**description, **decoder.fitted_parameters})
        record_warnings(opened, post_training.warnings(decoder, rows=split.validation.size), listener)
        write_scores(opened, parts)
    return True


def _selection_facts(ensemble: TrialEnsemble, metric: str) -> dict[str, Any]:
    """The manifest's facts about how the trials were selected."""
    selection = ensemble.selection
    return {
        "metric": metric,
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
