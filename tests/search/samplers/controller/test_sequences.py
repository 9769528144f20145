"""Sequences of choices give each assignment of a space once, with steps that depend on the choices before."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from fnnctl.search.samplers.controller.sequences import BINS, Sequences, Values
from fnnctl.space.identity import identity
from tests.search.spaces import space

LAYERS: dict[str, Any] = {
    "depth": [1, 3], "width": [16, 32], "log": True, "per_layer": True, "activation": ["relu", "tanh"],
}  # fmt: skip


def everything(sequences: Sequences) -> Iterator[tuple[list[tuple[int, int]], Values, float]]:
    """All possible sequences: kinds and choices, the values, and the first probability."""
    open_: list[list[int]] = [[]]
    while open_:
        choices = open_.pop()
        steps, taken, p = sequences.steps(lambda: 0.5), [], 1.0
        try:
            step = next(steps)
            for choice in choices:
                p *= math.exp(step.log_weights[step.kind.first + choice])
                taken.append((step.kind.number, choice))
                step = steps.send(choice)
        except StopIteration as end:
            yield taken, end.value, p
            continue
        own = step.log_weights[step.kind.first : step.kind.first + step.kind.choices]
        open_ += [[*choices, choice] for choice, weight in enumerate(own) if weight > -math.inf]


FINITE: dict[str, dict[str, Any]] = {
    "own layers": {"model.hidden": LAYERS},
    "no layers possible": {"model.hidden": {**LAYERS, "depth": [0, 2]}},
    "the same layers": {"model.hidden": {**LAYERS, "per_layer": False, "residual": [False, True]}},
    "a fixed number": {"model.hidden": {**LAYERS, "depth": [2, 2]}},
    "conditions": {
        "model.hidden": {**LAYERS, "depth": [0, 1], "when": {"training.optimizer.name": "adam"}},
        "training.optimizer.name": {"choice": ["adam", "momentum", "sgd"]},
        "training.optimizer.momentum": {
            "uniform": [0, 0.9], "step": 0.3, "when": {"training.optimizer.name": "momentum"},
        },
    },
    "without layers": {"training.l2": {"choice": [0.0, 0.1]}, "training.batch_size": {"integer": [1, 5]}},
}  # fmt: skip


@pytest.mark.parametrize("name", FINITE)
def test_each_assignment_of_a_finite_space_has_one_sequence(name: str) -> None:
    """With values for the active dimensions."""
    given = space(FINITE[name])
    sequences = list(everything(Sequences(given)))
    assignments = [given.assignment_of(values) for _, values, _ in sequences]
    assert Counter(map(identity, assignments)) == Counter(map(identity, given.everything()))
    assert given.size == len(sequences) > 3
    assert sum(p for _, _, p in sequences) == pytest.approx(1.0)
    for assignment, (_, values, _) in zip(assignments, sequences, strict=True):
        assert given.coordinates(assignment).keys() == values.keys()


def test_a_sequence_goes_layer_by_layer() -> None:
    """The steps of all layers are of the same kinds, after a step that goes on."""
    sequences = Sequences(space({"model.hidden": LAYERS}))
    assert len(sequences.kinds) == 3
    assert sequences.tokens == 2 + 2 + 2
    by_depth = {values["model.hidden.depth"]: taken for taken, values, _ in everything(sequences)}
    assert [kind for kind, _ in by_depth[1]] == [0, 1, 2, 0]
    assert [kind for kind, _ in by_depth[3]] == [0, 1, 2, 0, 1, 2, 0, 1, 2, 0]
    assert [choice for kind, choice in by_depth[3] if kind == 0] == [1, 1, 1, 0]


def test_a_layer_adds_its_inputs_only_if_it_can() -> None:
    sequences = Sequences(space({"model.hidden": {**LAYERS, "depth": [2, 2], "residual": [False, True]}}))
    found = [values for _, values, _ in everything(sequences)]
    equal = [each["model.hidden.width[0]"] == each["model.hidden.width[1]"] for each in found]
    adds = [each["model.hidden.residual[1]"] for each in found]
    assert Counter(zip(equal, adds, strict=True)) == {(True, True): 8, (True, False): 8, (False, False): 8}


def test_a_layer_that_must_add_its_inputs_says_so() -> None:
    """If there is no other choice, it remains, although it has no effect."""
    sequences = Sequences(space({"model.hidden": {**LAYERS, "depth": [2, 2], "residual": [True]}}))
    assert all(values["model.hidden.residual[1]"] for _, values, _ in everything(sequences))


def test_a_number_is_drawn_inside_its_bin() -> None:
    sequences = Sequences(space({"training.l2": {"log_uniform": [1e-6, 1e-2]}}))
    assert [kind.choices for kind in sequences.kinds] == [BINS]
    for choice in range(BINS):
        for point in (0.0, 0.5, 0.999):
            steps = sequences.steps(lambda point=point: point)  # type: ignore[misc]
            next(steps)
            with pytest.raises(StopIteration) as end:
                steps.send(choice)
            share = (math.log10(end.value.value["training.l2"]) + 6) / 4
            assert share == pytest.approx((choice + point) / BINS, abs=1e-4)


def test_many_texts_are_choices_of_their_own_and_many_numbers_are_not() -> None:
    texts = [f"column {number}" for number in range(40)]
    sequences = Sequences(
        space({"a": {"choice": texts}, "b": {"integer": [1, 40]}, "c": {"integer": [1, 16]}})
    )
    assert [kind.choices for kind in sequences.kinds] == [40, BINS, 16]
