from __future__ import annotations

from typing import Any

import pytest

from fnnctl.space.constraints import check_syntax, constraints_of
from fnnctl.space.dimensions import Dimension
from fnnctl.space.domains import Choice
from fnnctl.space.expression_parser import ExpressionError
from fnnctl.space.number_domains import Integer, LogUniform

DIMENSIONS = [
    Dimension("model.hidden", Integer(1, 8), "depth"),
    Dimension("model.hidden", Integer(16, 512, 16), "width"),
    Dimension("training.optimizer.name", Choice(("adam", "sgd"))),
    Dimension("training.lr_schedule.name", Choice(("constant", "cosine"))),
    Dimension("training.optimizer.learning_rate", LogUniform(1e-4, 0.1)),
    Dimension("training.batch_size", Choice(("auto", 32, 64))),
    Dimension("model.activation", Choice(("relu", {"name": "elu", "alpha": 0.5}))),
    Dimension("model.layers[0].units", Integer(1, 9)),
    Dimension("units", Integer(1, 9)),
]
VALUES: dict[str, Any] = {
    "model.hidden.depth": 3,
    "model.hidden.width": 128,
    "training.optimizer.name": "adam",
    "training.optimizer.learning_rate": 0.01,
    "training.batch_size": "auto",
    "model.activation": {"name": "elu", "alpha": 0.5},
    "model.layers[0].units": 4,
    "units": 5,
}
"""Everything but lr_schedule.name, which is not active."""


def holds(text: str) -> bool:
    return all(each.holds(VALUES) for each in constraints_of(text, DIMENSIONS))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("depth * width <= 512", True),
        ("model.hidden.depth * hidden.width > 512", False),
        ("16 <= width <= 64", False),
        ("optimizer.name == 'sgd' or learning_rate < 0.1", True),
        ("activation == 'elu'", True),
        ("activation != 'elu'", False),
        ("batch_size == 'auto' or batch_size * depth <= 128", True),
        ("batch_size * depth <= 128", False),  # auto is not a number
        ("lr_schedule.name == 'cosine'", True),
        ("not lr_schedule.name == 'cosine'", True),
        ("depth > 3 and lr_schedule.name == 'cosine'", False),
        ("1 / (depth - 3) < 5", False),
        ("not 1 / (depth - 3) < 5", False),
        ("depth == 3 or 1 / (depth - 3) < 5", True),
        ("width ** 999 > 1", False),
        ("layers[0].units == 4 and layers.0.units == 4", True),
        ("units == 5", True),  # the full name of one, the last part of another
    ],
)
def test_constraints_hold_or_not(text: str, expected: bool) -> None:
    assert holds(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("depth * widht <= 512", "column 9: there is no dimension 'widht' (did you mean 'width'?)"),
        ("name == 'adam'",
         "column 1: 'name' is ambiguous: it can be training.optimizer.name or training.lr_schedule.name"),
        ("optimizer.name == 'adma'",
         "column 19: training.optimizer.name is never 'adma' (did you mean 'adam'?)"),
        ("5 == optimizer.name", "column 1: training.optimizer.name is never 5; its domain has 'adam', 'sgd'"),
        ("width != 100", "column 10: model.hidden.width is never 100; its nearest values are 96 and 112"),
        ("width == 5000", "column 10: model.hidden.width is never 5000; its nearest value is 512"),
        ("depth == true", "column 10: model.hidden.depth is never true; its values go from 1 to 8"),
        ("learning_rate == 1",
         "column 18: training.optimizer.learning_rate is never 1; its values go from 0.0001 to 0.1"),
        ("width + 1 == 'a'", "column 14: a number is never 'a'"),
        ("optimizer.name < 3",
         "column 1: no value of training.optimizer.name is a number, "
         "and only numbers are ordered or calculated with"),
        ("width < null",
         "column 9: null is not a number, and only numbers are ordered or calculated with"),
        ("depth < 3 and 1 < 2", "column 15: names no dimension, so it is always true or always false"),
    ],
)  # fmt: skip
def test_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(ExpressionError) as raised:
        constraints_of(text, DIMENSIONS)
    assert str(raised.value) == message


def test_an_unknown_name_is_told_which_there_are() -> None:
    with pytest.raises(ExpressionError, match="there is no dimension 'q'; the dimensions are x, y"):
        constraints_of("q < 3", [Dimension("x", Integer(1, 2)), Dimension("y", Integer(1, 2))])


def test_a_part_of_each_layer_is_suggested_of_the_first() -> None:
    layers = [Dimension("model.hidden", Integer(1, 8), f"width[{index}]") for index in range(3)]
    with pytest.raises(ExpressionError, match=r"no dimension 'width' \(did you mean 'width\[0\]'\?\)"):
        constraints_of("width < 4", layers)


def test_what_and_joins_are_several_constraints() -> None:
    found = constraints_of("1 < depth < 5 and (width < 3 or depth < 3)", DIMENSIONS)
    depth, width = "model.hidden.depth", "model.hidden.width"
    assert [each.names for each in found] == [{depth}, {depth}, {depth, width}]


def test_the_syntax_is_checked_without_dimensions() -> None:
    check_syntax("anything < 3")
    with pytest.raises(ExpressionError):
        check_syntax("anything <")
