"""Whether the facts of a model about its target and output fit together, though each is valid on its own."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from fnnctl.config.schema.losses import LossRecord, find_loss, loss_records
from fnnctl.metrics.metric import REGRESSION
from fnnctl.tasks.target_transforms import LogTransform, QuantileTransform
from fnnctl.text import quoted

if TYPE_CHECKING:
    from fnnctl.modelling.model_description import NetworkDescription
    from fnnctl.modelling.target_description import TargetDescription


def targets_problem(network: NetworkDescription) -> str | None:
    """What is wrong with the facts about the target, or about each of several; None if they are valid."""
    if not network.targets:
        return _target_problem(network, network.table.exposure)
    if len(network.targets) == 1 or len({target.target for target in network.targets}) < len(network.targets):
        return "targets: there must be two or more, with different names"
    if len(network.fitted_targets) not in (0, len(network.targets)):
        return "fitted_targets: there must be one entry per target"
    problems = ((number, _target_problem(target, None)) for number, target in enumerate(network.targets))
    return next((f"targets.{number}.{problem}" for number, problem in problems if problem), None)


def _target_problem(network: TargetDescription, exposure: str | None) -> str | None:
    record = loss_records().get(network.output) or find_loss(network.output)
    if record is None:
        return f"output: there is no output named {quoted(network.output)}"
    if record.task == REGRESSION:
        if network.classes:
            return f"classes: the output {network.output} has no classes"
        if problem := _scale_problem(network, record, exposure):
            return problem
    elif len(network.classes) < 2:
        return "classes: there must be two or more"
    if problem := _class_problem(network, record):
        return problem
    if len(network.classes) != 2 and (network.threshold is not None or network.costs is not None):
        return "threshold, costs: only a network with two classes has them"
    if network.class_weights is not None and len(network.class_weights) != len(network.classes):
        return "class_weights: it must have one number per class"
    if network.baseline is not None and len(network.baseline) != (
        len(network.classes or network.levels) or 1
    ):
        return "baseline: it must have one number per class or level, or one number for other targets"
    return None


def _class_problem(network: TargetDescription, record: LossRecord) -> str | None:
    """What is wrong with the names and the order of the classes; None if they suit the output."""
    if len(set(network.classes)) < len(network.classes):
        return "classes: two have the same name"
    if record.needs_order and not network.ordered:
        return f"ordered: the output {network.output} needs classes in an order"
    has_positive = record.scores == "positive_class"
    if has_positive and (len(network.classes) != 2 or network.positive not in network.classes):
        return "positive: it must be one of exactly two classes"
    if not has_positive and network.positive is not None:
        return f"positive: the output {network.output} has no positive class"
    if network.positive_class is not None and network.positive_class not in network.classes:
        return "positive_class: it must be one of the classes"
    return None


def _scale_problem(network: TargetDescription, record: LossRecord, exposure: str | None) -> str | None:
    """What is wrong with the facts about a regression's outputs; None if they are valid."""
    if network.target_mean is None or network.target_deviation is None:
        return "target_mean, target_deviation: a regression needs both"
    has_levels = record.estimates == "quantiles"
    if has_levels != bool(network.levels) or any(low >= high for low, high in pairwise(network.levels)):
        return "levels: quantiles need at least one, rising, and other outputs have none"
    is_log = record.scores == "logarithm"
    suits = network.target_mean == 0.0 and network.target_transform is None if is_log else not exposure
    if not suits or is_log != (network.target_deviance is not None):
        return f"target_deviance, target_mean, table.exposure: they do not suit the output {network.output}"
    if network.target_range is not None and network.target_range[0] > network.target_range[1]:
        return "target_range: its first end is larger than its second"
    if isinstance(network.target_transform, QuantileTransform) and not network.target_transform.is_rising:
        return "target_transform: its values and scores must be equally many, and rise"
    if isinstance(network.target_transform, LogTransform) and not network.target_transform.is_defined:
        return "target_transform: its shift must be 0 or more, and with its least value above 0"
    return None
