"""The `search.objective` section: the metric by which trials are compared, and where it is measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import Field

from fnnctl.config.paths import ConfigPath, format_path, parse_path
from fnnctl.config.problems import sentence
from fnnctl.config.schema.domains import ChoiceConfig, DomainConfig
from fnnctl.config.schema.losses import LossRecord, default_output, has_one_loss, loss_records
from fnnctl.config.schema.plugin_choice import PluginName
from fnnctl.config.schema.section import Section, written_out
from fnnctl.config.schema.setting import Place, Setting
from fnnctl.config.schema.validation_schemes import (
    ON_VALIDATION,
    VALIDATION_SCHEMES,
    SchemeName,
    ValidationScheme,
)
from fnnctl.errors import Problem
from fnnctl.metrics.metric import NEEDS, REGRESSION, SEVERAL, TargetKind, TaskName
from fnnctl.metrics.registry import (
    class_of,
    find_metric,
    is_loss,
    metric_of,
    objectives,
    of_one_target,
    positive_metric,
)
from fnnctl.text import did_you_mean, quoted

if TYPE_CHECKING:
    from fnnctl.config.schema.experiment import Experiment

AUTO_METRIC: Final = "auto"


def metric_problem(metric: str) -> Problem | None:
    """What is wrong with the name of a metric; None if there is such a metric."""
    if metric in (AUTO_METRIC, *objectives()) or class_of(metric) is not None:
        return None
    if of_one_target(metric) in objectives():
        return None
    part, _, name = metric.partition("_")
    suggestion = advice = ""
    if part in {"train", "validation", "test"} and name in objectives():
        suggestion = f" (write metric: {name}; `on` sets where it is measured)"
    elif class_metric := positive_metric(metric):
        suggestion, class_name = " of a trial", class_metric.class_name
        advice = f"write per_class.CLASS.{class_name}, with the name of a class, or {class_name}_macro"
    elif not (suggestion := did_you_mean(metric, objectives())):
        names = ", ".join(objectives())
        advice = f"the metrics are {names}, and per class, such as per_class.CLASS.recall"
    return sentence(f"there is no metric {quoted(metric)}{suggestion}", advice=advice)


def _unknown_metric(_: Experiment, place: Place) -> Iterator[Problem]:
    """Unless there is such a metric."""
    if problem := metric_problem(place.value):
        yield problem


def _unlike_losses(experiment: Experiment, place: Place) -> Iterator[Problem]:
    """If it is the loss, or that of quantiles, and the search varies the loss function."""
    if _is_of_function(place.value) and (searched := _searched_losses(experiment)):
        yield sentence(
            "{searched} is searched, and values of different loss functions cannot be compared",
            "search.space",
            advice="write metric: r2, rmse or mae",
            searched=searched,
        )


def _unlike_weights(experiment: Experiment, place: Place) -> Iterator[Problem]:
    """If it is the loss of several targets, and the search varies their weights in it."""
    domains = experiment.search.domains if experiment.search else {}
    searched = [key for key, domain in domains.items() if _varies_weights(parse_path(key), domain)]
    if searched and place.value in (AUTO_METRIC, "loss"):
        yield sentence(
            "{searched} is searched, and losses with different weights cannot be compared",
            "search.space",
            advice="write metric: targets.NAME.METRIC, with r2, rmse or mae of a number and accuracy of "
            "classes",
            searched=searched[0],
        )


def _varies_weights(path: ConfigPath, domain: DomainConfig) -> bool:
    """Whether the values of a searched setting, or of the section above, have different target weights."""
    if path[:2] == ("training", "target_weights"):
        return True
    if path != ("training",) or not isinstance(domain, ChoiceConfig):
        return False
    weights = [choice.get("target_weights") for choice in domain.choice if isinstance(choice, Mapping)]
    return any(weight != weights[0] for weight in weights)


def _is_of_function(metric: str) -> bool:
    """Whether values of a metric are of the loss function: of its deviance, or of the levels of quantiles."""
    record = metric_of(metric)
    return record is not None and (record.name == "loss" or record.needs in ("levels", "deviances"))


def _searched_losses(experiment: Experiment) -> str | None:
    """The searched setting that gives trials different loss functions; None if all have the same."""
    parameters = {
        f"model.output.{record.parameter}" for record in loss_records().values() if record.parameter
    }
    for key, setting, outputs in _searched_outputs(experiment):
        if setting in parameters or (setting in _OUTPUTS and not has_one_loss(outputs)):
            return key
    return None


_OUTPUTS: Final = ("model", "model.output", "model.output.name")
"""The settings that may have several outputs as values."""


def _searched_outputs(experiment: Experiment) -> Iterator[tuple[str, str, tuple[Any, ...]]]:
    """Each searched setting as it is written, its path, and its outputs, if it may have several."""
    for key, domain in (experiment.search.domains if experiment.search else {}).items():
        setting = format_path(parse_path(key))
        outputs = domain.choice if isinstance(domain, ChoiceConfig) else ()
        if setting == "model":
            outputs = tuple(model.get("output", "auto") for model in outputs if isinstance(model, Mapping))
        yield key, setting, outputs


def outputs_of_trials(experiment: Experiment, task: TaskName) -> list[LossRecord]:
    """The outputs that trials may have in this task, each once; values that are wrong are left out."""
    written: list[Any] = [
        output
        for _, setting, outputs in _searched_outputs(experiment)
        if setting in _OUTPUTS
        for output in outputs
    ]
    settings = [written_out(output) for output in written] or [{"name": experiment.model.output.name}]
    default = default_output(task, is_ordered=experiment.data.is_ordered).name
    names = [each.get("name", default) for each in settings if isinstance(each, Mapping)]
    names = [default if name == "auto" else name for name in names]
    return [record for name, record in loss_records().items() if name in names and record.task == task]


def objective_of(experiment: Experiment, task: TargetKind, default: str) -> str:
    """What the metric `auto` stands for: the objective that all outputs share, or that of the task."""
    if task == SEVERAL:
        return default
    objectives_of_outputs = {record.objective for record in outputs_of_trials(experiment, task)}
    shared = objectives_of_outputs.pop() if len(objectives_of_outputs) == 1 else None
    is_comparable = shared is None or not _is_of_function(shared) or _searched_losses(experiment) is None
    return shared if shared and is_comparable else default


def _not_measured(experiment: Experiment, place: Place) -> Iterator[Problem]:
    """If an output that trials may have does not have the metric, such as a deviance without counts."""
    metric = metric_of(place.value)
    if metric is None or metric.task != REGRESSION:  # what classes have does not depend on the output
        return
    records = outputs_of_trials(experiment, metric.task)
    # Such a metric is one of a loss function, with which `_unlike_losses` refuses several outputs.
    unmeasured = next((record.name for record in records if metric.needs not in record.measures), None)
    if unmeasured is not None:
        kinds = [kind for kind in NEEDS if all(kind in record.measures for record in records)]
        names = ", ".join(name for name in objectives(metric.task, kinds))
        text = "{metric} is not measured with the output {output}"
        values = {"metric": place.value, "output": unmeasured}
        yield sentence(text, "model.output", "search.space", advice=f"choose from {names}", **values)


def _nothing_to_measure_on(experiment: Experiment, place: Place) -> Iterator[Problem]:
    """If it is validation without a validation part, or bags without `model.ensemble.bags`."""
    if problem := VALIDATION_SCHEMES[place.value].why_impossible(experiment):
        yield problem


class ObjectiveConfig(Section):
    """The metric by which trials are compared."""

    metric: Annotated[
        str,
        Field(min_length=1),
        PluginName(find_metric),
        Setting(
            is_common=True,
            search_contradictions=(_unknown_metric, _unlike_losses, _unlike_weights, _not_measured),
        ),
    ] = AUTO_METRIC
    """A metric of metrics.json, such as accuracy, f1_macro, log_loss, per_class.CLASS.recall, r2 or mae;
    `auto` is accuracy in a classification and r2 in a regression, d2 if all outputs are of counts and
    amounts, or pinball if they are quantiles. The more probable class counts as predicted, whatever
    `model.threshold` is; on bags, `model.threshold` counts."""
    on: Annotated[
        SchemeName,
        Setting(is_common=True, search_contradictions=(_nothing_to_measure_on,)),
    ] = ON_VALIDATION
    """Where the metric is measured: on the validation part, as the mean over the folds of
    `evaluation.cross_validation`, or on the bags of `model.ensemble`; folds and bags leave the test part out.
    With `bags` a trial is the whole ensemble, as `fnnctl train` trains it, and its out-of-bag predictions are
    measured."""
    direction: Literal["auto", "maximize", "minimize"] = "auto"
    """Whether the metric is maximized or minimized; `auto` minimizes losses and errors and maximizes the
    rest."""

    @property
    def scheme(self) -> ValidationScheme:
        """What a search must know of where its trials are measured."""
        return VALIDATION_SCHEMES[self.on]

    @property
    def minimized(self) -> bool:
        """Whether smaller values are better."""
        return is_loss(self.metric) if self.direction == "auto" else self.direction == "minimize"
