from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyBboxPatch

from fnnctl.plots.architecture import MAX_DRAWN, MIN_SHARE, PlottedLayer, architecture_figure
from fnnctl.plots.style import png_bytes

CheckFit = Callable[[Figure], None]
TextsOf = Callable[[Figure], list[str]]
LAYERS = [
    PlottedLayer(128, "leaky_relu", "batch", False),
    PlottedLayer(128, "tanh", "none", True),
    PlottedLayer(1, "selu", "layer", False),
]


def figure_of(layers: list[PlottedLayer], inputs: int | None = 64, outputs: int | None = 10) -> Figure:
    return architecture_figure(layers, inputs, outputs, output="softmax", title="t")


def test_each_layer_says_what_it_is(texts_of: TextsOf) -> None:
    texts = [text for text in texts_of(figure_of(LAYERS)) if text]
    assert [text for text in texts if text != "t"] == [
        "64 inputs",
        "128 units",
        "leaky_relu, batch normalization",
        "128 units",
        "tanh",
        "1 unit",
        "selu, layer normalization",
        "10 outputs",
        "softmax",
    ]


def test_wider_layers_have_wider_boxes() -> None:
    (axes,) = figure_of(LAYERS).axes
    widths = [patch.get_width() for patch in axes.patches if isinstance(patch, FancyBboxPatch)]
    assert len(widths) == 5
    assert widths[1] == widths[2] > widths[3]
    assert widths[3] == pytest.approx(MIN_SHARE * widths[1])


def test_an_arc_leads_around_each_layer_that_adds_its_inputs() -> None:
    (axes,) = figure_of(LAYERS).axes
    (plus,) = (patch for patch in axes.patches if isinstance(patch, Circle))
    boxes = [patch for patch in axes.patches if isinstance(patch, FancyBboxPatch)]
    below = plus.center[1]
    assert boxes[3].get_y() + boxes[3].get_height() < below < boxes[2].get_y()
    (arc, _) = axes.get_lines()
    heights = np.asarray(arc.get_ydata(), np.float64)
    assert heights[0] > boxes[2].get_y() + boxes[2].get_height()
    assert heights[-1] == below


def test_the_middle_of_a_deep_network_is_left_out(texts_of: TextsOf, check_fit: CheckFit) -> None:
    figure = figure_of([PlottedLayer(2**index, "relu", "none", False) for index in range(20)])
    assert f"{20 - MAX_DRAWN} more layers" in texts_of(figure)
    check_fit(figure)


@pytest.mark.parametrize("layers", [[], LAYERS])
def test_everything_fits(layers: list[PlottedLayer], check_fit: CheckFit) -> None:
    figure = figure_of(layers)
    check_fit(figure)
    assert png_bytes(figure)


def test_unknown_numbers_are_left_out(texts_of: TextsOf) -> None:
    assert {"inputs", "outputs"} <= set(texts_of(figure_of([], None, None)))
