"""The record of a setting: what the field of a section says of it beside its type, default and docstring.

A field carries its record in `Annotated`, where pydantic and the JSON Schema ignore it. Whatever has to know
such a fact of all settings, or of one by its path, reads the records: see `schema.records`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeAlias

from pydantic.fields import FieldInfo

from fnnctl.config.paths import ConfigPath
from fnnctl.config.schema.recipe_values import RecipeFacts
from fnnctl.config.schema.validation_schemes import ValidationScheme
from fnnctl.errors import Problem

if TYPE_CHECKING:
    from fnnctl.config.schema.experiment import Experiment


Recipe = Literal["default", "classic", "fast"]
"""What unset settings are; `classic` leaves them at their defaults."""


class Place(NamedTuple):
    """A setting of an experiment, as a rule sees it: a layer's has the index of the layer in its path."""

    path: ConfigPath
    value: Any
    setting: Setting
    """Its record."""
    default: Any

    @property
    def key(self) -> str:
        """Its name in its section."""
        return str(self.path[-1])

    @property
    def is_off(self) -> bool:
        """Whether the setting is null, none, false or 0; then it contradicts no other."""
        return self.value is None or self.value in (0, "none")


Rule: TypeAlias = Callable[["Experiment", Place], Iterator[Problem]]
"""The problems with a setting of a valid experiment: those of the setting itself, without a path.

Its docstring says when there are any, as in `With lbfgs, which uses all rows at once.`, for `fnnctl help`.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tuned:
    """Another setting, for whose recipe value that of this one was tuned."""

    setting: str
    """The path. If a config searches it, or sets it to a value that does not suit, this value goes."""
    suits: tuple[Any, ...] = ()
    """The values, besides the recipe's, with which it stays as it is."""
    reason: str
    instead: Callable[[Any], Any] | None = None
    """What takes the place of the value then, as a function of it; None if nothing does."""
    key: str | None = None
    """The setting of the section that goes, if the recipe gives a whole section."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RecipeValue:
    """What the recipes give a setting, a whole section or not; None leaves it at its default."""

    default: Callable[[RecipeFacts], Any]
    fast: Callable[[RecipeFacts], Any] | None = None
    """What the recipe `fast` gives; None if it is the same."""
    suits: tuple[str, ...] = ()
    """Of a choice such as an optimizer: other ones beside which the recipe's hyperparameters stay."""
    tuned: tuple[Tuned, ...] = ()

    def of(self, recipe: Recipe, facts: RecipeFacts) -> Any:
        """The value of a recipe; None if it leaves the setting at its default, as `classic` does."""
        if recipe == "classic":
            return None
        return self.fast(facts) if recipe == "fast" and self.fast is not None else self.default(facts)


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """What is known of a setting. A reason in the record of a section holds for all settings in it."""

    is_common: bool = False
    """Whether people change it before others: it is in the file of `fnnctl init`, and references begin with
    it."""
    is_inherited: bool = False
    """Whether training on from a run keeps the value of the run, because its weights belong to it."""
    is_technique: bool = False
    """Whether it is the hyperparameter of a technique of training, which 0 or null turns off. A stack has the
    hyperparameters of its techniques by the names of their settings: see `TrainingConfig.techniques`."""
    is_file: bool = False
    """Whether it is the path of a file, which starts in the folder of the config file that sets it."""
    not_counted: str | None = None
    """Why the setting does not count for the seed of a configuration; None if it counts. A setting that does
    not count cannot be searched, either: its trials would be equal configurations."""
    not_searched: str | None = None
    """Why a search cannot vary the setting, if not for the reason in `not_counted`."""
    not_searched_in_ensembles: str | None = None
    """Why a search whose trials are ensembles cannot vary it, if for another reason."""
    searched_in_ensembles: bool = False
    """Whether such a search can vary it all the same."""
    no_effect: tuple[Rule, ...] = ()
    """When the setting has no effect; the first problem counts. They are made by `problems.no_effect`."""
    contradictions: tuple[Rule, ...] = ()
    """When the setting contradicts others, or itself makes no sense; the first problem counts. They apply
    unless the setting is off. Of two settings that contradict each other, the one has the rule that its
    message tells to change."""
    search_contradictions: tuple[Rule, ...] = ()
    """Those that matter in a search alone, also if the setting is off: `fnnctl train` does not look for
    them."""
    needs_classes: Literal["any", "two"] | None = None
    """How many classes it is for; with other targets it must have its default. None if it is for all."""
    needs_numbers: str | None = None
    """Why it is for a regression alone, such as `classes are no numbers`; None if it is not."""
    needs_targets: Literal["one", "several"] | None = None
    """Whether it is for a single target or for several alone; otherwise it must have its default. The keys of
    a mapping that is for several are names of targets."""
    counterpart: str | None = None
    """The path of the setting that takes its place if there are more targets, or only one."""
    recipe: RecipeValue | None = None
    """What the recipes give it."""
    since: str | None = None
    """The first version that has the setting, if there are runs of earlier ones: compared with theirs, which
    do not have it, its default is no difference."""
    synonyms: tuple[str, ...] = ()
    """The names that other tools use for the setting, in lower case. They are translated wherever the setting
    is meant, so a setting with several homes needs them at one of them only."""
    value_synonyms: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    """The names that other tools use for its words, by word. A choice with a section of its own has them
    there: see `Section.synonyms`."""

    @property
    def needs_target(self) -> bool:
        """Whether it is for some targets alone."""
        return self.needs_classes is not None or self.needs_numbers is not None

    def why_not_searched(self, scheme: ValidationScheme) -> str | None:
        """Why a search with this scheme cannot vary the setting and those in it, `searched_in_ensembles`
        apart; None if it can.
        """
        reason = self.not_searched_in_ensembles if scheme.trains_ensembles else None
        return reason or self.not_searched or self.not_counted


_NOTHING_SPECIAL: Final = Setting()


def setting_of(info: FieldInfo) -> Setting:
    """The record of a section's field."""
    return next((part for part in info.metadata if isinstance(part, Setting)), _NOTHING_SPECIAL)
