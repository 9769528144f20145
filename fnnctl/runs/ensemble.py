"""The ensemble of a search: trials are selected greedily on rows that did not train them, and tested once."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from functools import partial
from typing import Any, Final

from fnnctl.blas import set_blas_threads
from fnnctl.config.reading.resolved import resolved_yaml
from fnnctl.context import SilentListener
from fnnctl.messages import Message
from fnnctl.metrics.registry import is_loss
from fnnctl.modelling.covering import error_arrays, error_tails
from fnnctl.modelling.drift import histogram_arrays
from fnnctl.modelling.explanations.background import kept_rows
from fnnctl.modelling.model_description import fitted_entries, model_files
from fnnctl.modelling.predictor import score_parts
from fnnctl.modelling.row_groups import judged_groups
from fnnctl.modelling.trained_rows import trained_rows_of
from fnnctl.modelling.worst_rows import WorstRows
from fnnctl.runs.facts import known_facts
from fnnctl.runs.recorder import RunRecorder, log_warnings, record_warnings, write_scores
from fnnctl.runs.search_session import SearchSession
from fnnctl.runs.trained_trials import TrainedTrials
from fnnctl.runs.unlike_rows import unlike_rows_warnings
from fnnctl.store import names
from fnnctl.store.run import create_run
from fnnctl.tasks.task import PartScores, Task, metric_of
from fnnctl.text import counted
from fnnctl.trials.ensemble import TrialEnsemble

NO_ENSEMBLE: Final = "no_ensemble"
"""The kind of the warning of a search that asked for an ensemble and cannot have one."""

NO_WEIGHTS: Final = Message(
    "no_weights_for_ensemble",
    "no ensemble is made: the weights of the trials are lost, and no time is left to train the trials again; "
    "continue with --resume",
)
"""If a search on bags must end before it can make its ensemble."""


def build_ensemble(session: SearchSession, trained: TrainedTrials) -> None:
    """Select an ensemble of the search's trials and write its run folder, if the config asks for one.

    No figure is drawn.
    """
    started, settings = time.monotonic(), session.setup.settings
    run, context = session.run, session.final_context
    if settings.ensemble is None:
        return
    set_blas_threads(1)
    context.note(f"selecting an ensemble of the trials {session.scheme.selected_by}")
    trials = list(trained.contenders())
    context.stop.raise_if_requested()
    if not trials:  # the manifest does not say it: a resume makes the ensemble
        log_warnings(run, [NO_WEIGHTS], context.listener)
        return
    selected = session.scheme.select(
        session.search.fits,
        trials,
        session.post_training,
        objective=settings.objective,
        size=settings.ensemble.size,
    )
    context.stop.raise_if_requested()
    if selected is None:
        record_warnings(run, [_no_ensemble("the scores of all trials overflow")], context.listener)
    elif _write(session, selected, started=started):
        run.replace_ensemble()
    else:
        record_warnings(run, [_no_ensemble("its scores of some rows overflow")], context.listener)


def _no_ensemble(why: str) -> Message:
    return Message(NO_ENSEMBLE, f"there is no ensemble: {why}")


def _nested_score(metric: str, selected: PartScores, nested: PartScores) -> dict[str, Any]:
    """The manifest's facts about a metric: on the rows that selected an ensemble, and the honest one."""
    pair = metric_of(selected, metric), metric_of(nested, metric)
    facts = {"metric": metric, "selected": pair[0], "nested": pair[1]}
    if pair[0] is None or pair[1] is None:
        return facts
    rise = pair[0] - pair[1]
    return {**facts, "optimism": -rise if is_loss(metric) else rise}


def _write(session: SearchSession, ensemble: TrialEnsemble, *, started: float) -> bool:
    """Write the ensemble's run folder; return False if its scores overflow, so that it is of no use."""
    run, setup, search = session.run, session.setup, session.search
    data, listener, out_of_bag = search.loaded.data, session.final_context.listener, ensemble.out_of_bag
    members, predictor = ensemble.members, ensemble.calibrated
    split, decoder = members[0][0].fit.split(data), predictor.decoder
    scored = split if out_of_bag is None else replace(split, validation=split.validation[:0])
    parts = score_parts(predictor, data, None, scored)
    if out_of_bag is not None:
        parts["validation"] = out_of_bag
    if not all(math.isfinite(part.loss) for part in parts.values() if part):
        return False
    arrays, description = model_files(ensemble.to_write(data))
    tails = error_tails(ensemble.nested, data, split.validation)  # a validation part has chosen the trials
    arrays |= error_arrays(tails, data.task)
    arrays |= kept_rows(data, members[0][0].fit.experiment, predictor, split)
    has_bags = out_of_bag is not None
    arrays |= histogram_arrays(data, split.train, predictor, parts, out_of_bag=has_bags)
    # Trials may differ in shape, and the facts have the layouts of all. What else is read of the settings,
    # such as the outputs and whether there are bags, all trials have in common.
    has_twins = all(trial.fit.settings.twins for trial, _ in members)
    settings = replace(members[0][0].fit.settings, twins=has_twins)
    layouts = [trial.fit.layout for trial, _ in members for _ in range(trial.fit.settings.ensemble)]
    facts = known_facts(
        setup.experiment,
        data,
        settings,
        search.loaded.checked_data(search.split, bags=settings.bags),
        command=session.final_context.command,
        blas_threads=set_blas_threads(1),
        sizes=(split.train.size, split.validation.size, split.test.size),
        networks=layouts,
    )
    facts["selection"] = _selection_facts(ensemble, data.task, setup.settings.objective.metric)
    if decoder.temperature is not None:
        facts["calibration"] = {"temperature": decoder.temperature}
    opened = create_run(
        run.path,
        name=setup.experiment.name or "",
        kind="train",
        config=run.read_config() or search.loaded.config.text,  # a resumed search has loaded resolved.yaml
        bases=run.read_bases(),
        resolved=resolved_yaml(setup.experiment, command="search", trials=setup.configs),
        manifest=facts,
        folder=names.NEXT_ENSEMBLE,
    )
    opened.write_trained_rows(trained_rows_of(data, [trial.fit for trial, _ in members]))
    unlike = unlike_rows_warnings(
        data,
        predictor.preprocessor,
        split,
        test=parts["test"],
        held_out=ensemble.nested,
        where="out of bag",
    )
    with RunRecorder(opened, started=started):
        opened.log(f"{counted(len(members), 'trial')}, selected {session.scheme.selected_by}")
        opened.write_model(arrays, {**description, **fitted_entries(decoder)})
        warnings = session.post_training.warnings(decoder, rows=split.validation.size)
        record_warnings(opened, [*unlike, *warnings], listener)
        in_search = [warning.of_part(names.ENSEMBLE, "the ensemble") for warning in unlike]
        record_warnings(run, in_search, SilentListener(), first=True)  # the user has seen them
        worst = partial(WorstRows.of_data, data.dataset, split.test)
        write_scores(opened, parts, worst, tails, judged_groups(data, split))
    return True


def _selection_facts(ensemble: TrialEnsemble, task: Task, metric: str) -> dict[str, Any]:
    """The manifest's facts about how the trials were selected."""
    gains = ensemble.gains
    facts: dict[str, Any] = {
        "metric": metric,
        "objective": ensemble.objective,
        "best_alone": ensemble.best_alone,
        "rounds": len(ensemble.selection.additions),
        "kept": ensemble.selection.size,
        "candidates": len(ensemble.candidates),
        "trials": [
            {
                "trial": trial.result.trial,
                "count": count,
                "objective": trial.result.objective,
                **({"gain": gains[trial.result.trial]} if gains else {}),
            }
            for trial, count in ensemble.members
        ],
    }
    if ensemble.out_of_bag is not None and ensemble.nested is not None:
        scores = ensemble.out_of_bag, ensemble.nested
        metrics = dict.fromkeys([metric, task.default_metric])
        facts["nested"] = [_nested_score(name, *scores) for name in metrics]
    return facts
