"""What is a number, a text or a Boolean to NumPy is one as a setting; anything else is an error."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fnnctl import Experiment, optimize
from fnnctl.api.plain_values import plain_value
from fnnctl.errors import ConfigError
from fnnctl.space import Choice, Condition, Dimension, Integer, LogUniform, Space, Uniform


class Activation(enum.StrEnum):
    RELU = "relu"


class Size(enum.IntEnum):
    SMALL = 8


PLAIN: list[tuple[Any, Any]] = [
    (np.float64(0.1), 0.1),
    (np.float16(0.5), 0.5),
    (np.longdouble(0.1), 0.1),
    (np.int64(3), 3),
    (np.uint8(3), 3),
    (np.bool_(True), True),
    (np.str_("relu"), "relu"),
    (np.array(0.1), 0.1),
    (np.array("relu"), "relu"),
    (np.array(None), None),
    (np.array([8, 4]), [8, 4]),
    (np.array([np.int64(8), "a"], object), [8, "a"]),
    ([np.int64(8), (np.float64(0.5), np.bool_(False))], [8, [0.5, False]]),
    (range(2), [0, 1]),
    ({np.str_("a"): {np.int64(0): np.float64(2)}}, {"a": {"0": 2.0}}),
    (Activation.RELU, "relu"),
    (Size.SMALL, 8),
    (Path("a.csv"), "a.csv"),
]


@pytest.mark.parametrize(("value", "plain"), PLAIN, ids=lambda _: "")
def test_values_of_numpy_are_those_of_python(value: Any, plain: Any) -> None:
    def types(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: (type(key), types(inner)) for key, inner in value.items()}
        return [*map(types, value)] if isinstance(value, list) else type(value)

    converted = plain_value(value, ("model", "hidden"))
    assert converted == plain
    assert types(converted) == types(plain)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (np.complex64(1), "complex"),
        (np.datetime64("2024-01-01", "ns"), "datetime64"),  # its item is an integer
        (np.array(np.timedelta64(1, "ns")), "timedelta64"),
        (np.bytes_("a"), "bytes"),
        (np.ma.masked, "MaskedConstant"),
        (np.zeros((2, 2)), "ndarray"),
        ({1}, "set"),
        (object(), "object"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_other_values_are_errors_that_name_the_path_and_the_type(value: Any, kind: str) -> None:
    with pytest.raises(ConfigError, match=rf"^training\.l2: must be a value .*, not {kind}$"):
        Experiment().set("training.l2", value)
    with pytest.raises(ConfigError, match=rf"^model\.hidden\[1\]: must be a value .*, not {kind}$"):
        Experiment(model={"hidden": [4, value]})
    with pytest.raises(ConfigError, match=rf"^x\[0\]: must be a value .*, not {kind}$"):
        optimize(lambda values: 0.0, {"x": [value]})


def test_keys_depths_and_digits_have_limits() -> None:
    with pytest.raises(ConfigError, match=r"^training\.class_weights: has a key of type NoneType"):
        Experiment().set("training.class_weights", {None: 1})
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(ConfigError, match=r"^model: is nested more than 50 levels deep$"):
        Experiment().set("model.hidden", endless)
    with pytest.raises(ConfigError, match=r"^seed: must be a number of at most 1,000 digits$"):
        Experiment(seed=-(10**5000))


def test_experiments_are_equal_whatever_their_values_are_of() -> None:
    plain = Experiment(data="iris", training={"l2": 0.1, "class_weights": {"0": 2.0}})
    typed = Experiment(data=np.str_("iris"), training={"l2": np.float64(0.1)}).set(
        np.str_("training.class_weights"), {np.int64(0): np.float32(2)}
    )
    assert typed.to_yaml() == plain.to_yaml()


@pytest.mark.parametrize("method", ["random", "grid", "bayes", "evolution"])
def test_a_space_of_numpy_is_that_of_python(method: str, tmp_path: Path) -> None:
    def spaces(whole: Any, number: Any, text: Any) -> list[Dimension]:
        kind = Dimension(text("kind"), Choice((text("a"), whole(1), number(0.5))))
        condition = Condition(text("kind"), (text("a"),))
        return [
            kind,
            Dimension("n", Integer(whole(1), whole(4)), conditions=(condition,)),
            Dimension("rate", LogUniform(number(0.25), number(1))),
        ]

    def objective(values: dict[str, Any]) -> float:
        assert {type(value) for value in values.values()} <= {int, float, str}
        return float(values["rate"])

    def trials(name: str, *types: Any) -> object:
        journal = tmp_path / f"{name}.jsonl"
        dimensions = spaces(*types)
        first = optimize(objective, dimensions, method=method, trials=6, journal=journal).trials
        assert optimize(objective, Space(dimensions), method=method, trials=6).trials == first
        return first

    assert trials("numpy", np.int64, np.float64, np.str_) == trials("python", int, float, str)


def test_an_array_is_a_choice_and_a_space_keeps_its_constraints() -> None:
    assert optimize(lambda values: values["x"], {"x": np.logspace(-2, 0, 3)}).value == 0.01
    space = Space([Dimension("x", Uniform(0, 1)), Dimension("y", Uniform(0, 1))], ["x < y"])
    trials = optimize(lambda values: 0.0, space, require="y < 0.5", method="random", trials=20).trials
    assert all(x < y < 0.5 for x, y in zip(trials["x"], trials["y"], strict=True))
