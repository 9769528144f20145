"""Minimizes or maximizes any Python function with the samplers and schedulers of `fnnctl search`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias, get_args

import numpy as np

from fnnctl.config.paths import problem_at
from fnnctl.config.schema.methods import METHODS
from fnnctl.config.schema.search import DEFAULT_TRIALS, SearchConfig
from fnnctl.errors import ConfigError, Problem, UsageError
from fnnctl.records.history import SearchHistory
from fnnctl.records.trials import Direction, Job
from fnnctl.search import functions
from fnnctl.search.budget import SearchBudget
from fnnctl.search.samplers import make_sampler
from fnnctl.space.dimensions import Dimension
from fnnctl.space.domains import Choice, Domain
from fnnctl.space.identity import identity
from fnnctl.space.space import Space
from fnnctl.text import did_you_mean, joined_words, shown

SpaceLike: TypeAlias = Space | Mapping[str, Any] | Iterable[Dimension]
"""A space; or the domain of each variable by its name, where a list is a choice; or dimensions, which may
have conditions."""


_METHODS: Final = tuple(name for name in METHODS if name != "nas")
"""Those whose samplers need no hidden layers."""


@dataclass(frozen=True, slots=True)
class Optimum:
    """The best assignment of a search."""

    assignment: Mapping[str, Any] | None
    """None if no value was finite."""
    value: float | None
    """The objective of the assignment."""
    history: SearchHistory
    """All trials and results."""


def optimize(
    objective: Callable[..., float],
    space: SpaceLike,
    *,
    method: str = "bayes",
    direction: Direction = "minimize",
    trials: int | None = None,
    max_epochs: int = 1,
    min_epochs: int = 1,
    reduction_factor: float = 3,
    require: Sequence[str] = (),
    seed: int = 0,
    time_limit: float | None = None,
    journal: str | Path | None = None,
    catch: tuple[type[Exception], ...] = (),
) -> Optimum:
    """Search for the assignment with the best objective; one seed gives one result.

        >>> from fnnctl.space import LogUniform, Uniform
        >>> best = optimize(
        ...     lambda values: (values["x"] - 0.4) ** 2 + abs(values["rate"] - 0.01),
        ...     {"x": Uniform(0, 1), "rate": LogUniform(1e-4, 1)},
        ...     trials=60,
        ... )
        >>> abs(best.assignment["x"] - 0.4) < 0.05
        True

    Args:
        objective: Called with an assignment, a mapping from names to values. With `max_epochs` it is called
            with the assignment and a number of epochs, once per rung. NaN says that the trial has diverged.
        space: Domains by name; see `fnnctl.space`.
        method: `random`, `grid`, `bayes`, `evolution`; with several epochs `halving`, `hyperband`, `asha` or
            `bohb`.
        direction: "minimize" or "maximize".
        trials: How many assignments are tried (default: 50, or what the method's brackets have).
        max_epochs: The largest budget of a trial.
        min_epochs: The smallest one.
        reduction_factor: The ratio of consecutive rungs.
        require: Comparisons that every assignment must fulfil, such as "depth * width <= 512".
        seed: Of the sampler.
        time_limit: Seconds after which no other objective is computed.
        journal: A file. Every result is written to it, so that the same call continues a search that was
            killed.
        catch: Exceptions of these types make a trial fail. Any other ends the search.

    Raises `UsageError` for an unknown method or a negative seed, `ConfigError` for wrong bounds, and
    `DataError` if the journal is another search's.
    """
    if method not in _METHODS:
        choices = joined_words(_METHODS, "or")
        raise UsageError(
            f"there is no method {shown(method)}; choose {choices}{did_you_mean(method, _METHODS)}"
        )
    if max_epochs == 1 and METHODS[method][0] != "full_budget":
        raise UsageError(f"{method} compares trials at several budgets: set max_epochs, or use bayes")
    if direction not in get_args(Direction):
        raise UsageError(f"direction must be {joined_words(get_args(Direction), 'or')}, not {direction!r}")
    if trials is not None and trials < 1:
        raise UsageError(f"trials must be at least 1, not {trials!r}")
    if not isinstance(seed, int | np.integer) or seed < 0:
        raise UsageError(f"seed must be a whole number of 0 or more, not {seed!r}")
    if not 1 <= min_epochs <= max_epochs:
        raise UsageError(f"epochs from {min_epochs!r} to {max_epochs!r} are no budgets")
    bound = {} if trials is None else {"trials": trials}
    settings = SearchConfig.model_validate({"method": method, **bound})
    scheduling = settings.method.scheduling
    budget = SearchBudget(
        max_epochs=max_epochs,
        min_epochs=min_epochs,
        reduction_factor=reduction_factor,
        trials=trials or (None if settings.method.sampling.lists_grid else DEFAULT_TRIALS),
        max_trials=trials if scheduling.has_brackets else None,
    )
    started = time.monotonic()

    def value(job: Job) -> float:
        values = dict(job.trial.assignment)
        return float(objective(values, job.stop) if max_epochs > 1 else objective(values))

    def stop() -> str | None:
        is_over = time_limit is not None and time.monotonic() - started >= time_limit
        return "the time limit" if is_over else None

    history = functions.search_function(
        value,
        make_sampler(settings.method.sampler, _space(space, require), settings, seed=seed, key=identity),
        budget=budget,
        direction=direction,
        scheduler=settings.method.scheduler,
        journal=None if journal is None else Path(journal),
        catch=catch,
        stop=stop,
    )
    winner, best = history.winner, history.best
    if winner is None or best is None:
        return Optimum(None, None, history)
    return Optimum(best.assignment, winner.objective, history)


def _space(space: SpaceLike, require: Sequence[str]) -> Space:
    if isinstance(space, Space):
        return space
    if isinstance(space, Mapping):
        space = [Dimension(name, _domain(name, domain)) for name, domain in space.items()]
    dimensions = list(space)
    problems = [
        problem_at((dimension.name,), message)
        for dimension in dimensions
        for _, message in dimension.domain.problems()
    ]
    if not dimensions:
        problems = [Problem("the space has no variable; write, e.g., {'x': Uniform(0, 1)}")]
    if problems:
        raise ConfigError(*problems)
    return Space(dimensions, require)


def _domain(name: str, domain: object) -> Domain:
    if isinstance(domain, Domain):
        return domain
    if isinstance(domain, list | tuple):
        return Choice(tuple(domain))
    kind = type(domain).__name__
    raise ConfigError(
        problem_at((name,), f"must be a domain of fnnctl.space or a list of values, not {kind}")
    )
