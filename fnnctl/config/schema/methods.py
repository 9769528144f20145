"""The methods of a search: schedulers, samplers, and the pairs of them that have a name.

What others must know of a scheduler or a sampler is in its record here. To add one, add its name and its
record, and write the module of this name in `search.schedulers` or `search.samplers`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from pydantic import GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from fnnctl.config.schema.section import Section, Shorthand

SchedulerName = Literal["full_budget", "halving", "hyperband", "asha"]
SamplerName = Literal["grid", "random", "tpe", "gp", "evolution", "controller", "sample_first", "auto"]


@dataclass(frozen=True, slots=True)
class Scheduling:
    """How a scheduler spends epochs."""

    has_rungs: bool = True
    """Whether trials are compared at several budgets; otherwise every trial gets all epochs at once."""
    has_brackets: bool = False
    """Whether it has several brackets, which set the number of trials."""
    divides_total: bool = False
    """Whether it can divide a total of epochs among its rungs."""
    depends_on_order: bool = False
    """Whether its decisions depend on the order of results."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a sampler chooses configurations."""

    proposals: str
    """What it proposes, in words."""
    learns: bool = False
    """Whether its proposals depend on results."""
    lists_grid: bool = False
    """Whether it tries the combinations of a grid, by default all of them."""
    draws_sequence: bool = False
    """Whether it draws the points of `search.sequence`."""
    needs_numbers: bool = False
    """Whether it searches only numbers without conditions."""
    has_rewards: bool = False
    """Whether it is trained by rewards."""
    tries_samples: bool = False
    """Whether it tries the trials of `search.start_from` on a sample of the rows, and only the best of them
    on all."""
    learns_layers: bool = False
    """Whether it learns which hidden layers are good, so that the best architecture is worth showing."""


SCHEDULERS: Final[Mapping[str, Scheduling]] = {
    "full_budget": Scheduling(has_rungs=False),
    "halving": Scheduling(divides_total=True),
    "hyperband": Scheduling(has_brackets=True),
    "asha": Scheduling(depends_on_order=True),
}
SAMPLERS: Final[Mapping[str, Sampling]] = {
    "grid": Sampling("combinations of a grid", lists_grid=True),
    "random": Sampling("random configurations", draws_sequence=True),
    "tpe": Sampling("configurations from a tree-structured Parzen estimator", learns=True),
    "gp": Sampling("configurations from a Gaussian process", learns=True, needs_numbers=True),
    "evolution": Sampling("variants of good configurations", learns=True, learns_layers=True),
    "controller": Sampling(
        "configurations from a recurrent controller", learns=True, learns_layers=True, has_rewards=True
    ),
    "sample_first": Sampling(
        "the best configurations on a sample of the rows", learns=True, tries_samples=True
    ),
    "auto": Sampling("configurations from a model", learns=True),
}
AUTO: Final[SamplerName] = "auto"
"""The sampler that stands for one chosen by the space and the number of trials."""
METHODS: Final[Mapping[str, tuple[SchedulerName, SamplerName]]] = {
    "grid": ("full_budget", "grid"),
    "random": ("full_budget", "random"),
    "halving": ("halving", "random"),
    "hyperband": ("hyperband", "random"),
    "asha": ("asha", "random"),
    "bayes": ("full_budget", "auto"),
    "bohb": ("hyperband", "tpe"),
    "evolution": ("full_budget", "evolution"),
    "nas": ("full_budget", "controller"),
}
"""The scheduler and the sampler of each method."""
TIMES: Final = " × "
"""Between the scheduler and the sampler of a method without a name."""


class MethodConfig(Section):
    """How the budget is spent and how configurations are chosen."""

    scheduler: SchedulerName = "hyperband"
    """How the epochs are divided among the trials. `full_budget` trains every trial to the end; `halving`
    drops the worst trials at every rung; `hyperband` runs several halving brackets with different initial
    budgets; `asha` promotes a trial as soon as it is among the best of its rung, so that no worker waits for
    slow trials."""
    sampler: SamplerName = "random"
    """How the configurations of the trials are chosen. `grid` tries all combinations; `random` draws
    combinations at random. Four learn from the results of earlier trials: `tpe`, a tree-structured Parzen
    estimator; `evolution`, which changes one value of a good recent trial; `controller`, a recurrent network
    that writes one layer after the other; and `gp`, a Gaussian process, which searches only numbers without
    conditions. `auto` is `gp` in a space of such numbers if no more than 250 trials are planned and the
    scheduler is full_budget; otherwise it is `tpe`. `sample_first` repeats the best third of the trials of
    `start_from` that have a `training.max_rows`, at most four, on all rows, and draws no others."""

    @property
    def name(self) -> str:
        """The method's name, or both parts if the two have no common name."""
        parts = (self.scheduler, self.sampler)
        return next((name for name, pair in METHODS.items() if pair == parts), TIMES.join(parts))

    @property
    def scheduling(self) -> Scheduling:
        """How the scheduler spends epochs."""
        return SCHEDULERS[self.scheduler]

    @property
    def sampling(self) -> Sampling:
        """How the sampler chooses configurations."""
        return SAMPLERS[self.sampler]


def method_parts(value: Any) -> Any:
    """Expand a method's name into its scheduler and its sampler; return anything else unchanged."""
    if isinstance(value, str) and value in METHODS:
        scheduler, sampler = METHODS[value]
        return {"scheduler": scheduler, "sampler": sampler}
    return value


@dataclass(frozen=True)
class _NamedMethod(Shorthand):
    """Lets a method's name stand for its two parts."""

    def expand(self, value: Any) -> Any:
        return method_parts(value)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        name = {"enum": list(self.words), "description": "Short for a scheduler and a sampler."}
        return {"anyOf": [name, handler(schema)]}


Method = Annotated[MethodConfig, _NamedMethod("name", words=tuple(METHODS))]
