"""The `search` section: which settings are searched, how, and for which objective."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import Discriminator, Field, Tag

from fnnctl.config.schema.domains import DomainConfig
from fnnctl.config.schema.methods import Method, MethodConfig
from fnnctl.config.schema.section import Section
from fnnctl.config.schema.setting import Setting
from fnnctl.metrics.registry import is_loss

Epochs = Annotated[int, Field(ge=1, le=10_000_000)]

DEFAULT_BATCH: Final = 8
"""The number of configurations that a sampler that learns proposes at once."""
MAX_TRIALS: Final = 10_000_000
DEFAULT_TRIALS = 50
"""The number of trials if neither the config nor the method determines it."""


AUTO_METRIC = "auto"


class ObjectiveConfig(Section):
    """The metric by which trials are compared."""

    metric: Annotated[str, Field(min_length=1), Setting(is_common=True)] = AUTO_METRIC
    """A metric of metrics.json, such as accuracy, f1_macro, log_loss, per_class.CLASS.recall, r2 or mae;
    `auto` is accuracy in a classification and r2 in a regression. The more probable class counts as
    predicted, whatever `model.threshold` is; on bags, `model.threshold` counts."""
    on: Annotated[Literal["validation", "cross_validation", "bags"], Setting(is_common=True)] = "validation"
    """Where the metric is measured: on the validation part, as the mean over the folds of
    `evaluation.cross_validation`, or on the bags of `model.ensemble`; folds and bags leave the test part out.
    With `bags` a trial is the whole ensemble, as `fnnctl train` trains it, and its out-of-bag predictions are
    measured."""
    direction: Literal["auto", "maximize", "minimize"] = "auto"
    """Whether the metric is maximized or minimized; `auto` minimizes losses and errors and maximizes the
    rest."""

    @property
    def on_bags(self) -> bool:
        """Whether trials are ensembles that are measured on the rows out of their members' bags."""
        return self.on == "bags"

    @property
    def minimized(self) -> bool:
        """Whether smaller values are better."""
        return is_loss(self.metric) if self.direction == "auto" else self.direction == "minimize"


class BudgetConfig(Section):
    """How many epochs trials are trained for."""

    min_epochs: Epochs = 1
    """The smallest number of epochs after which a trial is evaluated."""
    max_epochs: Epochs | None = None
    """The largest number of epochs of a trial; null for training.epochs."""
    reduction_factor: Annotated[float, Field(ge=2.0, le=1000.0)] = 3.0
    """η: at every rung, one in η trials is promoted and gets η times the budget."""
    brackets: Literal["algorithm", "table"] = "algorithm"
    """HyperBand's brackets: those of Algorithm 1 in its paper, or those of Table 1, which have fewer
    trials."""
    total: Annotated[int, Field(ge=1, le=10**15)] | None = None
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

    method: Annotated[Method, Setting(is_common=True)] = MethodConfig.model_construct()
    """The search method, by name or as {scheduler, sampler}."""
    objective: ObjectiveConfig = ObjectiveConfig.model_construct()
    """The objective of the search."""
    budget: BudgetConfig = BudgetConfig.model_construct()
    """The budgets of the trials."""
    trials: Annotated[Annotated[int, Field(ge=1, le=MAX_TRIALS)] | None, Setting(is_common=True)] = None
    """The number of configurations to try; null for 50, for all that a grid or sample_first has, or for as
    many as budget.cost allows."""
    grid_resolution: Annotated[int, Field(ge=2, le=10_000), Setting(synonyms=("points",))] = 5
    """The number of values that a grid takes from a domain without steps."""
    sequence: Literal["pseudo_random", "low_discrepancy"] = "pseudo_random"
    """How random configurations are drawn: independently, or from a scrambled Halton sequence, which fills
    the space more evenly."""
    concurrency: Annotated[int, Field(ge=1, le=1_000_000)] = 16
    """How many jobs are under way at once if decisions depend on the order of results, as in asha or bayes.
    It does not depend on the number of workers, so results do not either; set it to at least that number.
    With --time-limit there may be fewer."""
    batch: Annotated[int, Field(ge=1, le=1_000_000)] = DEFAULT_BATCH
    """How many configurations a sampler that learns proposes at once, so that they can train as a stack.
    Large batches train faster; with small ones, proposals follow from more results."""
    curve_stopping: Literal["none", "median", "extrapolate"] = "none"
    """Whether trials with bad learning curves are stopped: `median` stops those that are worse than the
    median of the others at the same epoch; `extrapolate` those with hardly a chance of beating the best
    trial. A trial is judged after each ninth of max_epochs."""
    stop_when: StopWhenConfig | None = None
    """When to end the search before its plan is complete; null for never."""
    start_from: StartFrom | None = None
    """The first trials: a list of mappings from searched settings to values, as in
    `[{training.l2: 0.01}]`, where the config gives what a mapping leaves out; `defaults` for the default
    trial, which has the config's values; or a search's run for the settings of its ten best trials. Null for
    none or, if the sampler learns, for `defaults` as far as `space` and `require` allow them."""
    confirm: ConfirmConfig | None = None
    """Whether the best trials are trained again with several seeds, and the best on average wins; null to
    refit the trial with the best objective."""
    ensemble: GreedyEnsembleConfig | None = None
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
    def prefers_bags(self) -> bool:
        """Whether trials are measured on bags or, with the space `auto`, are if that is possible."""
        return self.objective.on_bags or (self.is_auto and "on" not in self.objective.model_fields_set)

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
