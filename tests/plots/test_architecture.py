from __future__ import annotations

import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyBboxPatch

from fnnctl.plots.architecture import MAX_DRAWN, MIN_SHARE, PlottedLayer, architecture_figure
from tests.plots.drawn import check_fit, texts_of, y_of

LAYERS = [
    PlottedLayer(128, "leaky_relu", "batch", False),
    PlottedLayer(128, "tanh", "none", True),
    PlottedLayer(1, "selu", "layer", False),
]


def figure_of(layers: list[PlottedLayer], inputs: int | None = 64, outputs: int | None = 10) -> Figure:
    return architecture_figure(layers, inputs, outputs, output="softmax", title="t")


def boxes_of(figure: Figure) -> list[FancyBboxPatch]:
    return [patch for patch in figure.axes[0].patches if isinstance(patch, FancyBboxPatch)]


def test_each_layer_says_what_it_is() -> None:
    figure = figure_of(LAYERS)
    assert [text for text in texts_of(figure) if text not in ("", "t")] == [
        "64 inputs", "128 units", "leaky_relu, batch normalization", "128 units", "tanh", "1 unit",
        "selu, layer normalization", "10 outputs", "softmax",
    ]  # fmt: skip
    check_fit(figure)


def test_wider_layers_have_wider_boxes() -> None:
    widths = [box.get_width() for box in boxes_of(figure_of(LAYERS))]
    assert len(widths) == 5
    assert widths[1] == widths[2] > widths[3]
    assert widths[3] == pytest.approx(MIN_SHARE * widths[1])


def test_an_arc_leads_around_each_layer_that_adds_its_inputs() -> None:
    figure = figure_of(LAYERS)
    (axes,), boxes = figure.axes, boxes_of(figure)
    (plus,) = (patch for patch in axes.patches if isinstance(patch, Circle))
    below = plus.center[1]
    assert boxes[3].get_y() + boxes[3].get_height() < below < boxes[2].get_y()
    (arc, _) = axes.get_lines()
    assert y_of(arc)[0] > boxes[2].get_y() + boxes[2].get_height()
    assert y_of(arc)[-1] == below


def test_the_middle_of_a_deep_network_is_left_out() -> None:
    figure = figure_of([PlottedLayer(2**index, "relu", "none", False) for index in range(20)])
    assert f"{20 - MAX_DRAWN} more layers" in texts_of(figure)
    check_fit(figure)


def test_unknown_numbers_are_left_out() -> None:
    figure = figure_of([], None, None)
    assert {"inputs", "outputs"} <= set(texts_of(figure))
    check_fit(figure)
