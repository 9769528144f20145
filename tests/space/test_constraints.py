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


def test_what_and_joins_are_several_constraints() -> None:
    found = constraints_of("1 < depth < 5 and (width < 3 or depth < 3)", DIMENSIONS)
    depth, width = "model.hidden.depth", "model.hidden.width"
    assert [each.names for each in found] == [{depth}, {depth}, {depth, width}]


def test_the_syntax_is_checked_without_dimensions() -> None:
    check_syntax("anything < 3")
    with pytest.raises(ExpressionError):
        check_syntax("anything <")
