"""Continues a search's run: what it had planned, what is missing, and whether it may be extended."""

from __future__ import annotations

from collections.abc import Sequence

from fnnctl.blas import set_blas_threads
from fnnctl.config.reading.loading import ConfigText, load_config
from fnnctl.config.reading.overrides import Override
from fnnctl.config.reading.resolved import resolved_yaml
from fnnctl.context import Context, Listener
from fnnctl.data.in_memory import MemoryData
from fnnctl.errors import UsageError
from fnnctl.messages import warning_facts
from fnnctl.modelling.loading import LoadedExperiment, read_experiment
from fnnctl.modelling.run_config import resolved_config
from fnnctl.records.journal import CONFIRMED, End, Journal, decode
from fnnctl.records.trials import Status
from fnnctl.runs.ensemble import NO_ENSEMBLE
from fnnctl.runs.facts import machine_differences, resumed_facts
from fnnctl.runs.recorder import record_warnings
from fnnctl.search.budget import least
from fnnctl.search.extension import kept_horizon, more_trials, other_limit, plan_overrides, refuse_shorter
from fnnctl.search.setup import SearchSetup
from fnnctl.store import names
from fnnctl.store.folder import RunFolder
from fnnctl.store.run import OpenRun
from fnnctl.text import counted, joined_words
from fnnctl.trials.preparation import PreparedSearch, prepare_search


def begin_search_again(
    run: OpenRun, search: PreparedSearch, missing: Sequence[str], torn: int, context: Context
) -> None:
    """Record that the search goes on, and say it; `torn` bytes at the journal's end were incomplete."""
    setup = search.setup
    run.write_resolved(resolved_yaml(setup.experiment, command="search", trials=setup.configs))
    context.note(f"resuming {run.path}")
    if missing:
        context.note(f"{joined_words(missing)} will be made again: not found in the folder")
    if torn:
        lost = f"an incomplete record of {counted(torn, 'byte')}"
        context.note(f"the journal ended with {lost}, kept in {names.JOURNAL_TORN}")
    run.log("resumed")
    manifest = run.read_manifest()
    # What was said about the former ensemble, or why there is none, may not be true of the new one.
    warnings = [
        warning
        for warning in manifest.messages
        if warning.part != names.ENSEMBLE and warning.kind != NO_ENSEMBLE
    ]
    run.record({**resumed_facts(manifest, context.command), **warning_facts(warnings)})
    differences = machine_differences(manifest, blas_threads=set_blas_threads(1))
    record_warnings(run, [*differences, *kept_horizon(search.setup)], context.listener)


def is_over(run: RunFolder) -> bool:
    """Whether the search completed its plan and refitted its winner."""
    if run.read_manifest().status != "completed":
        return False
    records = (record for record in reversed(run.read_journal() or ()) if record["record"] != CONFIRMED)
    last = next(records, None)
    end = decode(last) if last else None
    return isinstance(end, End) and end.is_complete


def missing_folders(run: RunFolder) -> list[str]:
    """The folders inside a complete search that someone deleted."""
    if not is_over(run):
        return []
    missing = [] if run.winner() else [names.BEST]
    facts = run.read_manifest().search
    compared = facts.compared_with_default if facts else None
    if compared and compared.outcome in {"compared", "diverged", "no_time"} and not run.default():
        missing.append(names.DEFAULT)
    has_none = any(warning.kind == NO_ENSEMBLE for warning in run.read_manifest().messages)
    if run.ensemble() or has_none or run.read_resolved() is None:
        return missing
    search = load_config(resolved_config(run)).experiment.search
    return [*missing, names.ENSEMBLE] if search and search.ensemble else missing


def search_as_recorded(
    run: RunFolder, journal: Journal, listener: Listener, *, memory: MemoryData | None = None
) -> PreparedSearch:
    """The search with its journal's plan, which an earlier resume may have extended."""
    settings = journal.settings
    loaded = read_experiment(resolved_config(run), plan_overrides(settings), listener, run=run, memory=memory)
    return prepare_search(
        loaded,
        max_trials=settings.get("max_trials"),
        horizon=settings.get("horizon"),
        most_jobs=settings.get("concurrency"),
        default=_default_as_recorded(run, loaded),
    )


def _default_as_recorded(run: RunFolder, loaded: LoadedExperiment) -> LoadedExperiment:
    """What `fnnctl train` trains with the config of the search; an earlier version has not recorded it."""
    content = run.read_default_config()
    if content is None:
        return loaded
    file = run.path / names.DEFAULT_CONFIG
    config = load_config(ConfigText(content, file, has_lines=True, is_of_run=True))
    return LoadedExperiment(config, loaded.data, config.resolved)


def extended_search(
    recorded: PreparedSearch, journal: Journal, overrides: Sequence[Override], max_trials: int | None
) -> PreparedSearch:
    """The search with the requested plan; its lr_schedules keep their horizon."""
    words = [*plan_overrides(journal.settings), *overrides]
    loaded_config = recorded.loaded.config
    source = ConfigText(loaded_config.text, loaded_config.file, has_lines=True, is_of_run=True)
    config = load_config(source, words)
    most = recorded.setup.budget.max_trials if max_trials is None else max_trials
    loaded = LoadedExperiment(config, recorded.loaded.data, config.resolved)
    setup = recorded.setup
    prepared = prepare_search(
        loaded,
        max_trials=most,
        horizon=setup.configs.horizon,
        most_jobs=setup.most_jobs,
        default=recorded.default,
    )
    with config.add_locations():
        refuse_shorter(recorded.setup, prepared.setup)
    return prepared


def refuse_fewer_trials(
    recorded: PreparedSearch, search: PreparedSearch, journal: Journal, max_trials: int | None
) -> None:
    """Raise `UsageError` if the limit allows fewer trials than have started."""
    planned = search.setup.plan.trials
    if planned < min(len(journal.trials), recorded.setup.plan.trials):
        raise UsageError(
            f"--max-trials {max_trials} allows {counted(planned, 'trial')}, but {len(journal.trials):,} have "
            "already started: allow more, or end the search with --time-limit"
        )


def nothing_to_do_words(recorded: PreparedSearch, search: PreparedSearch, trials: int) -> str:
    """Words that say that a search of so many trials has all requested trials and epochs."""
    limit, has = search.setup.budget.max_trials, counted(trials, "trial")
    if limit is not None and limit < trials:
        option = more_trials(recorded.setup)
        more = f"; for more, write for example {option}" if option else ""
        return f" and already has {has}, more than --max-trials {limit}: nothing to do{more}"
    bound = "" if limit is None else f" with --max-trials {limit}"
    option = other_limit(search.setup)
    more = f" (for more, add {option})" if option else ""
    epochs = counted(search.setup.budget.max_epochs, "epoch")
    return f" and already has {has} of up to {epochs}{bound}{more}: nothing to do"


def budget_exhausted_message(search: SearchSetup, journal: Journal) -> str:
    """Words that say why an extended search with this journal had nothing to train."""
    trials = len(journal.trials)
    bounds = {"--set search.trials=": search.settings.most_trials, "--max-trials ": search.budget.max_trials}
    most, cost = least(*bounds.values()), search.budget.cost
    if most is not None and trials >= most:
        options = " ".join(f"{option}{2 * most}" for option, bound in bounds.items() if bound == most)
        why = f"the search may have {counted(most, 'trial')}; for more, add for example {options}"
    elif search.size is not None and trials >= search.size:
        why = f"all {counted(trials, 'configuration')} of search.space were tried"
    elif cost is not None and journal.of_trial(max(journal.trials))[-1].status is Status.FAILED:
        why = "its last trials are invalid, as their configurations make no network"
    elif cost is not None:  # the last trial to begin has used it up
        why = f"the trials already cost more than {cost:,}; write a larger search.budget.cost"
    else:
        why = f"all {counted(trials, 'trial')} have ended"
    return f"nothing was left to train: {why}"
