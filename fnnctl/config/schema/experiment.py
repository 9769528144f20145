"""The whole experiment: one value with everything that a run depends on. Also the short sections `evaluation`
(cross-validation) and `notes` (what only the user knows of an experiment, for the model card of its report).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Final

from pydantic import Field

from fnnctl.config.paths import format_path
from fnnctl.config.problems import predicate, sentence
from fnnctl.config.schema.data import DataConfig, in_order
from fnnctl.config.schema.model import ModelConfig
from fnnctl.config.schema.plugin_choice import PluginName
from fnnctl.config.schema.search import SearchConfig
from fnnctl.config.schema.section import MAX_SEED, Section, Shorthand
from fnnctl.config.schema.setting import Place, Recipe, Setting
from fnnctl.config.schema.training import TrainingConfig
from fnnctl.config.schema.validation_schemes import ValidationScheme
from fnnctl.errors import Problem
from fnnctl.metrics.registry import find_metric, objectives
from fnnctl.plugins import GROUPS, current
from fnnctl.text import quoted

MAX_FOLDS = 10_000

PartOfRows = Annotated[float, Field(gt=0.0, le=1.0)]


class CrossValidationConfig(Section):
    """How `fnnctl evaluate` divides all rows into folds, each of which is the test part once.

    With `data.split.by` the folds follow one another in the order of the column, and train on earlier rows
    only; the first rows are in no fold.
    """

    folds: Annotated[int, Field(ge=2, le=MAX_FOLDS)] = 5
    """The number of folds."""
    repeats: Annotated[int, Field(ge=1, le=MAX_FOLDS)] = 5
    """The number of repeats of the cross-validation, each with different folds (with `data.split.by`, only
    with different seeds)."""
    stratify: Annotated[bool, Setting(no_effect=(in_order,))] = True
    """Whether all folds have the same class proportions (in a regression, the same shares of the
    `data.split.bins`). Not with `data.split.by`."""


def _shares_of_rows(_: Experiment, place: Place) -> Iterator[Problem]:
    """If a share is given twice, or there is none."""
    if place.value == ():
        yield predicate("is empty", advice="write shares of the rows, such as [0.1, 0.3, 1], or null")
    for index, share in enumerate(place.value or ()):
        if share in place.value[:index]:
            problem = sentence(f"{share:g} is given twice", advice="leave one out")
            yield replace(problem, path=format_path((*place.path, index)))


def _different_columns(_: Experiment, place: Place) -> Iterator[Problem]:
    """If a column is given twice."""
    for index, name in enumerate(place.value):
        if name in place.value[:index]:
            problem = sentence(f"{quoted(name)} is given twice", advice="leave one out")
            yield replace(problem, path=format_path((*place.path, index)))


def _no_plugins(_: Experiment, place: Place) -> Iterator[Problem]:
    """If a metric is given twice, is one of fnnctl itself, or is offered by no installed package."""
    known = objectives()
    for index, name in enumerate(place.value):
        if name in place.value[:index]:
            problem = sentence(f"{quoted(name)} is given twice", advice="leave one out")
        elif current().get("metric", name):
            continue
        elif name in known:
            text = f"{quoted(name)} is measured without being asked for, where there is one"
            problem = sentence(text, advice="leave it out")
        else:
            advice = f"a package offers one as an entry point of {GROUPS['metric']}"
            problem = sentence(f"no installed package has a metric {quoted(name)}", advice=advice)
        yield replace(problem, path=format_path((*place.path, index)))


class EvaluationConfig(Section):
    """How a configuration is evaluated in addition to its test part."""

    cross_validation: CrossValidationConfig = CrossValidationConfig.model_construct()
    """The cross-validation of `fnnctl evaluate`; training does not read this."""
    sizes: Annotated[
        Annotated[tuple[PartOfRows, ...], Field(strict=False)] | None,
        Setting(contradictions=(_shares_of_rows,)),
    ] = None
    """Shares of a fold's training rows, to see whether more rows help. With `[0.1, 0.3, 1]`
    there are three cross-validations with the same test rows. Smaller subsets are parts of larger ones (with
    `data.split.by`, the latest rows). Null is a single one, with all rows."""
    groups: Annotated[
        Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(strict=False)],
        Setting(contradictions=(_different_columns,), since="0.11"),
    ] = ()
    """Columns by whose values all metrics are measured in groups, with the difference of each group from all
    other rows. They need not be features. Numbers and dates are divided into quarters, and missing values are
    a group of their own."""
    metrics: Annotated[
        Annotated[
            tuple[Annotated[str, Field(min_length=1), PluginName(find_metric)], ...], Field(strict=False)
        ],
        Setting(contradictions=(_no_plugins,), needs_targets="one", since="0.12"),
    ] = ()
    """Metrics of plug-ins that are measured beside all metrics of fnnctl itself."""


NOTE_PATTERN = r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f]+$"

Note = Annotated[str, Field(pattern=NOTE_PATTERN, max_length=10_000)]


class NotesConfig(Section):
    """Texts for the model card in reports; nothing is computed from them. Empty lines separate paragraphs."""

    text: Note | None = None
    """Whatever readers should know, such as why the experiment was made."""
    data: Note | None = None
    """Where the rows are from, how they were chosen, and under which licence they are."""
    intended_use: Note | None = None
    """What the network is for, and what not."""
    limits: Note | None = None
    """Where its predictions should not be relied on, and which harm they could do."""


ONLY_IN_FILES: Final = predicate("can only be set in a config file, and in none with complete: true")


def _only_in_files(_: Experiment, place: Place) -> Iterator[Problem]:
    """Unless it is in a config file, where it is replaced by the settings of these files."""
    yield ONLY_IN_FILES


NAME_PATTERN = r"^[^\x00-\x1f\x7f-\x9f]{1,200}$"


class Experiment(Section):
    """An experiment. Every setting except `data.source` has a default."""

    name: Annotated[
        Annotated[str, Field(pattern=NAME_PATTERN)] | None,
        Setting(is_common=True, not_counted="a name does not change the results"),
    ] = None
    """The experiment's name, which is part of the names of its run folders (default: the config file's name;
    for fnnctl.yaml, the data source's)."""
    seed: Annotated[
        int,
        Field(ge=0, le=MAX_SEED),
        Setting(
            is_common=True,
            not_counted="it is hashed separately",
            not_searched="a lucky seed does not help on other rows",
            synonyms=("random_state",),
        ),
    ] = 0
    """The seed of all random numbers: initial weights, order of rows, splits."""
    recipe: Annotated[
        Recipe,
        Setting(
            is_common=True,
            not_counted="it says what unset settings are, and those are counted as they are",
            not_searched="what unset settings are is settled before the search begins",
        ),
    ] = "default"
    """What unset settings are: `default` is the most accurate network in the time that a user waits, `fast` a
    quick one, and `classic` leaves settings at the defaults that are listed here. A setting that is given is
    taken; the recipe's other values stay, unless they contradict it or were tuned for what it replaces."""
    complete: Annotated[bool, Setting(not_counted="it says that nothing is left to fill in")] = False
    """Whether no recipe fills in anything, as in a `resolved.yaml`, which has every setting."""
    extends: Annotated[
        Annotated[str, Field(min_length=1)]
        | Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(strict=False, min_length=1)]
        | None,
        Setting(
            not_counted="it says where settings are, and those are counted as they are",
            contradictions=(_only_in_files,),
            since="0.13",
            synonyms=("base", "bases", "include", "inherits"),
        ),
    ] = None
    """Another config that this one builds on, or a list of them, relative to the file. Mappings are merged
    key by key, lists and single values replaced; this file's settings win, and of the list the later one's. A
    mapping with another `name`, such as another optimizer, replaces the former one with all that is in it."""
    notes: Annotated[
        Annotated[NotesConfig, Shorthand("text")] | None,
        Setting(not_counted="they are for readers", not_searched="notes do not change the results"),
    ] = None
    """What readers of a report should know; it changes no result."""
    data: DataConfig
    """The rows, their preprocessing and their split."""
    model: ModelConfig = ModelConfig.model_construct()
    """The network."""
    training: TrainingConfig = TrainingConfig.model_construct()
    """The optimizer, its schedule, regularization, and when to stop."""
    evaluation: Annotated[
        EvaluationConfig,
        Setting(
            not_counted="how a configuration is evaluated does not change how it is trained",
            not_searched="all trials are evaluated in the same way",
        ),
    ] = EvaluationConfig.model_construct()
    """How the experiment is cross-validated."""
    search: Annotated[
        SearchConfig | None,
        Setting(
            not_counted="a trial does not depend on which others are tried",
            not_searched="a search does not search itself",
        ),
    ] = None
    """The settings that `fnnctl search` varies; training does not read this."""

    @property
    def split_seed(self) -> int:
        """The seed that divides the rows into parts, folds, bags and draws."""
        return self.seed if self.data.split.seed is None else self.data.split.seed

    @property
    def validation_share(self) -> float:
        """The share of the rows that is split off as the validation part; with bags, none is."""
        return 0.0 if self.model.ensemble.bags else self.data.split.validation

    @property
    def is_validated(self) -> bool:
        """Whether there are validation rows: a part, or those of the members' bags."""
        return self.model.ensemble.bags or self.data.split.validation > 0

    @property
    def validation_scheme(self) -> ValidationScheme:
        """Where the trials of its search are measured, if it has one."""
        return (self.search or SearchConfig()).objective.scheme

    @property
    def is_undivided(self) -> bool:
        """Whether all rows are training rows."""
        return not self.is_validated and self.data.test_share == 0
