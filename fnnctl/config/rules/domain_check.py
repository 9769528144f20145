"""What can be wrong with a domain by itself, whichever setting it is of."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import NormalDist

from fnnctl.config.paths import ConfigPath
from fnnctl.config.reading.resolved import flow_yaml
from fnnctl.config.rules.domain_values import (
    MOST_STEPS,
    factors_between,
    identity,
    normal_ends,
    steps_between,
)
from fnnctl.config.schema.domains import (
    ChoiceDomain,
    Domain,
    IntegerDomain,
    LayersDomain,
    LogIntegerDomain,
    LogUniformDomain,
    NormalDomain,
    UniformDomain,
)

Finding = tuple[ConfigPath, str]
"""A place in the domain, and what is wrong there."""


def domain_findings(domain: Domain) -> Iterator[Finding]:
    """Everything that is wrong with a domain whose values have the right types."""
    match domain:
        case ChoiceDomain(choice=values):
            if not values:
                yield ("choice",), "is empty; write the values to choose from, such as [0.1, 0.01]"
            first = {identity(value): index for index, value in reversed(list(enumerate(values)))}
            for index, value in enumerate(values):
                if first[identity(value)] < index:
                    yield ("choice", index), f"{flow_yaml(value)} is given twice; remove one of the two"
        case UniformDomain(uniform=ends):
            yield from _findings("uniform", ends, domain.step)
        case IntegerDomain(integer=ends):
            yield from _findings("integer", ends, domain.step)
        case LogUniformDomain(log_uniform=ends):
            yield from _findings_of_log("log_uniform", ends, domain.step)
        case LogIntegerDomain(log_integer=ends):
            yield from _findings_of_log("log_integer", ends, domain.step)
        case NormalDomain():
            yield from _findings_of_normal(domain)
        case LayersDomain():
            yield from _findings_of_layers(domain)


def _findings(key: str, ends: tuple[float, float], step: float | None) -> Iterator[Finding]:
    yield from _order(key, ends)
    low, high = ends
    if step is None or low >= high:
        return
    steps = steps_between(low, high, step)
    if not steps:
        yield ("step",), f"is larger than the whole domain, from {low} to {high}"
    elif steps >= MOST_STEPS and key != "integer":
        yield ("step",), f"makes {steps + 1:,} values of the domain; write a larger one, or leave it out"


def _findings_of_log(key: str, ends: tuple[float, float], step: float | None) -> Iterator[Finding]:
    yield from _order(key, ends)
    low, high = ends
    if low <= 0:
        plain = key.removeprefix("log_")
        advice = f"write a small number, or {plain}: [{low}, {high}]"
        yield (key, 0), f"must be above 0 to have a logarithm, not {low}; {advice}"
    elif step is not None and low < high and not factors_between(low, high, step):
        yield ("step",), f"is a factor here, and larger than that from {low} to {high}"


def _findings_of_normal(domain: NormalDomain) -> Iterator[Finding]:
    mean, deviation = domain.normal
    if deviation <= 0:
        yield ("normal", 1), f"is the standard deviation and must be above 0, not {deviation}"
        return
    yield from _order("within", normal_ends(domain))
    low, high = normal_ends(domain)
    normal = NormalDist(mean, deviation)
    if low < high and normal.cdf(low) == normal.cdf(high):
        yield ("within",), f"is so far from the mean, {mean}, that no value lies there"
    if domain.step is not None and low < high:
        steps = steps_between(low, high, domain.step)
        if not low <= mean <= high:
            yield ("step",), f"counts from the mean, {mean}, which must lie between {low} and {high} then"
        elif not steps or steps >= MOST_STEPS:
            yield ("step",), f"makes {steps + 1:,} values of the domain; write another one, or leave it out"


def _findings_of_layers(domain: LayersDomain) -> Iterator[Finding]:
    for key, (low, high) in (("depth", domain.depth), ("width", domain.width)):
        if low > high:
            yield (key,), f"the least, {low}, is above the largest, {high}; write [{high}, {low}]"
    if isinstance(domain.step, float):
        if domain.log and domain.step <= 1:
            yield ("step",), f"is a factor where log is true and must be above 1, not {domain.step:g}"
        elif not domain.log and not domain.step.is_integer():
            yield ("step",), f"is a difference of widths and must be a whole number, not {domain.step:g}"


def _order(key: str, ends: tuple[float, float]) -> Iterator[Finding]:
    low, high = ends
    if low > high:
        yield (key,), f"the least value, {low}, is above the largest, {high}; write [{high}, {low}]"
    elif low == high:
        yield (key,), f"has one value only, {low}; write {{choice: [{low}]}}, or set it outside the search"
