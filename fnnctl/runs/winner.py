"""The last step of a search: the best trial is trained again, and tested once."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from fnnctl.config.reading.resolved import resolved_yaml
from fnnctl.config.recipes.filling import recipe_values
from fnnctl.context import NoFigures, SilentListener
from fnnctl.modelling.fit import Fit
from fnnctl.modelling.loading import split_data
from fnnctl.modelling.recipe_facts import recipe_facts
from fnnctl.modelling.refit import left_out_of_refit, refit_experiment, refit_note
from fnnctl.records.restored_weights import restored_weights
from fnnctl.records.trials import Result
from fnnctl.runs.recorder import record_warnings
from fnnctl.runs.search_session import SearchSession
from fnnctl.runs.training import complete_training, create_training_run
from fnnctl.space.assignments import Assignment
from fnnctl.stacks.trial_results import KEPT_EPOCH
from fnnctl.store import names
from fnnctl.store.folder import RunFolder
from fnnctl.store.manifest import RestoredWeightsFacts


@dataclass(frozen=True, slots=True)
class Winner:
    """The trial that is refitted."""

    trial: int
    objective: float | None
    """Its objective in the search."""
    configuration: Assignment
    epochs: int
    """The number of epochs for the refit."""


def winner_of(session: SearchSession, incumbent: Result) -> Winner:
    """The winner of the confirmation or, until there is one, the incumbent of the search.

    The incumbent's number of epochs is its budget, or the epoch of its best weights if it kept those.
    """
    confirmation = session.confirmation
    if confirmation and (leader := confirmation.chosen):
        best, epochs = leader.result, leader.epochs
    else:
        best, epochs = incumbent, (incumbent.facts or {}).get(KEPT_EPOCH) or incumbent.budget
    configuration = dict(session.journal.trials[best.trial].assignment)
    return Winner(best.trial, best.objective, configuration, epochs)


def weights_of_training_alone(session: SearchSession, winner: Winner) -> RestoredWeightsFacts | None:
    """What `fnnctl train` keeps of the winner's configuration, if not the weights of its objective."""
    setup = session.setup
    if setup.settings.objective.on == "cross_validation":  # training one network does not give it at all
        return None
    results = [result for result in session.journal.results.values() if result.trial == winner.trial]
    return restored_weights(
        setup.configs.experiment_of(winner.configuration).training.early_stopping,
        sorted(results, key=lambda result: result.budget),
        epochs=setup.budget.max_epochs,
    )


def refit_winner(session: SearchSession, winner: Winner) -> None:
    """Train the winner on training and validation rows for its own number of epochs, and test it once.

    No figure is drawn. If an earlier process left an incomplete folder, it is replaced. The complete run of a
    former winner stays until the run of this winner can replace it.
    """
    started = time.monotonic()
    run, loaded, context = session.run, session.search.loaded, session.context
    folder = RunFolder(run.path / names.BEST)
    complete = folder.has(names.MANIFEST) and folder.read_manifest().status == "completed"
    data, ensemble = loaded.data, loaded.experiment.model.ensemble
    trial = session.setup.configs.experiment_of(winner.configuration)
    experiment = refit_experiment(trial, epochs=winner.epochs, ensemble=ensemble)
    with loaded.config.add_locations():
        split = split_data(data, experiment)
        fit = Fit.of(data, experiment, split)
    resolved = resolved_yaml(fit.experiment)
    if not complete or folder.read_resolved() != resolved.encode("utf-8"):
        recipe = recipe_values(trial.recipe, recipe_facts(data, trial))
        context.note(refit_note(trial, ensemble, recipe))
        left_out = left_out_of_refit(trial, ensemble, recipe)
        record_warnings(run, left_out, context.listener)
        check = loaded.checked_data(split, bags=fit.settings.bags)
        opened = create_training_run(
            replace(context, runs_dir=run.path),
            data,
            fit,
            check=check.with_warnings(left_out),
            folder=names.NEXT_BEST if complete else names.BEST,
            trial=winner.trial,
        )
        doubts = complete_training(
            opened,
            data,
            fit,
            replace(context, figures=NoFigures()),
            started=started,
            budget=session.setup.budget.max_epochs,
            workers=session.options.workers,
        )
        warnings = [f"the refitted trial {winner.trial}: {doubt}" for doubt in doubts]
        record_warnings(run, warnings, SilentListener(), first=True)  # the user has seen them
        if complete:
            run.replace_winner()
    run.write_metrics(folder.read_metrics() or {})
