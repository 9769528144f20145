"""The last step of a search: the best trial becomes a run, if need be by a refit, and is tested once."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from fnnctl.config.reading.resolved import resolved_yaml
from fnnctl.config.recipes.resolving import recipe_values
from fnnctl.context import Context, NoFigures, SilentListener
from fnnctl.messages import Message, warning_facts
from fnnctl.modelling.fit import Fit
from fnnctl.modelling.loading import split_data
from fnnctl.modelling.recipe_facts import recipe_facts
from fnnctl.modelling.refit import (
    left_out_of_refit,
    refit_experiment,
    refit_note,
    trained_experiment,
)
from fnnctl.records.restored_weights import restored_weights
from fnnctl.records.trials import Result
from fnnctl.runs.recorder import record_warnings
from fnnctl.runs.search_session import SearchSession
from fnnctl.runs.trained_trials import TrainedTrials
from fnnctl.runs.training import complete_trained, complete_training, create_training_run
from fnnctl.space.assignments import Assignment
from fnnctl.store import names
from fnnctl.store.folder import RunFolder
from fnnctl.store.manifest import RestoredWeightsFacts
from fnnctl.store.run import OpenRun
from fnnctl.trials.bags import SCORES, rebuilt_stack
from fnnctl.trials.results import KEPT_EPOCH


@dataclass(frozen=True, slots=True)
class Winner:
    """The best trial, which becomes a run."""

    trial: int
    objective: float | None
    """Its objective in the search."""
    configuration: Assignment
    epochs: int
    """The number of epochs of its run: that of a refit, or the most for which the trial was trained."""


def winner_of(session: SearchSession, incumbent: Result) -> Winner:
    """The winner of the confirmation or, until there is one, the incumbent of the search.

    The incumbent's number of epochs is its budget, or the epoch of its best weights if it kept those.
    """
    confirmation = session.confirmation
    if session.setup.settings.objective.scheme.trains_ensembles:
        best, epochs = incumbent, incumbent.budget
    elif confirmation and (leader := confirmation.chosen):
        best, epochs = leader.result, leader.epochs
    else:
        best, epochs = incumbent, (incumbent.facts or {}).get(KEPT_EPOCH) or incumbent.budget
    configuration = dict(session.journal.trials[best.trial].assignment)
    return Winner(best.trial, best.objective, configuration, epochs)


def weights_of_training_alone(session: SearchSession, winner: Winner) -> RestoredWeightsFacts | None:
    """What `fnnctl train` keeps of the winner's configuration, if not the weights of its objective."""
    setup = session.setup
    if setup.settings.objective.on != "validation":
        return None  # training one network does not give it at all, and an ensemble on bags gives it exactly
    results = [result for result in session.journal.all_results.values() if result.trial == winner.trial]
    return restored_weights(
        setup.configs.experiment_of(winner.configuration).training.early_stopping,
        sorted(results, key=lambda result: result.budget),
        epochs=setup.budget.max_epochs,
    )


@dataclass(frozen=True, slots=True)
class _WinnersRun:
    """How the winner becomes a run."""

    fit: Fit
    note: str | None
    """What is said before."""
    left_out: list[Message]
    """Warnings about settings of the trial that the run cannot follow."""
    name: str
    """What the search's warnings call the run."""
    complete: Callable[[OpenRun, Context], list[Message]]
    """Writes the contents of the run folder; see `complete_training`."""


def write_winner(session: SearchSession, winner: Winner, trained: TrainedTrials) -> None:
    """Write the winner's run, and test it once: from its trained members, or else from a refit.

    No figure is drawn. If an earlier process left an incomplete folder, it is replaced. The complete run of a
    former winner stays until the run of this winner can replace it.

    A complete run is that of this winner if its `resolved.yaml` has the same bytes: every setting, the seed
    and the number of epochs are in it, so they determine the run's bits. The trial's number is not enough,
    because an extended search may train the same trial for more epochs.
    """
    started = time.monotonic()
    run, loaded, context = session.run, session.search.loaded, session.context
    folder = RunFolder(run.path / names.BEST)
    complete = folder.has(names.MANIFEST) and folder.read_manifest().status == "completed"
    on_bags = session.setup.settings.objective.scheme.trains_ensembles
    if on_bags:
        new = _trained_run(session, winner, trained, started)
    else:
        new = _refitted_run(session, winner, started)
    resolved = resolved_yaml(new.fit.experiment)
    if not complete or folder.read_resolved() != resolved.encode("utf-8"):
        if new.note:
            context.note(new.note)
        record_warnings(run, new.left_out, context.listener)
        check = loaded.checked_data(session.search.split, bags=new.fit.settings.bags)
        opened = create_training_run(
            replace(context, runs_dir=run.path),
            loaded.data,
            new.fit,
            check=check.with_warnings(new.left_out),
            folder=names.NEXT_BEST if complete else names.BEST,
            trial=winner.trial,
        )
        about_scores = new.complete(opened, replace(context, figures=NoFigures()))
        # What was said about a former winner is not true of this one.
        kept = [warning for warning in run.read_manifest().messages if warning.part != names.BEST]
        run.record(warning_facts(kept))
        warnings = [warning.of_part(names.BEST, new.name) for warning in about_scores]
        record_warnings(run, warnings, SilentListener(), first=True)  # the user has seen them
        if complete:
            run.replace_winner()
    # Last, because they are copied from the run that stands for the search, which must be complete.
    run.write_metrics((run.result_run() or folder).read_metrics() or {})


def _refitted_run(session: SearchSession, winner: Winner, started: float) -> _WinnersRun:
    """The winner trained on training and validation rows for its own number of epochs."""
    loaded = session.search.loaded
    data, ensemble = loaded.data, loaded.experiment.model.ensemble
    trial = session.setup.configs.experiment_of(winner.configuration)
    experiment = refit_experiment(trial, epochs=winner.epochs, ensemble=ensemble)
    with loaded.config.add_locations():
        fit = Fit.of(data, experiment, split_data(data, experiment))
    recipe = recipe_values(trial.recipe, recipe_facts(data, trial))
    return _WinnersRun(
        fit,
        refit_note(trial, ensemble, recipe),
        left_out_of_refit(trial, ensemble, recipe),
        f"the refitted trial {winner.trial}",
        lambda run, context: complete_training(
            run,
            data,
            fit,
            context,
            started=started,
            budget=session.setup.budget.max_epochs,
            workers=session.options.workers,
        ),
    )


def _trained_run(
    session: SearchSession, winner: Winner, trials: TrainedTrials, started: float
) -> _WinnersRun:
    """The winner as the search trained it."""
    loaded = session.search.loaded
    trial = session.setup.configs.experiment_of(winner.configuration)
    experiment = trained_experiment(trial, epochs=winner.epochs)
    with loaded.config.add_locations():
        fit = Fit.of(loaded.data, experiment, session.search.split)

    def complete(run: OpenRun, context: Context) -> list[Message]:
        trained = trials.of(session.standings.latest[winner.trial])
        if trained is None:
            raise ValueError(f"nothing is kept of trial {winner.trial}")
        stack = rebuilt_stack(loaded.data, fit, trained.weights)
        scores = list(trained.weights[SCORES])
        return complete_trained(
            run,
            loaded.data,
            fit,
            stack,
            context,
            started=started,
            scores=scores,
            stands_for_search=session.run.ensemble() is None,
        )

    return _WinnersRun(fit, None, [], f"trial {winner.trial}", complete)
