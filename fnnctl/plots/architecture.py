"""A network's architecture: boxes from the inputs to the outputs, with arcs for residual connections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch

from fnnctl.plots.style import COLOURS, FAINT, INK, MUTED, drawable_text, new_figure
from fnnctl.text import counted

MAX_DRAWN: Final = 12
"""In a deeper network, the layers in the middle are one box."""
BOX_WIDTH, BOX_HEIGHT, GAP = 3.2, 0.5, 0.46
ARC_WIDTH = 0.5
PLUS = 0.08
"""The radius of the circle around a plus sign."""
MIN_SHARE = 0.66
"""The narrowest box has at least this share of the widest box's width."""
TEXT_COLUMNS = 34


@dataclass(frozen=True, slots=True)
class PlottedLayer:
    """A hidden layer."""

    units: int
    activation: str
    normalization: str
    adds: bool
    """Whether it adds its inputs to its outputs."""


@dataclass(frozen=True, slots=True)
class _Box:
    text: str
    detail: str
    share: float
    """Its width, as a share of the widest."""
    colour: str
    adds: bool = False


def architecture_figure(
    layers: Sequence[PlottedLayer], inputs: int | None, outputs: int | None, *, output: str, title: str
) -> Figure:
    """Draw a network from top to bottom. Wider layers have wider boxes.

    `inputs` and `outputs` are how many there are, if known; `output` is the kind of the output layer. An arc
    leads around each layer that adds its inputs to its outputs.
    """
    boxes = _boxes(layers, inputs, outputs, output)
    texts = [part for box in boxes for part in (box.text, box.detail)]
    height = 0.75 + (BOX_HEIGHT + GAP) * len(boxes) - GAP
    with new_figure(BOX_WIDTH + 2 * ARC_WIDTH + 0.6, height, title, texts) as figure:
        axes = figure.subplots()
        axes.set_axis_off()
        axes.set_aspect("equal")
        half = BOX_WIDTH / 2 + ARC_WIDTH
        axes.set(xlim=(-half, half), ylim=(-(BOX_HEIGHT + GAP) * len(boxes) + GAP - 0.05, 0.05))
        for index, box in enumerate(boxes):
            _draw_box(axes, box, index)
            if index:
                _draw_arrow(axes, index)
            if box.adds:
                _draw_arc(axes, box, index)
    return figure


def _boxes(
    layers: Sequence[PlottedLayer], inputs: int | None, outputs: int | None, output: str
) -> list[_Box]:
    widest = max((layer.units for layer in layers), default=1)
    hidden = [
        _Box(
            counted(layer.units, "unit"),
            ", ".join([layer.activation, *([_norm(layer)] if layer.normalization != "none" else [])]),
            max(MIN_SHARE, (layer.units / widest) ** 0.5),
            COLOURS[0],
            layer.adds,
        )
        for layer in layers
    ]
    if len(hidden) > MAX_DRAWN:
        half, left_out = MAX_DRAWN // 2, len(hidden) - MAX_DRAWN
        middle = _Box(f"{left_out:,} more layers", "", MIN_SHARE, FAINT)
        hidden = [*hidden[:half], middle, *hidden[-half:]]
    first = "inputs" if inputs is None else counted(inputs, "input")
    last = "outputs" if outputs is None else counted(outputs, "output")
    return [_Box(first, "", MIN_SHARE, MUTED), *hidden, _Box(last, output, MIN_SHARE, MUTED)]


def _norm(layer: PlottedLayer) -> str:
    return f"{layer.normalization} normalization"


def _top(index: int) -> float:
    return -(BOX_HEIGHT + GAP) * index


def _draw_box(axes: Axes, box: _Box, index: int) -> None:
    width, top = BOX_WIDTH * box.share, _top(index)
    style: dict[str, Any] = {"boxstyle": "round,pad=0,rounding_size=0.08", "linewidth": 1.2}
    axes.add_patch(
        FancyBboxPatch(
            (-width / 2, top - BOX_HEIGHT),
            width,
            BOX_HEIGHT,
            facecolor="white",
            edgecolor=box.colour,
            **style,
        )
    )
    middle: dict[str, Any] = {"ha": "center", "va": "center"}
    if not box.detail:
        axes.text(0, top - BOX_HEIGHT / 2, box.text, color=INK, **middle)
        return
    axes.text(0, top - 0.3 * BOX_HEIGHT, box.text, color=INK, **middle)
    detail = drawable_text(box.detail, TEXT_COLUMNS)
    axes.text(0, top - 0.72 * BOX_HEIGHT, detail, color=MUTED, fontsize=8.0, **middle)


def _draw_arrow(axes: Axes, index: int) -> None:
    ends = (0.0, _top(index - 1) - BOX_HEIGHT), (0.0, _top(index))
    axes.add_patch(
        FancyArrowPatch(*ends, arrowstyle="-|>", mutation_scale=8, color=FAINT, shrinkA=0, shrinkB=0)
    )


def _draw_arc(axes: Axes, box: _Box, index: int) -> None:
    """From above the box around it to a plus sign below, where its inputs are added."""
    above, below = _top(index) + 0.28 * GAP, _top(index) - BOX_HEIGHT - 0.36 * GAP
    side = BOX_WIDTH * box.share / 2 + 0.3
    style: dict[str, Any] = {"color": COLOURS[1], "linewidth": 1.2}
    axes.plot([0.0, side, side], [above, above, below], solid_joinstyle="round", **style)
    ends: dict[str, Any] = {"mutation_scale": 8, "shrinkA": 0, "shrinkB": 0, **style}
    axes.add_patch(FancyArrowPatch((side, below), (PLUS, below), arrowstyle="-|>", **ends))
    axes.add_patch(Circle((0.0, below), PLUS, facecolor="white", edgecolor=COLOURS[1], zorder=3))
    axes.plot([0.0], [below], marker="+", markersize=5.0, zorder=4, **style)
