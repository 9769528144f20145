"""Random outcomes of a classifier, for tests that compare with scikit-learn."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from hypothesis.strategies import DrawFn, SearchStrategy

from fnnctl.arrays import FloatArray, IntArray

Outcome = tuple[IntArray, FloatArray]


@st.composite
def _outcomes(draw: DrawFn) -> Outcome:
    """Labels (n,) and probabilities (n, C): two classes or more, ties or none, classes without rows."""
    rows, classes = draw(st.integers(1, 40)), draw(st.integers(2, 8))
    highest_label = draw(st.integers(0, classes - 1))
    finest = draw(st.sampled_from([2, 5, 10_000]))
    labels = draw(arrays(np.int64, rows, elements=st.integers(0, highest_label)))
    parts = draw(arrays(np.int64, (rows, classes), elements=st.integers(1, finest)))
    return labels, parts / parts.sum(axis=1, keepdims=True)


@pytest.fixture(scope="session")
def outcomes() -> SearchStrategy[Outcome]:
    """Labels (n,) and probabilities (n, C) for hypothesis to draw."""
    return _outcomes()


@pytest.fixture(scope="session")
def simulate() -> Callable[..., Outcome]:
    """Labels and softmax probabilities of a classifier that is right more often than not."""

    def outcome(rows: int, classes: int, *, seed: int = 0) -> Outcome:
        rng = np.random.default_rng(seed)
        labels = rng.integers(0, classes, rows)
        weights = np.exp(rng.normal(size=(rows, classes)))
        weights[np.arange(rows), labels] *= np.exp(1.5)
        return labels, weights / weights.sum(axis=1, keepdims=True)

    return outcome
