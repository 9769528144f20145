"""The `search` section: which settings are searched, how, and for which objective."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeVar

from pydantic import Discriminator, Field, Tag

from fnnctl.config.paths import MAX_ROWS, format_path, parse_path
from fnnctl.config.problems import NO_CONFIRMATION, no_effect, predicate, sentence
from fnnctl.config.schema.domains import ChoiceConfig, DomainConfig
from fnnctl.config.schema.methods import SAMPLERS, SCHEDULERS, Method, MethodConfig
from fnnctl.config.schema.objective import ObjectiveConfig
from fnnctl.config.schema.section import Section
from fnnctl.config.schema.setting import Place, Rule, Setting
from fnnctl.errors import Problem

if TYPE_CHECKING:
    from fnnctl.config.schema.experiment import Experiment

Record = TypeVar("Record")
Epochs = Annotated[int, Field(ge=1, le=10_000_000)]

DEFAULT_BATCH: Final = 8
"""The number of configurations that a sampler that learns proposes at once."""
MAX_TRIALS: Final = 10_000_000
DEFAULT_TRIALS = 50
"""The number of trials if neither the config nor the method determines it."""


def _if_method_is_known(rule: Callable[[SearchConfig], Iterator[Problem]]) -> Rule:
    """A rule about a search whose method is set: without a space the data choose it.

    Other methods may use a setting that has no effect, and the command line may choose another method.
    """

    @wraps(rule)
    def known(experiment: Experiment, _: Place) -> Iterator[Problem]:
        search = experiment.search
        if search is not None and not (search.is_auto and "method" not in search.model_fields_set):
            yield from rule(search)

    return known


@_if_method_is_known
def _counted_by_brackets(search: SearchConfig) -> Iterator[Problem]:
    """With a scheduler whose brackets set the number of trials, such as hyperband."""
    if search.method.scheduling.has_brackets:
        reason = f"{search.method.scheduler}'s brackets set the number of trials"
        yield no_effect(reason, "search.method")


@_if_method_is_known
def _one_budget(search: SearchConfig) -> Iterator[Problem]:
    """With a scheduler that gives every trial all epochs from the start."""
    if not search.method.scheduling.has_rungs:
        yield no_effect("every trial gets all epochs", "search.method")


@_if_method_is_known
def _no_brackets(search: SearchConfig) -> Iterator[Problem]:
    """With a scheduler that has no brackets."""
    if not search.method.scheduling.has_brackets:
        names = _names(SCHEDULERS, lambda record: record.has_brackets)
        yield no_effect(f"only {names} has brackets", "search.method")


@_if_method_is_known
def _no_total(search: SearchConfig) -> Iterator[Problem]:
    """With a scheduler that does not divide a total."""
    if not search.method.scheduling.divides_total:
        names = _names(SCHEDULERS, lambda record: record.divides_total)
        yield no_effect(f"only {names} divides a total", "search.method")


@_if_method_is_known
def _divided_total(search: SearchConfig) -> Iterator[Problem]:
    """If `search.budget.total` is divided instead."""
    if search.method.scheduling.divides_total and search.budget.total is not None:
        yield no_effect("search.budget.total is divided instead", "search.method", "search.budget.total")


@_if_method_is_known
def _in_any_order(search: SearchConfig) -> Iterator[Problem]:
    """With a method that decides the same whichever trial ends first."""
    if not search.depends_on_order:
        reason = f"{search.method.name} decides the same whichever trial ends first"
        yield no_effect(reason, "search.method")


@_if_method_is_known
def _learns_nothing(search: SearchConfig) -> Iterator[Problem]:
    """With a sampler that does not learn from results."""
    if not search.learns:
        yield no_effect(f"{search.method.name} does not learn from results", "search.method")


@_if_method_is_known
def _no_grid(search: SearchConfig) -> Iterator[Problem]:
    """With a sampler that divides no domains into points."""
    if not search.method.sampling.lists_grid:
        names = _names(SAMPLERS, lambda record: record.lists_grid)
        yield no_effect(f"only the {names} sampler divides domains into points", "search.method")


@_if_method_is_known
def _no_sequence(search: SearchConfig) -> Iterator[Problem]:
    """With a sampler that uses no sequence."""
    if not search.method.sampling.draws_sequence:
        names = _names(SAMPLERS, lambda record: record.draws_sequence)
        yield no_effect(f"only the {names} sampler uses a sequence", "search.method")


def _names(records: Mapping[str, Record], has: Callable[[Record], bool]) -> str:
    """The names of the schedulers or samplers that have a property, as the subject of a sentence."""
    return " or ".join(name for name, record in records.items() if has(record))


def _no_curve(experiment: Experiment, place: Place) -> Iterator[Problem]:
    """With a cross-validated objective, which has no learning curve."""
    reason = experiment.validation_scheme.no_curve_stopping
    if place.value != "none" and reason:
        yield sentence(
            reason,
            "search.objective.on",
            advice="write none, or set search.objective.on: validation",
        )


def _nothing_to_confirm_on(experiment: Experiment, place: Place) -> Iterator[Problem]:
    """With an objective on bags, which use all rows outside the test part, or without a validation part."""
    if place.value is None:
        return
    if reason := experiment.validation_scheme.no_confirmation:
        yield Problem(
            reason,
            kind=NO_CONFIRMATION,
            advice="write null, or set search.objective.on: validation",
            related=("search.objective.on",),
        )
    elif experiment.data.split.validation == 0:
        yield predicate(
            "measures on validation rows, but data.split.validation is 0",
            "data.split.validation",
            advice="write data.split.validation: 0.15, or confirm: null",
        )


def _several_networks(experiment: Experiment, place: Place) -> Iterator[Problem]:
    """With a cross-validated objective, which trains a network per fold."""
    reason = experiment.validation_scheme.no_ensemble
    if place.value is not None and reason:
        yield predicate(
            reason,
            "search.objective.on",
            advice="write null, or set search.objective.on: validation",
        )


def _no_samples(experiment: Experiment, _: Place) -> Iterator[Problem]:
    """With a sampler that tries samples of the rows first, if the scheduler stops trials or the space has no
    samples.
    """
    search = experiment.search
    if search is None or not search.method.sampling.tries_samples or _searches_samples(search):
        return
    if search.method.scheduling.has_rungs:
        text = f"{search.method.sampler} compares trials after all of their epochs"
        yield sentence(text, advice="write scheduler: full_budget")
    else:
        text = f"{search.method.sampler} tries samples of the rows and then all of them"
        yield sentence(
            text, advice=f"write {format_path(MAX_ROWS)}: {{choice: [null, 50000]}} in search.space"
        )


def _none_on_a_sample(experiment: Experiment, place: Place) -> Iterator[Problem]:
    """With a sampler that tries these trials on a sample of the rows first, if none has one."""
    search, first = experiment.search, place.value
    if search is None or not search.method.sampling.tries_samples or not _searches_samples(search):
        return
    if isinstance(first, str) and first != DEFAULTS:
        return  # the trials of another search, which are not known yet
    entries = first if isinstance(first, tuple) else ({},)
    trials = ({parse_path(key): value for key, value in entry.items()} for entry in entries)
    if all(trial.get(MAX_ROWS, experiment.training.max_rows) is None for trial in trials):
        text = f"{search.method.sampler} tries these trials on a sample first, but none has one"
        yield sentence(text, advice=f"write a list such as [{{{format_path(MAX_ROWS)}: 50000}}]")


def _searches_samples(search: SearchConfig) -> bool:
    """Whether trials with a sample of the rows and trials with all rows are compared after all epochs."""
    domains = {parse_path(key): domain for key, domain in search.domains.items()}
    domain = domains.get(MAX_ROWS)
    has_both = isinstance(domain, ChoiceConfig) and None in domain.choice
    return has_both and not search.method.scheduling.has_rungs


class BudgetConfig(Section):
    """How many epochs trials are trained for."""

    min_epochs: Annotated[Epochs, Setting(no_effect=(_one_budget, _divided_total))] = 1
    """The smallest number of epochs after which a trial is evaluated."""
    max_epochs: Annotated[Epochs | None, Setting(no_effect=(_divided_total,))] = None
    """The largest number of epochs of a trial; null for training.epochs."""
    reduction_factor: Annotated[float, Field(ge=2.0, le=1000.0), Setting(no_effect=(_one_budget,))] = 3.0
    """η: at every rung, one in η trials is promoted and gets η times the budget."""
    brackets: Annotated[Literal["algorithm", "table"], Setting(no_effect=(_no_brackets,))] = "algorithm"
    """HyperBand's brackets: those of Algorithm 1 in its paper, or those of Table 1, which have fewer
    trials."""
    total: Annotated[Annotated[int, Field(ge=1, le=10**15)] | None, Setting(no_effect=(_no_total,))] = None
    """For halving: the total epochs of all trials, divided evenly among the rungs, which determine min_epochs
    and max_epochs. Null to use min_epochs and max_epochs."""
    cost: Annotated[int, Field(ge=1, le=10**18)] | None = None
    """The most that the trials may cost, as epochs × rows × parameters, summed over their networks: no job
    begins once those before it cost as much. It does not depend on the machine. Null for no limit."""


class StopWhenConfig(Section):
    """When a search ends before its plan is complete."""

    no_improvement: Annotated[int, Field(ge=1, le=10_000_000)]
    """End the search after this many further trials without a new best one. Counting begins once a trial has
    had the largest budget; jobs that are under way are completed."""


class ConfirmConfig(Section):
    """How the leaders of a search are compared again before the winner is chosen."""

    top: Annotated[int, Field(ge=2, le=1000)] = 5
    """How many of the best trials are compared."""
    seeds: Annotated[int, Field(ge=2, le=1000)] = 10
    """How often each is trained: every seed draws other training and validation rows outside the test part,
    the same for all trials, and other initial weights."""


class GreedyEnsembleConfig(Section):
    """An ensemble of the search's trials."""

    size: Annotated[int, Field(ge=1, le=1000), Setting(is_common=True)] = 8
    """The number of rounds: the first takes the best trial, and each of the others adds the trial that
    improves the mean prediction of the validation rows most, by the search's objective. A trial may be added
    several times, and the rounds after the best one are left out."""


DEFAULTS: Final = "defaults"
"""The word that stands for the default settings in `start_from`."""
MOST_FIRST: Final = 10_000
"""The most trials that `start_from` lists."""
StartFrom = Annotated[
    Annotated[str, Field(min_length=1), Tag("text")]
    | Annotated[tuple[dict[str, Any], ...], Field(strict=False, max_length=MOST_FIRST), Tag("list")],
    Discriminator(lambda value: "list" if isinstance(value, list | tuple) else "text"),
]


AUTO_SPACE: Final = "auto"
"""The space that follows from the data."""
SpaceConfig = Annotated[
    Annotated[Literal["auto"], Tag("text")] | Annotated[dict[str, DomainConfig], Tag("mapping")],
    Discriminator(lambda value: "mapping" if isinstance(value, Mapping) else "text"),
]


class SearchConfig(Section):
    """Hyperparameter search."""

    method: Annotated[Method, Setting(is_common=True, search_contradictions=(_no_samples,))] = (
        MethodConfig.model_construct()
    )
    """The search method, by name or as {scheduler, sampler}."""
    objective: ObjectiveConfig = ObjectiveConfig.model_construct()
    """The objective of the search."""
    budget: BudgetConfig = BudgetConfig.model_construct()
    """The budgets of the trials."""
    trials: Annotated[
        Annotated[int, Field(ge=1, le=MAX_TRIALS)] | None,
        Setting(is_common=True, no_effect=(_counted_by_brackets,)),
    ] = None
    """The number of configurations to try; null for 50, for all that a grid or sample_first has, or for as
    many as budget.cost allows."""
    grid_resolution: Annotated[
        int, Field(ge=2, le=10_000), Setting(no_effect=(_no_grid,), synonyms=("points",))
    ] = 5
    """The number of values that a grid takes from a domain without steps."""
    sequence: Annotated[Literal["pseudo_random", "low_discrepancy"], Setting(no_effect=(_no_sequence,))] = (
        "pseudo_random"
    )
    """How random configurations are drawn: independently, or from a scrambled Halton sequence, which fills
    the space more evenly."""
    concurrency: Annotated[int, Field(ge=1, le=1_000_000), Setting(no_effect=(_in_any_order,))] = 16
    """How many jobs are under way at once if decisions depend on the order of results, as in asha or bayes.
    It does not depend on the number of workers, so results do not either; set it to at least that number.
    With --time-limit there may be fewer."""
    batch: Annotated[int, Field(ge=1, le=1_000_000), Setting(no_effect=(_learns_nothing,))] = DEFAULT_BATCH
    """How many configurations a sampler that learns proposes at once, so that they can train as a stack.
    Large batches train faster; with small ones, proposals follow from more results."""
    curve_stopping: Annotated[
        Literal["none", "median", "extrapolate"], Setting(search_contradictions=(_no_curve,))
    ] = "none"
    """Whether trials with bad learning curves are stopped: `median` stops those that are worse than the
    median of the others at the same epoch; `extrapolate` those with hardly a chance of beating the best
    trial. A trial is judged after each ninth of max_epochs."""
    stop_when: StopWhenConfig | None = None
    """When to end the search before its plan is complete; null for never."""
    start_from: Annotated[StartFrom | None, Setting(search_contradictions=(_none_on_a_sample,))] = None
    """The first trials: a list of mappings from searched settings to values, as in
    `[{training.l2: 0.01}]`, where the config gives what a mapping leaves out; `defaults` for the default
    trial, which has the config's values; or a search's run for the settings of its ten best trials. Null for
    none or, if the sampler learns, for `defaults` as far as `space` and `require` allow them."""
    confirm: Annotated[ConfirmConfig | None, Setting(search_contradictions=(_nothing_to_confirm_on,))] = None
    """Whether the best trials are trained again with several seeds, and the best on average wins; null to
    refit the trial with the best objective."""
    ensemble: Annotated[GreedyEnsembleConfig | None, Setting(search_contradictions=(_several_networks,))] = (
        None
    )
    """Whether the trials that had the largest budget also form an ensemble, in ensemble/ beside best/; null
    for none."""
    compare_with_default: bool = True
    """Whether the result of the search is compared, on the test part, with what `fnnctl train` gives for the
    config. For this, that is trained once, after the search, into default/, unless it is a trial on bags."""
    keep_checkpoints: bool = False
    """Whether to keep the checkpoints of all trials, not only those of trials that may be promoted."""
    space: Annotated[SpaceConfig, Setting(is_common=True)] = AUTO_SPACE
    """The settings to search: a mapping from each setting's path to its domain, as in
    `training.l2: {log_uniform: [1e-6, 1e-2]}`. `auto` searches what the config does not set, and what of this
    section is not set suits the data, too."""

    require: str | Annotated[list[str], Field(max_length=100)] | None = None
    """What every configuration must fulfil: a comparison such as `depth * width <= 512`, or a list of them.
    Searched settings are named by their paths or the last parts of these. There are + - * / **, min, max,
    and, or, not. A comparison holds if its setting is not searched in a trial."""

    @property
    def is_auto(self) -> bool:
        """Whether the space follows from the data."""
        return isinstance(self.space, str)

    @property
    def domains(self) -> Mapping[str, DomainConfig]:
        """The space; empty if it follows from the data, from which a search begins by making it."""
        return {} if isinstance(self.space, str) else self.space

    @property
    def may_train_ensembles(self) -> bool:
        """Whether trials are the config's ensemble or, with the space `auto`, are if that is possible."""
        is_open = self.is_auto and "on" not in self.objective.model_fields_set
        return is_open or self.objective.scheme.trains_ensembles

    @property
    def requirements(self) -> tuple[str, ...]:
        """The expressions of `require`."""
        texts = () if self.require is None else self.require
        return (texts,) if isinstance(texts, str) else tuple(texts)

    @property
    def depends_on_order(self) -> bool:
        """Whether decisions depend on the order of results, so that `concurrency` matters."""
        stops = self.stop_when is not None or self.curve_stopping != "none"
        stops = stops or self.budget.cost is not None
        return stops or self.learns or self.method.scheduling.depends_on_order

    @property
    def learns(self) -> bool:
        """Whether proposals depend on results, so that `batch` matters."""
        return self.method.sampling.learns

    @property
    def most_trials(self) -> int | None:
        """`trials` or its default; None for all configurations of a grid, or if only the cost is limited."""
        if self.trials is None and not (self.method.sampling.lists_grid or self.is_bounded_by_cost):
            return DEFAULT_TRIALS
        return self.trials

    @property
    def is_bounded_by_cost(self) -> bool:
        """Whether only the cost of the trials sets their number; the rungs of halving need the number."""
        return (
            self.trials is None and self.budget.cost is not None and not self.method.scheduling.divides_total
        )
