"""The largest budget of a search, whose trials may have epochs of their own."""

from __future__ import annotations

from fnnctl.config.paths import EPOCHS, SPACE, ConfigPath, parse_path
from fnnctl.config.problems import Problems, predicate
from fnnctl.config.rules.dimensions import domain_of
from fnnctl.config.schema.experiment import Experiment
from fnnctl.config.schema.search import SearchConfig
from fnnctl.space.layers import Layers


def largest_budget(experiment: Experiment, search: SearchConfig) -> int:
    """The most epochs of a trial: `max_epochs` or, without it, the most that the config or its space has."""
    if search.budget.max_epochs is not None:
        return search.budget.max_epochs
    return max([experiment.training.epochs, *_searched_epochs(search).values()])


def budget_problems(search: SearchConfig, epochs: int) -> Problems:
    """What does not fit the largest budget of these `epochs`: rungs, domains of epochs, and first trials."""
    problems: Problems = {}
    budget = search.budget
    if search.method.scheduling.has_rungs and budget.total is None and budget.min_epochs > epochs:
        problems["search", "budget", "min_epochs"] = predicate(
            "must be at most {largest}, which is {epochs}",
            "training.epochs",
            "search.budget.max_epochs",
            largest="training.epochs" if budget.max_epochs is None else "max_epochs",
            epochs=epochs,
        )
    for path, most in _searched_epochs(search).items():
        if most > epochs:
            problems[path] = predicate(
                "has up to {most:,} epochs, but search.budget.max_epochs is {largest:,}",
                advice="raise it, or write null",
                most=most,
                largest=epochs,
            )
    return problems


def _searched_epochs(search: SearchConfig) -> dict[ConfigPath, int]:
    """The most epochs that a domain or a first trial has, by its path; empty if all have equally many."""
    most: dict[ConfigPath, int] = {}
    for key, section in search.domains.items() if search.objective.scheme.trains_ensembles else ():
        if parse_path(key) != EPOCHS:
            continue
        domain = domain_of(section)
        if not isinstance(domain, Layers) and not list(domain.problems()):
            numbers = [value for value in domain.values_to_try() if isinstance(value, int)]
            most[*SPACE, key] = max(numbers, default=0)
    entries = search.start_from if most and isinstance(search.start_from, tuple) else ()
    for index, entry in enumerate(entries):
        for key, value in entry.items():
            if parse_path(key) == EPOCHS and isinstance(value, int):
                most["search", "start_from", index, key] = value
    return most
