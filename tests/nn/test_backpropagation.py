"""Which error terms are flushed; the gradients are tested in `test_gradients`."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from fnnctl.nn.backpropagation import _vanishing_layers
from fnnctl.nn.network import Network


@pytest.mark.parametrize(
    ("saturates", "flushed"),
    [
        ([], []),
        ([True, True], []),
        ([True, True, True], [0]),
        ([True, True, True, True], [1]),
        ([True, True, True, True, True], [0, 2]),
        ([True, False, True, False, True], [0]),
        ([False, True, True, True], [1]),
        ([False, False, False, False], []),
    ],
)
def test_every_second_layer_with_two_saturating_ones_above_it_is_flushed(
    saturates: list[bool], flushed: list[int]
) -> None:
    layers = [SimpleNamespace(f=SimpleNamespace(saturates=each)) for each in saturates]
    assert _vanishing_layers(cast("Network", SimpleNamespace(layers=layers))) == flushed
