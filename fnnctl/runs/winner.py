"""The last step of a search: the best trial becomes a run, if need be by a refit, and is tested once."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from fnnctl.config.reading.resolved import resolved_yaml
from fnnctl.context import NoFigures, SilentListener
from fnnctl.messages import Message, warning_facts
from fnnctl.records.restored_weights import restored_weights
from fnnctl.records.trials import Result
from fnnctl.runs.recorder import record_warnings
from fnnctl.runs.search_session import SearchSession
from fnnctl.runs.trained_trials import TrainedTrials, complete_trial
from fnnctl.runs.training import complete_training, create_training_run
from fnnctl.space.assignments import Assignment
from fnnctl.store import names
from fnnctl.store.folder import RunFolder
from fnnctl.store.manifest import RestoredWeightsFacts
from fnnctl.store.run import OpenRun
from fnnctl.trials.schemes.base import WinnersFit


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
    """The winner of the confirmation or, until there is one, the incumbent of the search."""
    confirmation = session.confirmation
    if confirmation and (leader := confirmation.chosen):
        best, epochs = leader.result, leader.epochs
    else:
        best, epochs = incumbent, session.scheme.winners_epochs(incumbent)
    configuration = dict(session.journal.trials[best.trial].assignment)
    return Winner(best.trial, best.objective, configuration, epochs)


def weights_of_training_alone(session: SearchSession, winner: Winner) -> RestoredWeightsFacts | None:
    """What `fnnctl train` keeps of the winner's configuration, if not the weights of its objective."""
    setup = session.setup
    if not session.scheme.facts.has_objective_curve:
        return None  # training one network does not give it at all, and an ensemble on bags gives it exactly
    results = [result for result in session.journal.all_results.values() if result.trial == winner.trial]
    return restored_weights(
        setup.configs.experiment_of(winner.configuration).training.early_stopping,
        sorted(results, key=lambda result: result.budget),
        epochs=setup.budget.max_epochs,
    )


def write_winner(session: SearchSession, winner: Winner, trained: TrainedTrials) -> None:
    """Write the winner's run, and test it once: from its trained members, or else from a refit.

    No figure is drawn. If an earlier process left an incomplete folder, it is replaced. The complete run of a
    former winner stays until the run of this winner can replace it.

    A complete run is that of this winner if its `resolved.yaml` has the same bytes: every setting, the seed
    and the number of epochs are in it, so they determine the run's bits. The trial's number is not enough,
    because an extended search may train the same trial for more epochs.
    """
    started = time.monotonic()
    run, search, context = session.run, session.search, session.final_context
    folder = RunFolder(run.path / names.BEST)
    complete = folder.has(names.MANIFEST) and folder.read_manifest().status == "completed"
    trial = session.setup.configs.experiment_of(winner.configuration)
    new = session.scheme.winners_fit(
        search.loaded, search.split, trial, number=winner.trial, epochs=winner.epochs
    )
    resolved = resolved_yaml(new.fit.experiment)
    if not complete or folder.read_resolved() != resolved.encode("utf-8"):
        if new.note:
            context.note(new.note)
        record_warnings(run, new.left_out, context.listener)
        check = search.loaded.checked_data(search.split, bags=new.fit.settings.bags)
        opened = create_training_run(
            replace(context, runs_dir=run.path),
            search.loaded.data,
            new.fit,
            check=check.with_warnings(new.left_out),
            folder=names.NEXT_BEST if complete else names.BEST,
            trial=winner.trial,
        )
        _complete(session, winner, new, opened, trained, started)
        if complete:
            run.replace_winner()
    # Last, because they are copied from the run that stands for the search, which must be complete.
    run.write_metrics((run.result_run() or folder).read_metrics() or {})


def _complete(
    session: SearchSession,
    winner: Winner,
    new: WinnersFit,
    run: OpenRun,
    trained: TrainedTrials,
    started: float,
) -> None:
    """Write the contents of the winner's run folder; see `complete_training`.

    The search repeats what puts the scores in doubt, and does so before the winner's run is complete: a
    resumed search does not write a complete one again.
    """

    def repeat(doubts: Sequence[Message]) -> None:
        # What was said about a former winner is not true of this one.
        search_warnings = [
            warning for warning in session.run.read_manifest().messages if warning.part != names.BEST
        ]
        session.run.record(warning_facts(search_warnings))
        warnings = [warning.of_part(names.BEST, new.name) for warning in doubts]
        record_warnings(session.run, warnings, SilentListener(), first=True)  # the user has seen them

    data, context = session.search.loaded.data, replace(session.final_context, figures=NoFigures())
    if not session.keeps_trials:
        complete_training(
            run,
            data,
            new.fit,
            context,
            started=started,
            budget=session.setup.budget.max_epochs,
            workers=session.options.workers,
            on_doubts=repeat,
        )
        return
    trial = trained.of(session.standings.latest[winner.trial])
    if trial is None:
        raise ValueError(f"nothing is kept of trial {winner.trial}")
    is_result = session.run.ensemble() is None
    complete_trial(
        run,
        data,
        new.fit,
        trial,
        context,
        started=started,
        stands_for_search=is_result,
        on_doubts=repeat,
    )
