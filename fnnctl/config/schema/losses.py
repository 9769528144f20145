"""The outputs of a network, each with its loss: a section of the config and a record for each.

A record has all that others must know of a loss. Formulas and gradients (`nn.losses`) are tables keyed by the
output's name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeAlias, get_args

from pydantic import Field

from fnnctl.config.problems import predicate
from fnnctl.config.schema.plugin_choice import PluginChoice
from fnnctl.config.schema.section import ClassName, Section, Shorthand, written_out
from fnnctl.config.schema.setting import Place, Setting
from fnnctl.errors import Problem
from fnnctl.metrics.metric import CLASSIFICATION, REGRESSION, Needs, TaskName
from fnnctl.plugins import LossPlugin, current, value_in_use, values_in_use
from fnnctl.text import capitalized, joined_words, quoted

if TYPE_CHECKING:
    from fnnctl.config.schema.experiment import Experiment

LossParameter: TypeAlias = float | tuple[float, ...]
"""A parameter of a loss function, such as Huber's δ or the levels of quantiles."""


class OutputSection(Section):
    """An output with its loss."""

    name: str
    """The output."""

    @property
    def positive(self) -> str | None:
        """The class whose score is the output; None if it is not set, or if there is a score per class."""
        return None

    @property
    def loss_parameter(self) -> LossParameter | None:
        """The parameter of the loss function; None if it has none. `auto` has no function yet."""
        setting = loss_record(self.name).parameter
        value: LossParameter | None = None if setting is None else getattr(self, setting)
        return value


class AutoOutput(OutputSection):
    """`softmax` in a classification, `ordinal` with `data.class_order`, `squared` in a regression."""

    name: Literal["auto"] = "auto"


class SoftmaxOutput(OutputSection):
    """One score per class, with softmax and cross-entropy."""

    name: Literal["softmax"]


class LogisticOutput(OutputSection):
    """One score for two classes, with the logistic function and cross-entropy."""

    synonyms = ("sigmoid",)
    name: Literal["logistic"]
    positive_class: ClassName | None = None
    """The class whose probability the output gives; null for the second class."""

    @property
    def positive(self) -> str | None:
        return self.positive_class


class OrdinalOutput(OutputSection):
    """One score per threshold between ordered classes: cumulative logits, with cross-entropy."""

    synonyms = ("cumulative_logits", "ordered_logit", "proportional_odds")
    name: Literal["ordinal"]


class SquaredOutput(OutputSection):
    """One value, with half the squared error as its loss."""

    synonyms = ("l2_loss", "mean_squared_error", "mse", "squared_error")
    name: Literal["squared"]


class AbsoluteOutput(OutputSection):
    """One value, with the absolute error as its loss; it estimates the median."""

    synonyms = ("absolute_error", "l1_loss", "mae", "mean_absolute_error")
    name: Literal["absolute"]


class HuberOutput(OutputSection):
    """One value, with Huber's loss: quadratic for small errors, linear for large ones."""

    synonyms = ("huber_loss", "smooth_l1")
    name: Literal["huber"]
    delta: Annotated[float, Field(gt=0.0, le=1e6)] = 1.0
    """The error above which the loss is linear, in standard deviations of the target."""


class PoissonOutput(OutputSection):
    """The logarithm of a mean count, with Poisson's deviance as its loss."""

    synonyms = ("poisson_loss", "poisson_nll", "count:poisson", "count")
    name: Literal["poisson"]


class GammaOutput(OutputSection):
    """The logarithm of a mean amount above 0, with the gamma distribution's deviance as its loss."""

    synonyms = ("gamma_loss", "reg:gamma")
    name: Literal["gamma"]


class TweedieOutput(OutputSection):
    """The logarithm of a mean amount that may be 0, with Tweedie's deviance as its loss."""

    synonyms = ("tweedie_loss", "reg:tweedie")
    name: Literal["tweedie"]
    power: Annotated[float, Field(gt=1.0, lt=2.0)] = 1.5
    """The power of the mean that the variance grows with: near 1 as of counts, near 2 as of gamma amounts."""


def _not_rising(_: Experiment, place: Place) -> Iterator[Problem]:
    """Unless they rise."""
    levels = place.value
    if any(low >= high for low, high in pairwise(levels)):
        rising = ", ".join(f"{level:g}" for level in sorted({*levels}))
        yield predicate(
            "must rise, and have no level twice", advice="write levels: [{rising}]", rising=rising
        )


class QuantileOutput(OutputSection):
    """A quantile of the target for each level, with the pinball loss; they cannot cross."""

    synonyms = ("pinball", "pinball_loss", "quantile_loss", "quantiles")
    name: Literal["quantile"]
    levels: Annotated[
        tuple[Annotated[float, Field(gt=0.0, lt=1.0)], ...],
        Field(strict=False, min_length=1, max_length=99),
        Setting(
            contradictions=(_not_rising,),
            not_searched="pinball losses of different levels cannot be compared",
            synonyms=("taus",),
        ),
    ] = (0.1, 0.5, 0.9)
    """The shares of targets that are below each quantile, rising. The one that is nearest to 0.5 is the
    prediction."""


Output = Annotated[
    Annotated[
        AutoOutput
        | SoftmaxOutput
        | LogisticOutput
        | OrdinalOutput
        | SquaredOutput
        | AbsoluteOutput
        | HuberOutput
        | PoissonOutput
        | GammaOutput
        | TweedieOutput
        | QuantileOutput,
        Field(discriminator="name"),
        PluginChoice(
            "loss",
            find=lambda name: None if (record := find_loss(name)) is None else record.section,
            in_use=lambda: [plugin.record.section for plugin in values_in_use("loss")],
        ),
    ],
    Shorthand("name", default="auto"),
]

_OUTPUTS: Final = ("model", "model.output", "model.output.name")
"""The searched settings whose values have the name of an output."""
Estimate: TypeAlias = Literal["probabilities", "mean", "median", "quantiles"]
ScoreForm: TypeAlias = Literal["outputs", "positive_class", "thresholds", "logarithm", "gaps"]
TargetRange: TypeAlias = Literal["numbers", "counts", "positive", "not_negative"]
OF_CLASSES: Final[tuple[Needs, ...]] = ("predictions", "ranks", "ranking", "probabilities", "decision")
OF_MEANS: Final[tuple[Needs, ...]] = ("predictions", "deviances")


@dataclass(frozen=True, slots=True)
class LossRecord:
    """What others must know of an output with its loss."""

    section: type[OutputSection]
    """Its section of the config."""
    task: TaskName
    """The task that it is for."""
    label: str
    """The loss, for the documentation."""
    function: str
    """The loss function: values of two outputs' losses can be compared if their functions are the same."""
    estimates: Estimate
    """What the outputs with the smallest loss are; mean, median and quantiles are those of the target."""
    measures: tuple[Needs, ...] = ("predictions",)
    """What its networks can be measured by: metrics that need something else do not exist for them."""
    scores: ScoreForm = "outputs"
    """What the network's scores are: the task's outputs, their logarithm, that of the positive one of two
    classes (the other one's is then 0), those of the thresholds between ordered classes, or one output and
    the gaps between the others (see `nn.losses.quantiles`)."""
    targets: TargetRange = "numbers"
    """Which numbers the targets of a regression may be; counts are whole numbers from 0 on."""
    objective: str | None = None
    """What `search.objective.metric: auto` stands for; None for the default of the task."""
    parameter: str | None = None
    """The setting that is the loss function's parameter; losses with different ones cannot be compared."""
    needs_order: bool = False
    """Whether it is for classes with an order alone."""
    is_default: bool = False
    """Whether it is what `model.output: auto` stands for in its task; if it needs an order, with an order."""
    exported: bool = True
    """Whether a network with it can be exported as ONNX, by the operators for its `scores` in
    `export.onnx.outputs`."""

    @property
    def name(self) -> str:
        """The name of the output."""
        (name,) = get_args(self.section.model_fields["name"].annotation)
        return str(name)

    def loss_function(self, settings: Mapping[str, Any]) -> tuple[str, Any]:
        """The function and its parameter, from the settings that are written beside the name."""
        if self.parameter is None:
            return self.function, None
        value = settings.get(self.parameter, self.section.model_fields[self.parameter].default)
        return self.function, tuple(value) if isinstance(value, list) else value


LOSS_RECORDS: Final[Mapping[str, LossRecord]] = {
    "softmax": LossRecord(
        section=SoftmaxOutput,
        task=CLASSIFICATION,
        label="cross-entropy",
        function="cross_entropy",
        estimates="probabilities",
        measures=OF_CLASSES,
        is_default=True,
    ),
    "logistic": LossRecord(
        section=LogisticOutput,
        task=CLASSIFICATION,
        label="cross-entropy of one output, for two classes",
        function="cross_entropy",
        estimates="probabilities",
        measures=OF_CLASSES,
        scores="positive_class",
    ),
    "ordinal": LossRecord(
        section=OrdinalOutput,
        task=CLASSIFICATION,
        label="cross-entropy of cumulative logits, for ordered classes",
        function="cross_entropy",
        estimates="probabilities",
        measures=OF_CLASSES,
        scores="thresholds",
        needs_order=True,
        is_default=True,
    ),
    "squared": LossRecord(
        section=SquaredOutput,
        task=REGRESSION,
        label="half the mean squared error",
        function="squared_error",
        estimates="mean",
        is_default=True,
    ),
    "absolute": LossRecord(
        section=AbsoluteOutput,
        task=REGRESSION,
        label="mean absolute error",
        function="absolute_error",
        estimates="median",
    ),
    "huber": LossRecord(
        section=HuberOutput,
        task=REGRESSION,
        label="Huber's loss",
        function="huber",
        estimates="mean",
        parameter="delta",
    ),
    "poisson": LossRecord(
        section=PoissonOutput,
        task=REGRESSION,
        label="half of Poisson's deviance, as a share of the baseline's",
        function="poisson",
        estimates="mean",
        measures=OF_MEANS,
        objective="d2",
        scores="logarithm",
        targets="counts",
    ),
    "gamma": LossRecord(
        section=GammaOutput,
        task=REGRESSION,
        label="half the gamma deviance, as a share of the baseline's",
        function="gamma",
        estimates="mean",
        measures=OF_MEANS,
        objective="d2",
        scores="logarithm",
        targets="positive",
    ),
    "tweedie": LossRecord(
        section=TweedieOutput,
        task=REGRESSION,
        label="half of Tweedie's deviance, as a share of the baseline's",
        function="tweedie",
        estimates="mean",
        measures=OF_MEANS,
        objective="d2",
        scores="logarithm",
        targets="not_negative",
        parameter="power",
    ),
    "quantile": LossRecord(
        section=QuantileOutput,
        task=REGRESSION,
        label="mean of twice the pinball loss of each level",
        function="pinball",
        estimates="quantiles",
        measures=("predictions", "levels"),
        objective="pinball",
        scores="gaps",
        parameter="levels",
    ),
}
"""By name, in the order of the documentation."""
LOG_MEANS: Final = [name for name, record in LOSS_RECORDS.items() if record.scores == "logarithm"]
"""fnnctl's own outputs of counts and amounts, for messages: see `is_log_mean`."""
TASKS: Final[tuple[TaskName, ...]] = (CLASSIFICATION, REGRESSION)
DEFAULT_OUTPUTS: Final[Mapping[tuple[TaskName, bool], OutputSection]] = {
    (record.task, record.needs_order): record.section.model_construct(name=name)
    for name, record in LOSS_RECORDS.items()
    if record.is_default
}
"""What `model.output: auto` stands for in each task, without an order of the classes and with one."""


def loss_records() -> Mapping[str, LossRecord]:
    """The records of all losses by name: those of fnnctl, and those of plug-ins in use."""
    plugins: list[LossPlugin] = values_in_use("loss")
    return {**LOSS_RECORDS, **{plugin.record.name: plugin.record for plugin in plugins}}


def is_log_mean(name: str) -> bool:
    """Whether an output is of counts and amounts, which may have an exposure; `auto` is not."""
    record = loss_records().get(name)
    return record is not None and record.scores == "logarithm"


def is_for_numbers(name: str) -> bool:
    """Whether an output is one of a regression; `auto` is not."""
    record = loss_records().get(name)
    return record is not None and record.task == REGRESSION


def is_for_classes(name: str) -> bool:
    """Whether an output is one of a classification; `auto` is not."""
    record = loss_records().get(name)
    return record is not None and record.task == CLASSIFICATION


def loss_record(name: str) -> LossRecord:
    """The record of a loss of fnnctl, or of a plug-in in use; raises `PluginError` if there is none."""
    if record := LOSS_RECORDS.get(name):
        return record
    of_plugin: LossRecord = value_in_use("loss", name).record
    return of_plugin


def find_loss(name: str) -> LossRecord | None:
    """The record of a plug-in, which is looked up; None for other names, and those of fnnctl itself.

    Raises `PluginError`: see `Scope.find`.
    """
    if name in LOSS_RECORDS or name == AutoOutput.model_fields["name"].default:
        return None
    plugin = current().find("loss", name, loss_fault)
    return None if plugin is None else plugin.value.record


def find_searched_losses(space: Any) -> None:
    """Look up the plug-ins among the outputs that a `search.space`, as it is written, chooses from.

    Other settings of the space may be theirs. Wrong values are no reason to object: the schema refuses them.
    """
    for key, domain in space.items() if isinstance(space, Mapping) else ():
        choice = domain.get("choice") if isinstance(domain, Mapping) else None
        for value in choice if isinstance(choice, list) else ():
            output = value.get("output") if key == "model" and isinstance(value, Mapping) else value
            output = written_out(output)
            name = output.get("name") if isinstance(output, Mapping) else None
            if key in _OUTPUTS and isinstance(name, str):
                find_loss(name)


def loss_fault(name: str, plugin: Any) -> str | None:
    """Why an object cannot be the loss of this name from a plug-in; None if it can."""
    if name in LOSS_RECORDS or name == AutoOutput.model_fields["name"].default:
        return "fnnctl itself has an output of this name: choose another one"
    if not isinstance(plugin, LossPlugin):
        return f"it must be a LossPlugin, and is of the type {type(plugin).__name__}"
    record = plugin.record
    if record.name != name:
        return f"the section of its record has the name {quoted(record.name)}"
    if record.task not in TASKS:
        return f"its task must be {joined_words([*TASKS], 'or')}"
    if record.is_default:
        return "only a loss of fnnctl itself can be a default"
    if record.parameter is not None and record.parameter not in record.section.model_fields:
        return f"its section has no setting {quoted(record.parameter)}, which is to be the parameter"
    if record.task == CLASSIFICATION and plugin.row_losses is None:
        return "row_losses is missing, by which the rows of a classification are scored"
    if record.task == REGRESSION and not hasattr(plugin.formula, "row_losses"):
        return "its formula must be an ErrorLoss or another RealValueLoss"
    return None


def names_of_task(task: TaskName) -> list[str]:
    """The names of a task's outputs."""
    return [name for name, record in loss_records().items() if record.task == task]


def default_output(task: TaskName, *, is_ordered: bool = False) -> OutputSection:
    """What `model.output: auto` stands for in a task, whose classes may have an order."""
    return DEFAULT_OUTPUTS.get((task, is_ordered)) or DEFAULT_OUTPUTS[task, False]


def is_default(output: OutputSection, *, is_ordered: bool) -> bool:
    """Whether `model.output: auto` stands for this output in its task."""
    record = LOSS_RECORDS.get(output.name)  # `auto` has none
    return record is not None and output == default_output(record.task, is_ordered=is_ordered)


def output_of(output: Output, task: TaskName, *, is_ordered: bool = False) -> OutputSection:
    """The output in a task, whose default is `auto`; raises ValueError for an output of another task."""
    if isinstance(output, AutoOutput):
        return default_output(task, is_ordered=is_ordered)
    if loss_record(output.name).task != task:
        raise ValueError(f"{output.name} is not an output of a {task}")
    return output


def has_one_loss(outputs: Iterable[Any]) -> bool:
    """Whether outputs, as they are written in a config, have the same loss function with the same parameter.

    `auto`, or no output, has the function of the default in the task of the others, which is the same with an
    order of the classes. Wrong values are no reason to object: the schema refuses them.
    """
    written = [written_out(output) for output in outputs]
    records = loss_records()
    named = [
        (record, settings)
        for settings in written
        if isinstance(settings, Mapping)
        for name, record in records.items()
        if settings.get("name") == name
    ]
    if len(named) < len(written):
        tasks = {record.task for record, _ in named}
        named += [(LOSS_RECORDS[default_output(task).name], {}) for task in tasks]
    functions = [record.loss_function(settings) for record, settings in named]
    return all(function == functions[0] for function in functions)


_OF_TASKS: Final = [f"in a {task} {joined_words(names_of_task(task), 'or')}" for task in TASKS]
OUTPUTS_BY_TASK: Final = f"{capitalized('; '.join(_OF_TASKS))}."
"""The outputs of each task, in words."""
