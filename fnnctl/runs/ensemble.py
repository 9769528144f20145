"""The ensemble of a search: trials are selected greedily on rows that did not train them, and tested once."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from fnnctl.blas import set_blas_threads
from fnnctl.config.reading.resolved import resolved_yaml
from fnnctl.context import SilentListener
from fnnctl.data.splits.parts import Split
from fnnctl.messages import Message
from fnnctl.metrics.registry import is_loss
from fnnctl.modelling.model_description import fitted_entries, model_files
from fnnctl.modelling.predictor import score_parts
from fnnctl.modelling.worst_rows import WorstRows
from fnnctl.nn.parameters import ParameterLayout
from fnnctl.runs.facts import known_facts
from fnnctl.runs.recorder import RunRecorder, log_warnings, record_warnings, write_scores
from fnnctl.runs.search_session import SearchSession
from fnnctl.runs.trained_trials import TrainedTrials
from fnnctl.runs.unlike_rows import unlike_rows_warnings
from fnnctl.store import names
from fnnctl.store.run import create_run
from fnnctl.tasks.task import OutputDecoder, PartScores, metric_of
from fnnctl.text import counted
from fnnctl.trials.bagged_ensemble import select_on_bags
from fnnctl.trials.ensemble import TrainedTrial, TrialEnsemble, TrialMembers, select_trials

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
    run, context = session.run, session.context
    if settings.ensemble is None:
        return
    set_blas_threads(1)
    on_bags = settings.objective.scheme.trains_ensembles
    how = "by their out-of-bag predictions" if on_bags else "on the validation rows"
    context.note(f"selecting an ensemble of the trials {how}")
    trials = list(trained.contenders())
    context.stop.raise_if_requested()
    if not trials:  # the manifest does not say it: a resume makes the ensemble
        log_warnings(run, [NO_WEIGHTS], context.listener)
        return
    size = settings.ensemble.size
    if on_bags:
        selected = _select_on_bags(session, trials, size)
    else:
        selected = _select_on_validation(session, trials, size)
    context.stop.raise_if_requested()
    if selected is None:
        record_warnings(run, [_no_ensemble("the scores of all trials overflow")], context.listener)
    elif _write(session, selected, how, started=started):
        run.replace_ensemble()
    else:
        record_warnings(run, [_no_ensemble("its scores of some rows overflow")], context.listener)


def _no_ensemble(why: str) -> Message:
    return Message(NO_ENSEMBLE, f"there is no ensemble: {why}")


@dataclass(frozen=True, slots=True)
class _ScoredEnsemble:
    """A selected ensemble, and what it scores on the rows of each part."""

    ensemble: TrialMembers
    split: Split
    decoder: OutputDecoder
    parts: dict[str, PartScores | None]
    selection: dict[str, Any]
    """The manifest's facts about how the trials were selected."""
    warnings: Sequence[Message] = ()
    """Warnings about its test part."""

    @property
    def networks(self) -> list[ParameterLayout]:
        """The layouts of all networks."""
        trials = (trial for trial, _ in self.ensemble.members)
        return [trial.fit.layout for trial in trials for _ in range(trial.fit.settings.ensemble)]


def _select_on_validation(
    session: SearchSession, trials: Sequence[TrainedTrial], size: int
) -> _ScoredEnsemble | None:
    """The ensemble that is selected and calibrated on the validation part; None if there is none."""
    data, split = session.search.loaded.data, session.search.split
    objective = session.setup.settings.objective
    ensemble = select_trials(
        data,
        trials,
        split.validation,
        metric=objective.metric,
        minimized=objective.minimized,
        size=size,
    )
    if ensemble is None:
        return None
    predictor = ensemble.predictor(data)
    predictor = predictor.calibrated_on_columns(session.post_training, data, split.validation)
    facts = _selection_facts(ensemble, objective.metric)
    return _ScoredEnsemble(
        ensemble, split, predictor.decoder, score_parts(predictor, data, None, split), facts
    )


def _select_on_bags(
    session: SearchSession, trials: Sequence[TrainedTrial], size: int
) -> _ScoredEnsemble | None:
    """The ensemble that is selected and calibrated by the out-of-bag scores; None if there is none."""
    data, metric = session.search.loaded.data, session.setup.settings.objective.metric
    default = session.search.fits.typical_fit({})
    ensemble = select_on_bags(
        data, trials, session.post_training, metric=metric, size=size, default=default or trials[0].fit
    )
    if ensemble is None:
        return None
    split = ensemble.candidates[0].fit.split(data)
    predictor, out_of_bag = ensemble.calibrated, ensemble.out_of_bag
    parts = score_parts(predictor, data, None, replace(split, validation=split.validation[:0]))
    parts["validation"] = out_of_bag
    facts = _selection_facts(ensemble, metric)
    metrics = dict.fromkeys([metric, data.task.default_metric])
    facts["nested"] = [_nested_score(name, out_of_bag, ensemble.nested) for name in metrics]
    unlike = unlike_rows_warnings(
        data,
        predictor.preprocessor,
        split,
        test=parts["test"],
        held_out=ensemble.nested,
        where="out of bag",
    )
    return _ScoredEnsemble(ensemble, split, predictor.decoder, parts, facts, unlike)


def _nested_score(metric: str, selected: PartScores, nested: PartScores) -> dict[str, Any]:
    """The manifest's facts about a metric: on the rows that selected an ensemble, and the honest one."""
    pair = metric_of(selected, metric), metric_of(nested, metric)
    facts = {"metric": metric, "selected": pair[0], "nested": pair[1]}
    if pair[0] is None or pair[1] is None:
        return facts
    rise = pair[0] - pair[1]
    return {**facts, "optimism": -rise if is_loss(metric) else rise}


def _write(session: SearchSession, selected: _ScoredEnsemble, how: str, *, started: float) -> bool:
    """Write the ensemble's run folder; return False if its scores overflow, so that it is of no use."""
    run, setup, search = session.run, session.setup, session.search
    data, split, listener = search.loaded.data, selected.split, session.context.listener
    members, decoder = selected.ensemble.members, selected.decoder
    if not all(math.isfinite(part.loss) for part in selected.parts.values() if part):
        return False
    arrays, description = model_files(selected.ensemble.to_write(data))
    # Trials may differ in shape, and the facts have the layouts of all. What else is read of the settings,
    # such as the outputs and whether there are bags, all trials have in common.
    has_twins = all(trial.fit.settings.twins for trial, _ in members)
    settings = replace(members[0][0].fit.settings, twins=has_twins)
    facts = known_facts(
        setup.experiment,
        data,
        settings,
        search.loaded.checked_data(search.split, bags=settings.bags),
        command=session.context.command,
        blas_threads=set_blas_threads(1),
        sizes=(split.train.size, split.validation.size, split.test.size),
        networks=selected.networks,
    )
    facts["selection"] = selected.selection
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
        opened.log(f"{counted(len(members), 'trial')}, selected {how}")
        opened.write_model(arrays, {**description, **fitted_entries(decoder)})
        warnings = session.post_training.warnings(decoder, rows=split.validation.size)
        record_warnings(opened, [*selected.warnings, *warnings], listener)
        in_search = [warning.of_part(names.ENSEMBLE, "the ensemble") for warning in selected.warnings]
        record_warnings(run, in_search, SilentListener(), first=True)  # the user has seen them
        write_scores(opened, selected.parts, partial(WorstRows.of_data, data.dataset, split.test))
    return True


def _selection_facts(ensemble: TrialEnsemble, metric: str) -> dict[str, Any]:
    """The manifest's facts about how the trials were selected."""
    gains = ensemble.gains
    return {
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
