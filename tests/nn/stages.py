"""Input stages and hidden layers for the tests: of each kind, and at random."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

from hypothesis import strategies as st

from fnnctl.nn.layers.activations import ACTIVATIONS
from fnnctl.nn.shape import (
    CategoryStatisticsShape,
    EmbeddingCode,
    HiddenShape,
    InputStageShape,
    NumericEmbeddingShape,
)

INPUTS = 7
"""The number of features of the networks with `STAGES`."""
PIECEWISE = NumericEmbeddingShape(numbers=2, bins=4, size=3)
STATISTICS = CategoryStatisticsShape(codes=(4, 3), size=4)
"""Those of three classes."""
STAGES = (
    InputStageShape(scaled=True),
    InputStageShape(PIECEWISE),
    InputStageShape(PIECEWISE, scaled=True),
    InputStageShape(replace(PIECEWISE, own_edges=True, code="both"), scaled=True),
    InputStageShape(replace(PIECEWISE, code="steps")),
    InputStageShape(categories=STATISTICS),
    InputStageShape(replace(PIECEWISE, own_edges=True), STATISTICS, scaled=True),
)


@st.composite
def input_stages(draw: st.DrawFn, inputs: int, outputs: int) -> InputStageShape | None:
    """Any stage for a network with so many features and outputs, or none."""
    numeric = None
    if inputs >= 2 and draw(st.booleans()):
        numeric = NumericEmbeddingShape(
            numbers=draw(st.integers(1, inputs // 2)),
            bins=draw(st.integers(1, 5)),
            size=draw(st.integers(2, 4)),
            own_edges=draw(st.booleans()),
            code=draw(st.sampled_from(get_args(EmbeddingCode))),
        )
    categories, others = None, inputs - (2 * numeric.numbers if numeric else 0)
    if others and draw(st.booleans()):
        codes = draw(st.lists(st.integers(1, 6), min_size=1, max_size=min(3, others)))
        categories = CategoryStatisticsShape(tuple(codes), size=1 + (outputs if outputs > 2 else 1))
    stage = InputStageShape(numeric, categories, scaled=draw(st.booleans()))
    return None if stage == InputStageShape() else stage


@st.composite
def hidden_layers(draw: st.DrawFn, inputs: int, *, widest: int, most: int) -> tuple[HiddenShape, ...]:
    """Up to `most` layers of any kind."""
    layers: list[HiddenShape] = []
    for _ in range(draw(st.integers(0, most))):
        before = layers[-1].units if layers else inputs
        residual, activation = draw(st.booleans()), draw(st.sampled_from(sorted(ACTIVATIONS)))
        layer: dict[str, Any] = {
            "units": before if residual else draw(st.integers(1, widest)),
            "activation": activation,
            "shared": draw(st.booleans()),
            "pieces": draw(st.integers(2, 3)) if ACTIVATIONS[activation].has_pieces else 1,
            "normalization": draw(st.sampled_from([None, None, "batch", "layer"])),
            "dropout": draw(st.booleans()),
            "residual": residual,
        }
        layers.append(HiddenShape(**layer))
    return tuple(layers)
