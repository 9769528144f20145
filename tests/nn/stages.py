"""Input stages for the tests: of each kind, and at random."""

from __future__ import annotations

from hypothesis import strategies as st

from fnnctl.nn.shape import (
    CategoryEmbeddingShape,
    InputStageShape,
    NumericEmbeddingKind,
    NumericEmbeddingShape,
)

INPUTS = 7
"""The number of features of the networks with `STAGES`."""
PERIODIC = NumericEmbeddingShape("periodic", numbers=3, functions=4, size=3)
PIECEWISE = NumericEmbeddingShape("piecewise_linear", numbers=2, functions=4, size=3)
CATEGORIES = CategoryEmbeddingShape((2, 4), size=3)
STAGES = (
    InputStageShape(scaled=True),
    InputStageShape(PERIODIC),
    InputStageShape(PERIODIC, scaled=True),
    InputStageShape(categories=CATEGORIES),
    InputStageShape(PERIODIC, CATEGORIES, scaled=True),
    InputStageShape(PIECEWISE),
    InputStageShape(PIECEWISE, CATEGORIES, scaled=True),
)


@st.composite
def input_stages(draw: st.DrawFn, inputs: int) -> InputStageShape | None:
    """Any stage for a network with so many features, or none."""
    numeric = None
    kind: NumericEmbeddingKind = draw(st.sampled_from(["periodic", "piecewise_linear"]))
    most = inputs if kind == "periodic" else inputs // 2
    if most and draw(st.booleans()):
        numeric = NumericEmbeddingShape(
            kind,
            numbers=draw(st.integers(1, most)),
            functions=draw(st.integers(1, 5)),
            size=draw(st.integers(2, 4)),
        )
    taken = 0 if numeric is None else numeric.numbers * (1 if kind == "periodic" else 2)
    codes = tuple(draw(st.lists(st.integers(1, 5), max_size=inputs - taken)))
    categories = CategoryEmbeddingShape(codes, draw(st.integers(1, 4))) if codes else None
    stage = InputStageShape(numeric, categories, scaled=draw(st.booleans()))
    return None if stage == InputStageShape() else stage
