"""The rows of a network that gets further outputs: former weights stay, and those of new outputs are 0."""

from __future__ import annotations

import numpy as np
import pytest

from fnnctl.nn.losses.joint import places_of_outputs
from fnnctl.nn.parameters import ParameterLayout
from fnnctl.nn.shape import HiddenShape, NetworkShape, OutputShape


def layout(outputs: int, *, units: int = 2, inner: int = 1) -> ParameterLayout:
    hidden = (HiddenShape(units, "relu"),)
    return ParameterLayout(NetworkShape(3, hidden, OutputShape(outputs, "softmax"), inner))


@pytest.mark.parametrize("inner", [1, 4])
def test_further_outputs_have_weights_of_0(inner: int) -> None:
    former, extended = layout(2, inner=inner), layout(3, inner=inner)
    row = np.arange(1.0, former.size + 1)
    before = former.named_arrays(row, np.empty(0))
    after = extended.named_arrays(*extended.extended_rows(before, np.arange(2)))
    assert after.keys() == before.keys()
    for name in before.keys() - {"weights_2", "biases_2"}:
        np.testing.assert_array_equal(after[name], before[name])
    np.testing.assert_array_equal(after["weights_2"][..., :2, :], before["weights_2"])
    np.testing.assert_array_equal(after["biases_2"][..., :2], before["biases_2"])
    assert not after["weights_2"][..., 2, :].any()
    assert not after["biases_2"][..., 2].any()


def test_further_outputs_may_stand_between_former_ones() -> None:
    """The third class of the first of two targets: the outputs of the second one are shifted."""
    former, extended = layout(4), layout(5)
    shapes = [joint(classes) for classes in (2, 3)]
    places = places_of_outputs(*shapes)
    assert places.tolist() == [0, 1, 3, 4]
    before = former.named_arrays(np.arange(1.0, former.size + 1), np.empty(0))
    after = extended.named_arrays(*extended.extended_rows(before, places))
    np.testing.assert_array_equal(after["weights_2"][places], before["weights_2"])
    np.testing.assert_array_equal(after["biases_2"][places], before["biases_2"])
    assert not after["weights_2"][2].any()
    assert after["biases_2"][2] == 0.0


def joint(classes: int) -> OutputShape:
    return OutputShape.of_parts((OutputShape(classes, "softmax"), OutputShape(2, "softmax")))


def test_equal_outputs_leave_everything_as_it_is() -> None:
    former = layout(2)
    row = np.arange(1.0, former.size + 1)
    again, statistics = former.extended_rows(former.named_arrays(row, np.empty(0)), np.arange(2))
    np.testing.assert_array_equal(again, row)
    assert not statistics.size


def test_another_network_is_refused() -> None:
    former = layout(2)
    arrays = former.named_arrays(np.zeros(former.size), np.empty(0))
    with pytest.raises(ValueError, match=r"the array 'weights_1' is \(2, 3\), not \(5, 3\)"):
        layout(2, units=5).extended_rows(arrays, np.arange(2))
    with pytest.raises(ValueError, match="the array 'weights_2'"):
        layout(1).extended_rows(arrays, np.arange(2))
    del arrays["biases_1"]
    with pytest.raises(ValueError, match="there are the arrays weights_1, weights_2, biases_2, not"):
        former.extended_rows(arrays, np.arange(2))
