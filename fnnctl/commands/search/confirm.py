"""The step of `fnnctl search` between its trials and the refit: which of the leaders is the best?"""

from __future__ import annotations

from fnnctl.commands.preparation import PreparedSearch
from fnnctl.commands.search.options import SearchOptions
from fnnctl.commands.search.workers import open_workers
from fnnctl.console.output import Output
from fnnctl.console.progress import amount_progress
from fnnctl.console.signals import Interruption
from fnnctl.records.confirmation import Confirmation, confirmation
from fnnctl.records.journal import Journal
from fnnctl.records.standings import Standings
from fnnctl.report.topics.confirmation import left_out_sentence, verdict_sentence
from fnnctl.stacks.confirmation_feed import ConfirmationFeed
from fnnctl.store.run import OpenRun
from fnnctl.text import counted


def confirm_leaders(
    run: OpenRun,
    search: PreparedSearch,
    journal: Journal,
    standings: Standings,
    options: SearchOptions,
    *,
    output: Output,
    signals: Interruption,
) -> None:
    """Train the leaders with every seed, as far as the journal does not have it, and record the results.

    Nothing is done without `search.confirm`, or with a single leader. A time limit is one of the search's
    trials: it does not end the confirmation. An interrupt does; what is recorded by then is kept.
    """
    found = confirmation(journal.settings, standings, journal.confirmed)
    if found is None:
        return
    if not found.is_complete:
        _train(run, search, journal, found, options, output=output, signals=signals)
        journal.sync()
        found = confirmation(journal.settings, standings, journal.confirmed) or found
    if found.is_complete:
        left_out = left_out_sentence(found)
        warnings = [f"warning: {left_out}"] if left_out else []
        for sentence in [*warnings, verdict_sentence(found)]:
            output.note(sentence)
            run.log(sentence)


def _train(
    run: OpenRun,
    search: PreparedSearch,
    journal: Journal,
    found: Confirmation,
    options: SearchOptions,
    *,
    output: Output,
    signals: Interruption,
) -> None:
    """Train the missing networks; the order of the records does not depend on the workers."""
    missing = [
        (journal.trials[leader.trial], seed)
        for leader in found.leaders
        for seed in range(found.seeds)
        if (leader.trial, found.budget, seed) not in journal.confirmed
    ]
    output.note(
        f"confirming the best {len(found.leaders):,} trials with {found.seeds:,} seeds each: "
        f"{counted(len(missing), 'network')} to train"
    )
    epochs = found.budget * len(missing)
    with signals.graceful(), amount_progress(output, epochs) as show:

        def poll(done: int) -> bool:
            show(done)
            return signals.requested()

        with open_workers(run, search, options, epochs=epochs, poll=poll, output=output) as executor:
            feed = ConfirmationFeed(
                search.draws(found.seeds),
                executor,
                metric=search.setup.settings.objective.metric,
                budget=found.budget,
                on_stack=lambda event: run.note_times([event]),
            )
            for confirmed in feed.run(missing):
                journal.add_confirmed(confirmed)
