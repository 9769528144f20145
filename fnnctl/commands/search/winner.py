"""The last step of `fnnctl search`: the best trial is trained again, and tested once."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from fnnctl.commands.preparation import PreparedSearch
from fnnctl.commands.train import complete_training, create_training_run
from fnnctl.config.reading.resolved import resolved_yaml
from fnnctl.config.recipes.filling import recipe_values
from fnnctl.console.output import Output
from fnnctl.console.signals import Interruption
from fnnctl.modelling.fit import Fit
from fnnctl.modelling.loading import split_data
from fnnctl.modelling.recipe_facts import recipe_facts
from fnnctl.modelling.refit import left_out_of_refit, refit_experiment, refit_note
from fnnctl.records.confirmation import confirmation
from fnnctl.records.journal import Journal
from fnnctl.records.kept_weights import KeptWeights, kept_weights
from fnnctl.records.standings import Standings
from fnnctl.records.trials import Result
from fnnctl.report.figures.drawer import FigureDrawer
from fnnctl.runs.recorder import warn
from fnnctl.space.assignments import Assignment
from fnnctl.stacks.trial_results import KEPT_EPOCH
from fnnctl.store import names
from fnnctl.store.folder import RunFolder
from fnnctl.store.run import OpenRun


@dataclass(frozen=True, slots=True)
class Winner:
    """The trial that is refitted."""

    trial: int
    objective: float | None
    """Its objective in the search."""
    configuration: Assignment
    epochs: int
    """The number of epochs for the refit."""


def winner_of(journal: Journal, standings: Standings, incumbent: Result) -> Winner:
    """The winner of the confirmation or, until there is one, the incumbent of the search.

    The incumbent's number of epochs is its budget, or the epoch of its best weights if it kept those.
    """
    found = confirmation(journal.settings, standings, journal.confirmed)
    if found and (leader := found.chosen):
        best, epochs = leader.result, leader.epochs
    else:
        best, epochs = incumbent, (incumbent.facts or {}).get(KEPT_EPOCH) or incumbent.budget
    return Winner(best.trial, best.objective, dict(journal.trials[best.trial].assignment), epochs)


def weights_kept_alone(search: PreparedSearch, journal: Journal, winner: Winner) -> KeptWeights | None:
    """What `fnnctl train` keeps of the winner's configuration, if not the weights of its objective."""
    setup = search.setup
    if setup.settings.objective.on == "cross_validation":  # training one network does not give it at all
        return None
    results = [each for each in journal.results.values() if each.trial == winner.trial]
    return kept_weights(
        setup.configs.experiment_of(winner.configuration).training.early_stopping,
        sorted(results, key=lambda each: each.budget),
        epochs=setup.budget.max_epochs,
    )


def refit_winner(
    run: OpenRun,
    search: PreparedSearch,
    winner: Winner,
    *,
    output: Output,
    signals: Interruption,
) -> None:
    """Train the winner on training and validation rows for its own number of epochs, and test it once.

    No figure is drawn.

    If an earlier process left an incomplete folder, it is replaced. The complete run of a former winner
    stays until the run of this winner can replace it.
    """
    started = time.monotonic()
    folder = RunFolder(run.path / names.BEST)
    complete = folder.path.exists() and folder.read_manifest().status == "completed"
    data = search.loaded.data
    trial = search.setup.configs.experiment_of(winner.configuration)
    ensemble = search.loaded.experiment.model.ensemble
    experiment = refit_experiment(trial, epochs=winner.epochs, ensemble=ensemble)
    with search.loaded.config.located():
        split = split_data(data, experiment)
        fit = Fit.of(data, experiment, split)
    resolved = resolved_yaml(fit.experiment)
    if not complete or folder.read_resolved() != resolved.encode("utf-8"):
        recipe = recipe_values(trial.recipe, recipe_facts(data, trial))
        output.note(refit_note(trial, ensemble, recipe))
        left_out = left_out_of_refit(trial, ensemble, recipe)
        warn(run, left_out, output.note)
        check = search.loaded.checked(split, bags=fit.settings.bags)
        opened = create_training_run(
            run.path,
            data,
            fit,
            check=replace(check, warnings=[*check.warnings, *left_out]),
            folder=names.NEXT_BEST if complete else names.BEST,
            trial=winner.trial,
        )
        doubts = complete_training(
            opened,
            data,
            fit,
            None,
            started=started,
            output=output,
            signals=signals,
            figures=FigureDrawer(wanted=False),
            budget=search.setup.budget.max_epochs,
        )
        own = [f"the refitted trial {winner.trial}: {doubt}" for doubt in doubts]
        warn(run, own, lambda _: None, first=True)  # shown already
        if complete:
            run.replace_winner()
    run.write_metrics(folder.read_metrics() or {})
