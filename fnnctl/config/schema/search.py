"""The `search` section: which settings are searched, how, and what counts as better."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from fnnctl.config.schema.domains import DomainConfig
from fnnctl.config.schema.metric_names import is_loss
from fnnctl.config.schema.section import Section

SchedulerName = Literal["full_budget", "halving", "hyperband"]
SamplerName = Literal["grid", "random"]
Epochs = Annotated[int, Field(ge=1, le=10_000_000)]

METHODS: Final[Mapping[str, tuple[SchedulerName, SamplerName]]] = {
    "grid": ("full_budget", "grid"),
    "random": ("full_budget", "random"),
    "halving": ("halving", "random"),
    "hyperband": ("hyperband", "random"),
}
"""What each method is made of."""
DEFAULT_TRIALS = 50
"""How many configurations are tried if neither the config nor the method says so."""


class MethodConfig(Section):
    """How budget is spent, and how configurations are chosen."""

    scheduler: SchedulerName = "hyperband"
    """`full_budget` trains every trial to the end; `halving` drops the worst at every rung; `hyperband` does
    that in brackets of several initial budgets."""
    sampler: SamplerName = "random"
    """`grid` tries all combinations, `random` draws them."""

    @property
    def name(self) -> str:
        """The method's name, or both parts if the two have no common name."""
        parts = (self.scheduler, self.sampler)
        return next((name for name, of in METHODS.items() if of == parts), " × ".join(parts))


@dataclass(frozen=True)
class _NamedMethod:
    """Lets a method's name stand for its two parts."""

    def expand(self, value: Any) -> Any:
        if isinstance(value, str) and value in METHODS:
            scheduler, sampler = METHODS[value]
            return {"scheduler": scheduler, "sampler": sampler}
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self.expand, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        name = {"enum": list(METHODS), "description": "Short for a scheduler with a sampler."}
        return {"anyOf": [name, handler(schema)]}


Method = Annotated[MethodConfig, _NamedMethod()]


AUTO_METRIC = "auto"


class ObjectiveConfig(Section):
    """What trials are compared by."""

    metric: Annotated[str, Field(min_length=1)] = AUTO_METRIC
    """A metric of metrics.json, such as accuracy, f1_macro, log_loss, per_class.CLASS.recall, r2 or mae;
    `auto` is accuracy in a classification and r2 in a regression."""
    on: Literal["validation", "cross_validation"] = "validation"
    """Where it is measured: on the validation part, or as the mean over the folds of
    `evaluation.cross_validation`, which leave the test part out."""
    direction: Literal["auto", "maximize", "minimize"] = "auto"
    """Whether it should rise or fall; `auto` minimizes losses and errors, and maximizes everything else."""

    @property
    def minimized(self) -> bool:
        """Whether small values are the good ones."""
        return is_loss(self.metric) if self.direction == "auto" else self.direction == "minimize"


class BudgetConfig(Section):
    """The epochs that a search may spend."""

    min_epochs: Epochs = 1
    """No trial is evaluated after fewer."""
    max_epochs: Epochs | None = None
    """The most that a trial is granted, in place of training.epochs, which is for `fnnctl train`; null for
    training.epochs."""
    reduction_factor: Annotated[float, Field(ge=2.0, le=1000.0)] = 3.0
    """η: at every rung one trial in η is promoted, with η times the budget."""
    brackets: Literal["algorithm", "table"] = "algorithm"
    """HyperBand's brackets: as Algorithm 1 of its paper has them, or Table 1, which has fewer trials."""
    total: Annotated[int, Field(ge=1, le=10**15)] | None = None
    """For halving: the epochs of all trials together, divided evenly among the rungs; min_epochs and
    max_epochs then follow. Null for halving between min_epochs and max_epochs."""


class SearchConfig(Section):
    """The search for good settings."""

    method: Method = MethodConfig()
    """A method, or {scheduler, sampler}."""
    objective: ObjectiveConfig = ObjectiveConfig()
    """What counts as better."""
    budget: BudgetConfig = BudgetConfig()
    """How many epochs trials are granted."""
    trials: Annotated[int, Field(ge=1, le=10_000_000)] | None = None
    """How many configurations are tried; null for 50, or for all where they are a grid."""
    grid_resolution: Annotated[int, Field(ge=2, le=10_000)] = 5
    """Into how many values a grid cuts a domain that has no steps."""
    sequence: Literal["pseudo_random", "low_discrepancy"] = "pseudo_random"
    """What random configurations are drawn from: independent numbers, or a scrambled Halton sequence, which
    fills the space more evenly."""
    keep_checkpoints: bool = False
    """Whether every trial's checkpoint is kept, or only those that a trial may resume from."""
    space: dict[str, DomainConfig] = Field(default={})
    """The searched settings by their paths, each with its domain, as in
    `training.l2: {log_uniform: [1e-6, 1e-2]}`."""

    @property
    def most_trials(self) -> int | None:
        """`trials` or its default; None for all there are."""
        if self.trials is None and self.method.sampler != "grid":
            return DEFAULT_TRIALS
        return self.trials
