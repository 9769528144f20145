"""Input stages for the tests: of each kind, and at random."""

from __future__ import annotations

from hypothesis import strategies as st

from fnnctl.nn.shape import CategoryEmbeddingShape, InputStageShape, NumericEmbeddingShape

INPUTS = 7
"""The number of features of the networks with `STAGES`."""
PIECEWISE = NumericEmbeddingShape(numbers=2, bins=4, size=3)
CATEGORIES = CategoryEmbeddingShape((2, 4), size=3)
STAGES = (
    InputStageShape(scaled=True),
    InputStageShape(categories=CATEGORIES),
    InputStageShape(PIECEWISE),
    InputStageShape(PIECEWISE, scaled=True),
    InputStageShape(PIECEWISE, CATEGORIES, scaled=True),
)


@st.composite
def input_stages(draw: st.DrawFn, inputs: int) -> InputStageShape | None:
    """Any stage for a network with so many features, or none."""
    numeric = None
    if inputs >= 2 and draw(st.booleans()):
        numeric = NumericEmbeddingShape(
            numbers=draw(st.integers(1, inputs // 2)),
            bins=draw(st.integers(1, 5)),
            size=draw(st.integers(2, 4)),
        )
    taken = 0 if numeric is None else 2 * numeric.numbers
    codes = tuple(draw(st.lists(st.integers(1, 5), max_size=inputs - taken)))
    categories = CategoryEmbeddingShape(codes, draw(st.integers(1, 4))) if codes else None
    stage = InputStageShape(numeric, categories, scaled=draw(st.booleans()))
    return None if stage == InputStageShape() else stage
