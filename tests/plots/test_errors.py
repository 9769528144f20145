from __future__ import annotations

import numpy as np

from fnnctl.plots.errors import errors_figure
from tests.plots.drawn import texts_of


def test_each_correlation_is_written_and_an_unknown_one_is_a_dash() -> None:
    figure = errors_figure(np.array([[1.0, -0.25], [-0.25, np.nan]]), ["price", "days"], title="t")
    texts = texts_of(figure)
    assert texts.count("-0.25") == 2
    assert {"1.00", "–", "price", "days", "t"} <= {*texts}
