"""Domains in YAML: which ones the schema accepts and refuses."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fnnctl.config.reading.loading import LoadedConfig
from fnnctl.config.schema.domains import (
    ChoiceConfig,
    IntegerConfig,
    LayersConfig,
    LogIntegerConfig,
    LogUniformConfig,
    NormalConfig,
    UniformConfig,
)
from fnnctl.config.schema.section import Section

KINDS = "choice, uniform, log_uniform, integer, log_integer, normal, depth or width"


def space(domain: str) -> str:
    return f"data: {{source: iris}}\nsearch:\n  space:\n    training.l2: {domain}\n"


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("{choice: [1, two, null, [3], {a: 4}]}", ChoiceConfig(choice=(1, "two", None, [3], {"a": 4}))),
        ("{uniform: [0, 1]}", UniformConfig(uniform=(0.0, 1.0))),
        ("{log_uniform: [1e-3, 1], step: 10}", LogUniformConfig(log_uniform=(0.001, 1.0), step=10.0)),
        ("{integer: [1, 9], step: 2}", IntegerConfig(integer=(1, 9), step=2)),
        ("{log_integer: [1, 64], step: 2}", LogIntegerConfig(log_integer=(1, 64), step=2.0)),
        ("{normal: [0, 1], within: [-1, 1]}", NormalConfig(normal=(0.0, 1.0), within=(-1.0, 1.0))),
        ("{width: [4, 8], depth: [1, 2]}", LayersConfig(depth=(1, 2), width=(4, 8))),
        ("{width: [4, 8], depth: [1, 2], activation: [relu, {name: elu}], residual: [false]}",
         LayersConfig(depth=(1, 2), width=(4, 8), activation=("relu", {"name": "elu"}), residual=(False,))),
        ("{when: {a: 1}, uniform: [0, 1]}", UniformConfig(uniform=(0.0, 1.0), when={"a": 1})),
    ],
)  # fmt: skip
def test_the_key_tells_the_domain(load: Callable[..., LoadedConfig], text: str, domain: Section) -> None:
    search = load(space(text)).experiment.search
    assert search is not None
    assert search.space == {"training.l2": domain}


@pytest.mark.parametrize(
    ("domain", "problem"),
    [
        ("{log_unifrom: [1, 2]}", f": must have one of {KINDS} (did you mean 'log_uniform'?)"),
        ("{}", f": must have one of {KINDS}"),
        ("[1, 2]", f": must be a mapping with one of {KINDS}, not a list of length 2"),
        ("0.1", f": must be a mapping with one of {KINDS}, not 0.1 (write {{choice: [0.1]}})"),
        ("", f": must be a mapping with one of {KINDS}, not null"),
        ("{uniform: [0, 1, 2]}", ".uniform: must be a list of 2 numbers, not a list of length 3"),
        ("{uniform: 3}", ".uniform: must be a list of 2 numbers, not 3"),
        ("{uniform: [a, 1]}", ".uniform[0]: must be a number from -1e+15 to 1e+15, not 'a'"),
        (
            "{integer: [0.5, 1]}",
            ".integer[0]: must be a whole number from -1000000000000000 to 1000000000000000, not 0.5",
        ),
        ("{uniform: [0, 1], log: true}", ".log: unknown setting; possible here: uniform, step, when"),
        ("{choice: [0], step: 1}", ".step: unknown setting; possible here: choice, when"),
        ("{normal: [0, 1], wihtin: [0, 1]}", ".wihtin: unknown setting (did you mean 'within'?)"),
        ("{choice: [0], uniform: [0, 1]}", ".uniform: cannot be combined with choice; remove one of the two"),
        ("{choice: 5}", ".choice: must be a list of at most 10000 entries, not 5 (write [5])"),
        ("{uniform: [0, 1], when: 5}", ".when: must be a mapping of settings to values, or null, not 5"),
        ("{uniform: [0, 1], step: 0}", ".step: must be a number above 0 and at most 1e+15, or null, not 0"),
        (
            "{log_uniform: [1, 2], step: 1}",
            ".step: must be a number from 1.001 to 1e+15, or null, not 1",
        ),
        ("{depth: [1, 2]}", ".width: missing: the lowest and the highest number of units per layer"),
        ("{width: [1, 2]}", ".depth: missing: the lowest and the highest number of hidden layers"),
        (
            "{width: [1, 2], depth: [1, 2], step: fine}",
            ".step: must be a number above 0 and at most 1e+15, or coarse, or null, not 'fine'",
        ),
        (
            "{width: [1, 2], depth: [1, 2], normalization: [none, bacth]}",
            ".normalization[1]: must be one of none, batch, layer, not 'bacth' (did you mean 'batch'?)",
        ),
        (
            "{width: [1, 2], depth: [1, 2], activation: [{name: elu, slope: 3}]}",
            ".activation[0].slope: elu has no slope; leaky_relu and prelu have",
        ),
        (
            "{width: [1, 2], depth: [1, 2], activation: relu}",
            ".activation: must be a list of at most 100 entries, or null, not 'relu' (write [relu])",
        ),
        ("{width: [1, 2], depth: [1, 2], residual: [1]}", ".residual[0]: must be true or false, not 1"),
    ],
)
def test_an_invalid_domain_is_one_problem_in_words(
    problems: Callable[..., list[str]], domain: str, problem: str
) -> None:
    assert problems(space(domain)) == [f"4: search.space.training.l2{problem}"]


def test_a_bad_activation_is_told_at_its_line(problems: Callable[..., list[str]]) -> None:
    layers = "\n      depth: [1, 2]\n      width: [4, 8]\n      activation:\n      - relu\n      - rleu"
    (problem,) = problems(space(layers))
    place = "9: search.space.training.l2.activation[1]"
    assert problem.startswith(f"{place}: cannot be 'rleu' (did you mean 'relu'?); it must be one of identity")


def test_sections_instead_of_paths_get_advice_to_use_dots(problems: Callable[..., list[str]]) -> None:
    text = space("{}").replace("training.l2: {}", "training: {optimizer: {learning_rate: {uniform: [0, 1]}}}")
    assert problems(text) == [
        f"4: search.space.training: must have one of {KINDS}; "
        "write a setting's whole path with dots: training.optimizer.learning_rate"
    ]


def test_a_domain_can_be_set_on_the_command_line(load: Callable[..., LoadedConfig]) -> None:
    loaded = load(
        space("{uniform: [0, 1]}"),
        "search.space.training.l2={choice: [0.5]}",
        "search.space.model.hidden.0.units={integer: [3, 9]}",
    )
    assert loaded.experiment.search is not None
    assert loaded.experiment.search.space == {
        "training.l2": ChoiceConfig(choice=(0.5,)),
        "model.hidden[0].units": IntegerConfig(integer=(3, 9)),
    }
