"""Minimizes or maximizes any Python function with the samplers and schedulers of `fnnctl search`.

`optimize` calls the function; an `Optimizer` is asked for assignments, and told their values.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, TypeAlias, TypedDict, Unpack, get_args

import numpy as np

from fnnctl.api.arguments import number, path_of, seconds, whole, whole_or_none
from fnnctl.api.floating_point import default_errstate
from fnnctl.api.keywords import with_keywords
from fnnctl.api.plain_values import plain_dimension, plain_value
from fnnctl.config.paths import problem_at
from fnnctl.config.schema.methods import METHODS
from fnnctl.config.schema.search import DEFAULT_TRIALS, MAX_TRIALS, SearchConfig
from fnnctl.errors import ConfigError, Problem, UsageError
from fnnctl.messages import Message
from fnnctl.records import trials as records
from fnnctl.records.history import SearchHistory
from fnnctl.records.journal import TIME_IS_OVER, Journal
from fnnctl.records.trials import Direction, JobKey, Result, Status
from fnnctl.search import functions
from fnnctl.search.budget import MIN_REDUCTION_FACTOR, SearchBudget
from fnnctl.search.loop import normalized_result
from fnnctl.search.protocols import Sampler, Scheduler
from fnnctl.search.samplers import make_sampler
from fnnctl.search.schedulers import build_scheduler
from fnnctl.space.dimensions import Dimension
from fnnctl.space.domains import Choice, Domain
from fnnctl.space.expression_parser import ExpressionError
from fnnctl.space.identity import identity
from fnnctl.space.space import Space
from fnnctl.text import did_you_mean, joined_words, quoted

SpaceLike: TypeAlias = Space | Mapping[str, Any] | Iterable[Dimension]
"""A space; or the domain of each variable by its name, where a list is a choice; or dimensions, which may
have conditions."""


_METHODS: Final = tuple(name for name in METHODS if name != "nas")
"""Those whose samplers need no hidden layers."""


class OptimizerArguments(TypedDict, total=False):
    """The keyword arguments of an `Optimizer`; `optimize` explains them."""

    method: Annotated[str, "bayes"]
    direction: Annotated[Direction, "minimize"]
    trials: int | None
    max_epochs: Annotated[int, 1]
    min_epochs: Annotated[int, 1]
    reduction_factor: Annotated[float, 3]
    require: Annotated[str | Sequence[str], ()]
    seed: Annotated[int, 0]


class OptimizeArguments(OptimizerArguments, total=False):
    """Those of `optimize`, which also calls the objective."""

    time_limit: float | None
    journal: str | Path | None
    catch: Annotated[type[Exception] | tuple[type[Exception], ...], ()]


@dataclass(frozen=True, slots=True)
class Optimum:
    """The best assignment of a search."""

    assignment: Mapping[str, Any] | None
    """The values of the variables; None if no objective was finite."""
    value: float | None
    """The objective of the assignment."""
    trials: Mapping[str, list[Any]]
    """All trials, the best first, as columns: rank, trial, status, objective, epochs, and the variables."""
    end: str | None
    """Why the search ended, such as `complete` or `the time limit`; None if it goes on."""


@with_keywords
def optimize(
    objective: Callable[..., float], space: SpaceLike, **arguments: Unpack[OptimizeArguments]
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
        require: A comparison that every assignment must fulfil, such as "depth * width <= 512", or several.
        seed: Of the sampler.
        time_limit: Seconds after which no other objective is computed.
        journal: A file. Every result is written to it, so that the same call continues a search that was
            killed.
        catch: Exceptions of this type, or of these types, make a trial fail. Any other ends the search.

    Raises `UsageError` for a wrong argument, `ConfigError` for wrong bounds and comparisons, and `DataError`
    if the journal is another search's.
    """
    plan = _plan(space, arguments)
    limit = seconds("time_limit", arguments["time_limit"])
    journal, catch = arguments["journal"], arguments["catch"]
    if not callable(objective):
        raise UsageError(f"the objective must be a function, not {objective!r}")
    kinds = catch if isinstance(catch, tuple) else (catch,)
    if not all(isinstance(kind, type) and issubclass(kind, Exception) for kind in kinds):
        raise UsageError(f"catch must be a tuple of types of exceptions, not {catch!r}")
    started = time.monotonic()
    errors_of_caller = np.geterr()

    def value(job: records.Job) -> float:
        values = dict(job.trial.assignment)
        with np.errstate(**errors_of_caller):
            result = objective(values, job.stop) if plan.budget.max_epochs > 1 else objective(values)
        return _objective(result)

    def stop() -> Message | None:
        is_over = limit is not None and time.monotonic() - started >= limit
        return TIME_IS_OVER if is_over else None

    with default_errstate():
        history = functions.search_function(
            value,
            plan.sampler,
            budget=plan.budget,
            direction=plan.direction,
            scheduler=plan.scheduler,
            journal=None if journal is None else path_of("journal", journal),
            catch=kinds,
            stop=stop,
        )
    return _optimum(history)


@dataclass(frozen=True, slots=True)
class Job:
    """An assignment to evaluate after a number of epochs; `Optimizer.ask` returns it."""

    trial: int
    """The number of the trial. Each of its jobs has the same assignment."""
    assignment: Mapping[str, Any]
    """The values of the variables, by name."""
    start: int
    """The epochs after the trial's job before this one; 0 for its first job."""
    epochs: int
    """The epochs after which the objective is wanted; 1 without `max_epochs`."""


class Optimizer:
    """The search of `optimize`, where the caller asks for assignments and tells their values.

        >>> from fnnctl.space import Uniform
        >>> optimizer = Optimizer({"x": Uniform(0, 1)}, trials=40)
        >>> while jobs := optimizer.ask():
        ...     for job in jobs:
        ...         optimizer.tell(job, (job.assignment["x"] - 0.4) ** 2)
        >>> abs(optimizer.best.assignment["x"] - 0.4) < 0.05
        True

    Equal calls in the same order give equal assignments. Nothing is written.
    """

    @with_keywords
    def __init__(self, space: SpaceLike, **arguments: Unpack[OptimizerArguments]) -> None:
        """For the parameters and errors see `optimize`."""
        plan = _plan(space, arguments)
        self._scheduler = plan.new_scheduler()
        self._journal = Journal()
        self._journal.begin(functions.new_header(plan.scheduler, plan.budget, plan.direction))
        self._open: dict[JobKey, records.Job] = {}
        """The jobs whose values are still to be told."""

    @default_errstate()
    def ask(self, n: int = 1) -> list[Job]:
        """Return up to `n` jobs that may run in parallel.

        There are none if the search first needs values of open jobs or, if no job is open, if it is over.
        """
        count, jobs = whole("n", n), list[records.Job]()
        while len(jobs) < count and (more := self._scheduler.ask(count - len(jobs))):
            jobs += more
        self._journal.begin_trials([job.trial for job in jobs if job.start == 0])
        self._open |= {job.key: job for job in jobs}
        return [Job(job.trial.number, dict(job.trial.assignment), job.start, job.stop) for job in jobs]

    @default_errstate()
    def tell(self, job: Job, value: float) -> None:
        """Give the value of a job's objective; NaN says that the trial has diverged.

        Raises `UsageError` if it was told before, or if the job is not from this optimizer.
        """
        objective = _objective(value)
        key = (job.trial, job.epochs) if isinstance(job, Job) else None
        open_job = self._open.pop(key, None) if key else None
        if open_job is None:
            raise UsageError(
                f"{job!r} is no open job of this optimizer: its value was told, or it is another's"
            )
        epochs = open_job.stop - open_job.start
        result = normalized_result(
            Result(open_job.trial.number, open_job.rung, open_job.stop, Status.COMPLETED, objective, epochs)
        )
        self._journal.add_result(result)
        self._journal.add_stops(self._scheduler.tell(result))

    @property
    def best(self) -> Optimum:
        """The best assignment so far, and all trials."""
        return _optimum(SearchHistory(self._journal))


@dataclass(frozen=True, slots=True)
class _Plan:
    """What a search without networks consists of."""

    sampler: Sampler
    scheduler: str
    budget: SearchBudget
    direction: Direction

    def new_scheduler(self) -> Scheduler:
        """The scheduler; a model-based sampler proposes one assignment at a time."""
        return build_scheduler(self.scheduler, self.sampler, self.budget, direction=self.direction, batch=1)


def _plan(space: SpaceLike, arguments: OptimizerArguments) -> _Plan:
    """What these arguments ask for; raises the errors of `optimize`."""
    method, direction = arguments["method"], arguments["direction"]
    if method not in _METHODS:
        choices = joined_words(_METHODS, "or")
        name, near = (
            (quoted(method), did_you_mean(method, _METHODS)) if isinstance(method, str) else (method, "")
        )
        raise UsageError(f"there is no method {name}; choose {choices}{near}")
    largest = whole("max_epochs", arguments["max_epochs"])
    smallest = whole("min_epochs", arguments["min_epochs"])
    if largest == 1 and METHODS[method][0] != "full_budget":
        raise UsageError(f"{method} compares trials at several budgets: set max_epochs, or use bayes")
    if direction not in get_args(Direction):
        raise UsageError(f"direction must be {joined_words(get_args(Direction), 'or')}, not {direction!r}")
    if smallest > largest:
        raise UsageError(f"epochs from {smallest} to {largest} are no budgets")
    count = whole_or_none("trials", arguments["trials"], MAX_TRIALS)
    settings = SearchConfig.model_validate({"method": method, **({} if count is None else {"trials": count})})
    scheduling = settings.method.scheduling
    budget = SearchBudget(
        max_epochs=largest,
        min_epochs=smallest,
        reduction_factor=number("reduction_factor", arguments["reduction_factor"], MIN_REDUCTION_FACTOR),
        trials=count or (None if settings.method.sampling.lists_grid else DEFAULT_TRIALS),
        max_trials=count if scheduling.has_brackets else None,
    )
    sampler = make_sampler(
        settings.method.sampler,
        _space(space, arguments["require"]),
        settings,
        seed=whole("seed", arguments["seed"], 0),
        key=identity,
    )
    return _Plan(sampler, settings.method.scheduler, budget, direction)


def _objective(value: Any) -> float:
    """The value of an objective; raises `UsageError` if it is no number."""
    try:
        return float(value)
    except (TypeError, ValueError):
        raise UsageError(f"the value of an objective must be a number, not {value!r}") from None


def _optimum(history: SearchHistory) -> Optimum:
    winner, best = history.winner, history.best
    if winner is None or best is None:
        return Optimum(None, None, history.leaderboard(), history.end)
    return Optimum(best.assignment, winner.objective, history.leaderboard(), history.end)


def _space(space: SpaceLike, require: str | Sequence[str]) -> Space:
    constraints = space.constraints if isinstance(space, Space) else ()
    dimensions = [*map(plain_dimension, _dimensions(space))]
    problems = [
        problem_at((dimension.name,), message)
        for dimension in dimensions
        for message in _wrong_bounds(dimension.domain)
    ]
    names = [dimension.name for dimension in dimensions]
    problems += [
        problem_at((dimension.name,), f"has a condition on {condition.dimension!r}, which is no variable")
        for dimension in dimensions
        for condition in dimension.conditions
        if condition.dimension not in names
    ]
    if not dimensions:
        problems = [Problem("the space has no variable; write, e.g., {'x': Uniform(0, 1)}")]
    if problems:
        raise ConfigError(*problems)
    comparisons = [require] if isinstance(require, str) else require
    if not isinstance(comparisons, list | tuple) or not all(isinstance(text, str) for text in comparisons):
        raise UsageError(f"require must be a comparison, such as 'a < b', or a list of them, not {require!r}")
    try:
        plain = Space(dimensions, comparisons)
    except ExpressionError as error:
        raise ConfigError(problem_at(("require",), str(error))) from error
    except ValueError as error:
        raise ConfigError(Problem(f"the space: {error}")) from error
    plain.constraints += constraints
    return plain


def _dimensions(space: SpaceLike) -> list[Dimension]:
    if isinstance(space, Space):
        return list(space.dimensions)
    if isinstance(space, Mapping):
        return [Dimension(name, _domain(name, domain)) for name, domain in space.items()]
    dimensions = list(space) if isinstance(space, Iterable) else [space]
    if not all(isinstance(dimension, Dimension) for dimension in dimensions):
        raise UsageError(f"the space must be a mapping from names to domains of fnnctl.space, not {space!r}")
    return dimensions


def _wrong_bounds(domain: Domain) -> list[str]:
    """What is wrong with a domain."""
    try:
        return [message for _, message in domain.problems()]
    except TypeError:  # comparisons and logarithms of what are no numbers
        return [f"has bounds that are no numbers: {domain}"]


def _domain(name: str, domain: object) -> Domain:
    if isinstance(domain, Domain):
        return domain
    if isinstance(domain, list | np.ndarray):  # a tuple may be meant as bounds
        return Choice(plain_value(domain, (name,)))
    kind = type(domain).__name__
    raise ConfigError(
        problem_at((name,), f"must be a domain of fnnctl.space or a list of values, not {kind}")
    )
