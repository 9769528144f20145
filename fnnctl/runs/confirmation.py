"""The step of a search between its trials and the refit: which of the leaders is the best?"""

from __future__ import annotations

from fnnctl.messages import Message
from fnnctl.records.confirmation import Confirmation
from fnnctl.report.verdicts import against_leaders, left_out_sentence, verdict_sentence
from fnnctl.runs.recorder import log_warnings, record_notes
from fnnctl.runs.search_session import SearchSession
from fnnctl.stacks.work import PARTS_OF_EPOCH
from fnnctl.text import counted
from fnnctl.trials.confirmation_source import ConfirmationSource


def confirm_leaders(session: SearchSession) -> None:
    """Train the leaders with every seed, as far as the journal does not have it, and record the results.

    Nothing is done without `search.confirm`, or with a single leader. A time limit is one of the search's
    trials: it does not end the confirmation. An interrupt does; what is recorded by then is kept.
    """
    confirmation = session.confirmation
    if confirmation is not None and not confirmation.is_complete:
        _train(session, confirmation)
        session.journal.sync()
        confirmation = session.confirmation
    if confirmation is not None and confirmation.is_complete:
        if left_out := left_out_sentence(confirmation):
            log_warnings(session.run, [Message("seeds_left_out", left_out)], session.context.listener)
        record_notes(session.run, [verdict_sentence(against_leaders(confirmation))], session.context.listener)


def _train(session: SearchSession, confirmation: Confirmation) -> None:
    """Train the missing networks; the order of the records does not depend on the workers."""
    context, journal, budget = session.context, session.journal, confirmation.budget
    missing = [
        (journal.trials[leader.trial], seed)
        for leader in confirmation.leaders
        for seed in range(confirmation.seeds)
        if (leader.trial, budget, seed) not in journal.confirmed
    ]
    context.note(
        f"confirming the best {len(confirmation.leaders):,} trials with {confirmation.seeds:,} seeds each: "
        f"{counted(len(missing), 'network')} to train"
    )
    epochs = budget * len(missing)
    with context.stop.graceful(), context.listener.amount(epochs) as show:

        def poll(done: int) -> bool:
            show(done / PARTS_OF_EPOCH)
            return context.stop.requested()

        with session.workers(epochs=epochs, poll=poll) as executor:
            source = ConfirmationSource(
                session.search.draws(confirmation.seeds),
                executor,
                metric=session.setup.settings.objective.metric,
                budget=budget,
                on_stack=session.note_times,
            )
            for confirmed in source.run(missing):
                journal.add_confirmed(confirmed)
